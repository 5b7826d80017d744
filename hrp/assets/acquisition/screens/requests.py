"""设备申购单 with statement, votes and resolutions; 购置年度计划."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from hrp.assets.acquisition import papers
from hrp.assets.acquisition import parameters as mine
from hrp.assets.acquisition.documents import limits, opinions
from hrp.assets.acquisition.documents.opinions import Opinion, Panellist, Statement
from hrp.assets.acquisition.documents.plan import AcquisitionPlan
from hrp.assets.acquisition.documents.request import AcquisitionRequest, AcquisitionRequestLine
from hrp.assets.acquisition.models import LargeClass
from hrp.assets.acquisition.models.limits import STEP_TITLES
from hrp.assets.acquisition.rules.decisions import Step
from hrp.assets.acquisition.screens import reading
from hrp.assets.acquisition.services import deciding
from hrp.assets.screens.reaching import reach
from hrp.platform.access import scope
from hrp.platform.access.models import RoleGrant, RolePermission, User
from hrp.platform.base import clock
from hrp.platform.documents.models import State
from hrp.platform.documents.registry import url_for
from hrp.platform.org.models.units import valid_on
from hrp.platform.ui.screens import Action, Column, DocumentScreen, Field, Filter, LineField, Lookup, Panel

PERMISSIONS = {
    deciding.CODES[Step.OFFICE]: "申购归口审核与指定论证专家",
    deciding.VOTE: "申购专家论证投票",
    deciding.CODES[Step.COMMITTEE]: "登记装备委员会决议",
    deciding.CODES[Step.PRESIDENT]: "登记院长办公会、党委会决议",
}
NUMBER = Filter("number", kind="text", lookups=("number__icontains",), placeholder="单号")
DATES = Filter("business_date", kind="date_range")
VERDICTS = (("yes", "同意"), ("no", "不同意"))
COLUMNS = (
    Column("number", fixed=True, card="title"), Column("business_date", sort=True, card="meta"), Column("org_unit", card="line"),
    Column("total", total=True, sort=True, card="amount"), Column("state", card="tag"), Column("maker", card="meta"),
)  # fmt: skip


def _voting() -> Any:
    return RolePermission.objects.filter(code=deciding.VOTE).values("role")


EXPERTS = Lookup(
    key="assets.panel_expert",
    title="论证专家",
    queryset=lambda actor, params: User.objects.filter(
        is_active=True, is_machine=False, pk__in=RoleGrant.objects.filter(role__in=_voting()).values("user")
    ).order_by("username"),
    search=("username__istartswith", "display_name__icontains", "pinyin__icontains"),
    exact=("username",),
    label=lambda user: user.display_name,
    hint=lambda user: str(user.unit or ""),
    permissions=(deciding.NAME,),
)
LARGE = Lookup(
    key="assets.large_class_in_force",
    title="大型设备类别",
    queryset=lambda actor, params: LargeClass.objects.filter(valid_on(clock.today())).order_by("code"),
    search=("code__istartswith", "name__icontains"),
    exact=("code",),
    hint=lambda row: row.get_category_display(),
    permissions=("assets.acquisition_request.edit",),
)
APPROVED = Lookup(
    key="assets.approved_request_line",
    within=reach(AcquisitionRequestLine, "assets.acquisition_plan.edit", "document__org_unit"),
    title="已批准的申购项目",
    queryset=lambda actor, params: scope.filter(
        actor, "assets.acquisition_plan.edit",
        AcquisitionRequestLine.objects.filter(document__state=State.POSTED).select_related("document__org_unit").order_by("-document", "position"),
        "document__org_unit",
    ),
    search=("name__icontains", "document__number__icontains"),
    exact=("document__number",),
    hint=lambda line: f"{line.document.org_unit} {line.amount:,.2f} 元",
    fill=lambda line: {"approved": str(line.amount), "amount": str(line.amount)},
    permissions=("assets.acquisition_plan.edit",),
)  # fmt: skip


def _declare(*, actor: Any, obj: AcquisitionRequest, values: Mapping[str, Any]) -> str:
    deciding.declare(
        obj, actor=actor, has_interest=values.get("interest") == "yes", text=reading.text(values, "text")
    )
    return "已签署利益冲突声明"


def _name(*, actor: Any, obj: AcquisitionRequest, values: Mapping[str, Any]) -> str:
    expert = User.objects.get(pk=values["expert"])
    deciding.name_expert(obj, actor=actor, expert=expert, field=reading.text(values, "field"))
    return f"已指定论证专家 {expert}"


def _vote(*, actor: Any, obj: AcquisitionRequest, values: Mapping[str, Any]) -> str:
    recused = values.get("verdict") == "recused"
    scores = [] if recused else [reading.whole(values, f"score{n}") for n in range(1, len(mine.CRITERIA) + 1)]
    vote = deciding.vote(
        obj, actor=actor, agrees=values.get("verdict") == "yes", scores=scores, opinion=reading.text(values, "opinion"), recused=recused
    )  # fmt: skip
    return f"已投票：{vote}"


def _resolve(step: Step) -> Any:
    def run(*, actor: Any, obj: AcquisitionRequest, values: Mapping[str, Any]) -> str:
        deciding.resolve(
            obj, step, actor=actor, agrees=values.get("verdict") == "yes", opinion=reading.text(values, "opinion"),
            minutes=reading.text(values, "minutes"), held_on=reading.day(values, "held_on"), ayes=reading.whole(values, "ayes"),
            nays=reading.whole(values, "nays"),
        )  # fmt: skip
        return f"已登记{STEP_TITLES[step]}意见"

    return run


def _waits(step: Step) -> Any:
    """Offered when it is this step's turn."""
    return lambda request: deciding.turn(request) == step


