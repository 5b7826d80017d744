"""处置申请单 with its opinions, and 处置收入单."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hrp.assets.disposal.documents.disposal_request import (
    Archive,
    Clearance,
    DisposalRequest,
    Execution,
    Stage,
    Step,
    current_steps,
)
from hrp.assets.disposal.models import DisposalRule
from hrp.assets.disposal.services import deciding, executing
from hrp.assets.models import Asset
from hrp.assets.models.cards import HELD
from hrp.assets.screens.reaching import reach
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.documents.models import State
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.screens import Action, Column, DocumentScreen, Field, Filter, LineField, Lookup, Panel

NUMBER = Filter("number", kind="text", lookups=("number__icontains",), placeholder="单号")
DATES = Filter("business_date", kind="date_range")
VERDICTS = (("yes", "同意"), ("no", "不同意"))

CARDS = Lookup(
    key="assets.disposal_request_card",
    within=reach(Asset, "assets.disposal_request.edit"),
    title="资产",
    queryset=lambda actor, params: scope.filter(
        actor,
        "assets.disposal_request.edit",
        Asset.objects.filter(status__in=HELD).exclude(status="pending").order_by("number"),
        "org_unit",
    ),
    search=("number__istartswith", "name__icontains", "pinyin__icontains", "serial_number__istartswith"),
    exact=("number", "serial_number"),
    hint=lambda asset: f"{asset.model} · {asset.org_unit}" if asset.model else str(asset.org_unit),
    fill=lambda asset: {"value": str(asset.cost), "model": asset.model},
    permissions=("assets.disposal_request.edit",),
)
REQUESTED = Lookup(
    key="assets.disposal_request_asset",
    within=reach(Asset, executing.EXECUTE),
    title="申请单中的资产",
    queryset=lambda actor, params: scope.filter(
        actor, executing.EXECUTE, Asset.objects.filter(status="pending").order_by("number"), "org_unit"
    ),
    search=("number__istartswith", "name__icontains", "pinyin__icontains"),
    exact=("number",),
    permissions=(executing.EXECUTE,),
)
WITNESSES = Lookup(
    key="assets.witness",
    title="见证人",
    queryset=lambda actor, params: User.objects.filter(is_active=True, duty="business").order_by("username"),
    search=("username__istartswith", "display_name__icontains", "pinyin__icontains"),
    exact=("username",),
    label=lambda user: user.display_name,
    hint=lambda user: user.username,
    permissions=(executing.EXECUTE,),
)
EXECUTED = Lookup(
    key="assets.executed_disposal",
    within=reach(DisposalRequest, "assets.disposal_income.edit"),
    title="已执行的处置申请",
    queryset=lambda actor, params: scope.filter(
        actor,
        "assets.disposal_income.edit",
        DisposalRequest.objects.filter(execution__isnull=False).order_by("-id"),
        "org_unit_id",
    ),
    search=("number__icontains",),
    exact=("number",),
    hint=lambda request: request.explanation,
    permissions=("assets.disposal_income.edit",),
)


def _say(stage: Stage) -> Any:
    def run(*, actor: Any, obj: DisposalRequest, values: Mapping[str, Any]) -> str:
        rank = str(values.get("rank") or "")
        deciding.say(
            obj, stage, actor=actor, agrees=values.get("verdict") == "yes", opinion=str(values.get("opinion") or ""),
            institution=str(values.get("institution") or ""), number=str(values.get("number") or ""),
            rank=int(rank) if rank.isdecimal() else None,
        )  # fmt: skip
        return f"已登记{stage.label}意见"

    return run


def _waits(stage: Stage) -> Any:
    """Offered when it is this stage's turn."""

    def shown(request: DisposalRequest) -> bool:
        if request.state not in (State.SUBMITTED, State.APPROVED):
            return False
        assets = [line.asset for line in request.lines.select_related("asset__org_unit")]
        given = current_steps(request)
        return (
            next((one for one in request.due(assets, request.business_date) if one not in given), "") == stage
        )

    return shown


EXTRA_FIELDS: Mapping[Stage, tuple[Field, ...]] = {
    Stage.APPRAISAL: (Field("institution", title="鉴定机构", kind="text", required=False, help="达到限额须委托外部机构"),),
    Stage.EXTERNAL: (
        Field("number", title="批复文号", kind="text", required=True),
        Field("rank", title="审批机关层级", kind="choice", required=True, choices=[(str(k), v) for k, v in DisposalRule.Rank.choices if k > 1]),
        Field("institution", title="审批机关", kind="text", required=False),
    ),
}  # fmt: skip


def _opinion(stage: Stage) -> Action:
    return Action(
        stage.value, f"{stage.label}意见", _say(stage), permission=deciding.CODES[stage], icon="message-check",
        fields=(
            Field("verdict", title="结论", kind="choice", required=True, choices=VERDICTS), *EXTRA_FIELDS.get(stage, ()),
            Field("opinion", title="意见", kind="textarea", required=True, span=3),
        ),
        shown=_waits(stage),
    )  # fmt: skip


def _clear(*, actor: Any, obj: DisposalRequest, values: Mapping[str, Any]) -> str:
    executing.clear(
        obj, Asset.objects.get(pk=values["asset"]), actor=actor, kind=str(values["kind"]), method=str(values.get("method") or ""),
        institution=str(values.get("institution") or ""), witness=User.objects.get(pk=values["witness"]),
    )  # fmt: skip
    return "已登记"


def _execute(*, actor: Any, obj: DisposalRequest, values: Mapping[str, Any]) -> str:
    try:
        on = dt.date.fromisoformat(str(values.get("on") or clock.today()))
    except ValueError:
        raise Invalid("执行日期不对", problems=[Problem("请填写日期", field="on")]) from None
    made = executing.execute(
        obj, actor=actor, channel=str(values["channel"]), counterpart=str(values.get("counterpart") or ""), on=on,
        expected=Decimal(str(values.get("expected") or 0)),
    )  # fmt: skip
    return url_for(made.write_off)


def _archive(*, actor: Any, obj: DisposalRequest, values: Mapping[str, Any]) -> str:
    executing.archive(
        obj, actor=actor, number=str(values.get("number") or ""), place=str(values.get("place") or "")
    )
    return "已归档"


def _awaits_execution(request: DisposalRequest) -> bool:
    return request.state == State.POSTED and not Execution.objects.filter(request=request).exists()


def _awaits_archive(request: DisposalRequest) -> bool:
    return (
        request.state == State.POSTED
        and Execution.objects.filter(request=request).exists()
        and not Archive.objects.filter(request=request).exists()
    )


STEPS = Panel(
    "steps", "意见与批复", lambda request, actor: Step.objects.filter(request=request).select_related("by"),
    (
        "stage", "agrees", "opinion", "institution", "number", Column("rank", title="审批层级"), "cost", "net", "by", "at",
    ),
    model=Step, empty="提交后由各环节依次填写",
)  # fmt: skip
CLEARANCES = Panel(
    "clearances", "数据清除与放射源", lambda request, actor: Clearance.objects.filter(request=request).select_related("asset", "by", "witness"),
    ("asset", "kind", "method", "institution", "by", "witness", "at"), model=Clearance, empty="没有登记",
)  # fmt: skip
EXECUTION = Panel(
    "execution", "执行", lambda request, actor: Execution.objects.filter(request=request).select_related("by"),
    ("channel", "counterpart", "on", "expected", Column("write_off", title="核销单", value=lambda row: "查看", kind="text", link=lambda row: url_for(row.write_off)), "by", "at"),
    model=Execution, empty="批准后登记执行",
)  # fmt: skip
ARCHIVES = Panel(
    "archive", "归档", lambda request, actor: Archive.objects.filter(request=request).select_related("by"), ("number", "place", "by", "at"),
    model=Archive, empty="核销后归档（账销案存）",
)  # fmt: skip