MEETING = (
    Field("minutes", title="会议纪要号", kind="text", required=True), Field("held_on", title="会议日期", kind="date", required=True, default=lambda actor: clock.today()),
    Field("ayes", title="同意票", kind="integer", required=True), Field("nays", title="不同意票", kind="integer", required=False),
)  # fmt: skip


def _opinion(step: Step) -> Action:
    return Action(
        step.value, f"{STEP_TITLES[step]}意见", _resolve(step), permission=deciding.CODES[step], icon="message-check",
        fields=(
            Field("verdict", title="结论", kind="choice", required=True, choices=VERDICTS), *(MEETING if step in opinions.RESOLVED else ()),
            Field("opinion", title="意见", kind="textarea", required=True, span=3),
        ),
        shown=_waits(step),
    )  # fmt: skip


def _route(request: AcquisitionRequest, actor: Any) -> list[dict[str, str]]:
    """The steps this request passes, and how each stands."""
    given = opinions.current(request)
    rows = [
        {
            "step": "利益冲突声明",
            "standing": "已签署" if opinions.stated(request) else "待申购人签署",
            "figures": "",
        }
    ]
    for step in limits.steps(request, list(request.lines.all())):
        if step == Step.EXPERTS:
            words = opinions.panel_words(request)
            rows.append(
                {
                    "step": STEP_TITLES[step],
                    "standing": "未通过" if words else "通过",
                    "figures": "；".join(words),
                }
            )
        else:
            one = given.get(step)
            standing = "待办" if one is None else ("同意" if one.agrees else "不同意")
            figures = f"{one.minutes} 同意 {one.ayes} 票，不同意 {one.nays} 票" if one and one.minutes else ""
            rows.append({"step": STEP_TITLES[step], "standing": standing, "figures": figures})
    return rows


def _text(name: str, title: str) -> Column:
    return Column(name, title=title, kind="text")


ROUTE = Panel(
    "route", "决策环节", _route, (_text("step", "环节"), _text("standing", "情况"), _text("figures", "数据"))
)
STATEMENTS = Panel(
    "statements", "利益冲突声明", lambda request, actor: Statement.objects.filter(request=request).select_related("by"),
    ("has_interest", "text", "by", "at"), model=Statement, empty="由申购人签署",
)  # fmt: skip
PANEL = Panel(
    "panel", "专家论证", lambda request, actor: opinions.panel(request),
    (
        "expert", "field", Column("vote", title="投票", kind="text", value=lambda seat: str(getattr(seat, "vote", "未投票"))),
        Column("scores", title="各项评分", kind="text", value=lambda seat: " / ".join(f"{name} {score}" for name, score in zip(mine.CRITERIA, seat.vote.scores, strict=False)) if hasattr(seat, "vote") else ""),
        Column("said", title="意见", kind="text", value=lambda seat: seat.vote.opinion if hasattr(seat, "vote") else ""),
    ),
    model=Panellist, empty="须论证的由归口部门指定专家",
)  # fmt: skip
OPINIONS = Panel(
    "opinions", "意见与决议", lambda request, actor: Opinion.objects.filter(request=request).select_related("by"),
    ("step", "agrees", "opinion", "minutes", "held_on", "ayes", "nays", "by", "at"), model=Opinion, empty="提交后由各环节依次填写",
)  # fmt: skip
PLANNED = Panel(
    "plans", "购置计划", lambda request, actor: AcquisitionPlan.objects.filter(lines__request_line__document=request).distinct().order_by("-id"),
    (Column("number", title="计划", kind="text", value=lambda row: row.display_number, link=lambda row: url_for(row.source)), "year", "plan_kind", "state"),
    model=AcquisitionPlan, empty="批准后列入年度计划",
)  # fmt: skip