REQUESTS = DocumentScreen(
    kind="assets.disposal_request",
    icon="file-minus",
    menu=("assets", "处置"),
    order=10,
    columns=(
        Column("number", fixed=True, card="title"), Column("business_date", sort=True, card="meta"), Column("org_unit", card="line"), "way",
        "reason", Column("total", total=True, sort=True, card="amount"), Column("state", card="tag"), Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, Filter("way", kind="choice"), Filter("reason", kind="choice")),
    fields=(
        "way", "reason", Field("business_date", title="申请日期"), "campus", Field("org_unit", title="申请科室"), Field("explanation", span=3),
        Field("cause", span=2, help="未到使用年限的必填"), Field("responsible", help="未到使用年限的必填"), Field("note", span=3),
    ),
    lines=(
        LineField("asset", lookup="assets.disposal_request_card", width=280, fills={"value": "value"}),
        LineField("value", title="原值（元）", kind="money", shows="asset__cost", readonly=True, width=130, total=True),
        LineField("months_short", title="差年限月数", kind="integer", readonly=True, width=100),
        LineField("has_storage", width=110, required=False), LineField("is_radioactive", width=140, required=False),
        LineField("condition", width=220, required=False),
    ),
    lines_title="处置资产",
    amount="value",
    amount_title="原值合计",
    quantity="",
    panels=(STEPS, CLEARANCES, EXECUTION, ARCHIVES),
    actions=(
        *(_opinion(stage) for stage in Stage),
        Action(
            "clear", "登记清除", _clear, permission=executing.EXECUTE, icon="eraser",
            fields=(
                Field("asset", title="资产", kind="register", lookup="assets.disposal_request_asset", required=True),
                Field("kind", title="事项", kind="choice", choices=Clearance.Kind.choices, required=True),
                Field("method", title="方法或许可证号", kind="text", required=True, span=2),
                Field("institution", title="承办单位", kind="text", required=False),
                Field("witness", title="见证人", kind="register", lookup="assets.witness", required=True),
            ),
            shown=_awaits_execution,
        ),
        Action(
            "execute", "登记执行", _execute, permission=executing.EXECUTE, icon="truck-delivery", style="primary",
            fields=(
                Field("channel", title="执行方式", kind="choice", choices=Execution.Channel.choices, required=True),
                Field("counterpart", title="接收单位", kind="text", required=True, span=2),
                Field("on", title="执行日期", kind="date", required=True, default=lambda actor: clock.today()),
                Field("expected", title="应收金额", kind="money", required=False),
            ),
            shown=_awaits_execution,
        ),
        Action(
            "archive", "归档", _archive, permission=executing.ARCHIVE, icon="archive",
            fields=(
                Field("number", title="档号", kind="text", required=True), Field("place", title="存放地点", kind="text", required=False),
            ),
            shown=_awaits_archive,
        ),
    ),
    signatures=("申请科室", "技术鉴定", "资产管理办公室", "财务部门", "院领导"),
)  # fmt: skip

PROCEEDS = DocumentScreen(
    kind="assets.disposal_income",
    icon="cash",
    menu=("assets", "处置"),
    order=20,
    columns=(
        Column("number", fixed=True, card="title"), Column("business_date", sort=True, card="meta"), Column("request", card="line"), "payer",
        Column("total", total=True, sort=True, card="amount"), Column("state", card="tag"), Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES),
    fields=(
        Field("request", lookup="assets.executed_disposal", span=2), Field("business_date", title="收款日期"), "campus",
        Field("org_unit", title="经办科室"), "fund", Field("payer", span=2), "received", "fees", Field("note", span=3),
    ),
    amount="",
    quantity="",
)  # fmt: skip

ALL = (REQUESTS, PROCEEDS)
LOOKUPS = (CARDS, REQUESTED, WITNESSES, EXECUTED)