REQUESTS = DocumentScreen(
    kind="assets.acquisition_request",
    icon="file-description",
    menu=("assets", "购置"),
    order=10,
    columns=(*COLUMNS[:3], "purpose", Column("payback", title="回收期（年）"), *COLUMNS[3:]),
    filters=(NUMBER, DATES, Filter("purpose", kind="choice"), Filter("q", title="设备", kind="text", lookups=("lines__name__icontains",), apply=lambda rows, text: rows.filter(Q(lines__name__icontains=text)).distinct())),
    fields=(
        "purpose", Field("business_date", title="申购日期"), "campus", Field("org_unit", title="申购科室"), Field("life_years", required=True, help="年"), Field("need", kind="textarea", span=3),
        Field("staff", section="论证", span=3, help="须论证的必填"), Field("room", span=3, help="须论证的必填"), Field("charge_items", span=3, help="填了例数的必填"),
        Field("volume", section="效益预测", required=True, help="不收费的填 0"), Field("price", required=True), Field("variable", required=True),
        Field("staff_cost", required=True), Field("upkeep", required=True),
        Field("revenue", readonly=True), Field("surplus", readonly=True), Field("margin", readonly=True), Field("payback", readonly=True),
        Field("dynamic_payback", readonly=True), Field("break_even", readonly=True), Field("note", section="其他", span=3),
    ),
    lines=(
        LineField("name", width=180), LineField("asset_class", width=170), LineField("requirement", width=220, required=False), LineField("unit", width=60, required=False),
        LineField("quantity", width=70, required=True), LineField("price", width=120), LineField("amount", title="金额（元）", product=("quantity", "price"), readonly=True, total=True, width=130),
        LineField("imported", width=80, required=False), LineField("large_class", lookup="assets.large_class_in_force", width=180, required=False),
    ),
    lines_title="申购设备",
    quantity="",
    panels=(ROUTE, STATEMENTS, PANEL, OPINIONS, PLANNED),
    actions=(
        Action(
            "declare", "签署利益冲突声明", _declare, permission=deciding.DECLARE, icon="signature",
            fields=(
                Field("interest", title="与拟购设备的供应商", kind="choice", required=True, choices=(("no", "没有利益关系"), ("yes", "有利益关系（须说明）"))),
                Field("text", title="说明", kind="textarea", required=False, span=3),
            ),
            shown=lambda request: request.state in (State.DRAFT, State.RETURNED, State.SUBMITTED, State.APPROVED) and opinions.stated(request) is None,
        ),
        _opinion(Step.OFFICE),
        Action(
            "expert", "指定论证专家", _name, permission=deciding.NAME, icon="user-plus",
            fields=(Field("expert", title="专家", kind="register", lookup="assets.panel_expert", required=True), Field("field", title="专业", kind="text", required=False)),
            shown=_waits(Step.EXPERTS),
        ),
        Action(
            "vote", "专家论证投票", _vote, permission=deciding.VOTE, icon="clipboard-check",
            fields=(
                Field("verdict", title="结论", kind="choice", required=True, choices=(*VERDICTS, ("recused", "回避（有利益关系）"))),
                *(Field(f"score{n}", title=f"{name}（0–100）", kind="integer", required=False) for n, name in enumerate(mine.CRITERIA, start=1)),
                Field("opinion", title="论证意见", kind="textarea", required=True, span=3),
            ),
            shown=lambda request: request.state in deciding.OPEN and any(not hasattr(seat, "vote") for seat in opinions.panel(request)),
        ),
        _opinion(Step.COMMITTEE), _opinion(Step.PRESIDENT), _opinion(Step.PARTY),
    ),
    printed=papers.argument,
    signatures=("申购科室", "归口部门", "装备委员会", "院领导"),
)  # fmt: skip


def _wanted(actor: Any, params: Mapping[str, str]) -> Mapping[str, Any]:
    """A plan of next year's or this year's things of one request."""
    pk = reading.key(params, "request")
    asked = AcquisitionRequestLine.objects.filter(document=pk or 0, document__state=State.POSTED)
    rows = scope.filter(actor, "assets.acquisition_plan.edit", asked, "document__org_unit_id")
    lines = [{"request_line": row.pk, "amount": row.amount} for row in rows.order_by("position")]
    return {"year": clock.today().year, **({"lines": lines} if lines else {})}


PLANS = DocumentScreen(
    kind="assets.acquisition_plan",
    icon="calendar-stats",
    menu=("assets", "购置"),
    order=20,
    columns=(*COLUMNS[:2], "year", "plan_kind", *COLUMNS[3:]),
    filters=(NUMBER, DATES, Filter("year", kind="text", lookups=("year",)), Filter("plan_kind", kind="choice")),
    fields=("year", "plan_kind", Field("business_date", title="编制日期"), "campus", Field("org_unit", title="编制部门"), Field("note", span=3)),
    lines=(
        LineField("request_line", lookup="assets.approved_request_line", width=320, fills={"approved": "approved", "amount": "amount"}),
        LineField("approved", title="批准金额（元）", kind="money", shows="request_line__amount", readonly=True, width=130),
        LineField("source", width=160), LineField("project", width=140, required=False), LineField("amount", total=True, width=140),
    ),
    lines_title="计划项目",
    amount_title="计划合计",
    quantity="",
    defaults=lambda actor: {"year": clock.today().year},
    prefill=_wanted,
    signatures=("编制", "资产管理办公室", "财务部门", "院领导"),
)  # fmt: skip

ALL = (REQUESTS, PLANS)
LOOKUPS = (EXPERTS, LARGE, APPROVED)
