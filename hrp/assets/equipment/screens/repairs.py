"""维修单, and the look-up of engineers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hrp.assets.equipment.models import RepairCost, RepairEvent, RepairOrder, RepairPhoto
from hrp.assets.equipment.models.repairs import Act, Cause, Route
from hrp.assets.equipment.rules import flow
from hrp.assets.equipment.screens import reading
from hrp.assets.equipment.selectors import repairs as selectors
from hrp.assets.equipment.services import repair_files, repairs, telling
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.ui.screens import Action, Column, Field, Filter, Lookup, Panel, RegisterScreen, Tab

PERMISSIONS = {
    repairs.VIEW: "查看维修单", repairs.REPORT: "报修与撤销", repairs.DISPATCH: "派工", repairs.WORK: "接单、维修、登记费用",
    repairs.CHECK: "修后检测", repairs.ACCEPT: "科室验收与评价", "assets.repair.export": "导出维修单",
}  # fmt: skip
TONES = {
    "reported": "back", "dispatched": "wait", "taken": "wait", "working": "check", "waiting": "wait", "to_check": "check",
    "to_accept": "check", "accepted": "done", "stopped": "void", "cancelled": "void",
}  # fmt: skip
WAITS = [(value, title) for value, title in Route.choices if value in ("vendor", "parts", "warranty")]
ROUTES = [(value, title) for value, title in Route.choices if value]
CAUSES = [(value, title) for value, title in Cause.choices if value]
STARS = [(str(stars), "★" * stars) for stars in range(5, 0, -1)]

ENGINEERS = Lookup(
    key="assets.engineer",
    title="工程师",
    queryset=lambda actor, params: User.objects.filter(
        pk__in=[person.pk for person in telling.holders(repairs.WORK)]
    ).order_by("display_name"),
    search=("display_name__icontains", "pinyin__istartswith", "username__istartswith"),
    exact=("username", "display_name"),
    permissions=(repairs.DISPATCH,),
)


def _dispatch(*, actor: User, obj: RepairOrder, values: Mapping[str, Any]) -> str:
    engineer = User.objects.get(pk=values["engineer"])
    repairs.dispatch(actor=actor, order=obj, engineer=engineer, text=reading.text(values, "text"))
    return f"已派给 {engineer}"


def _take(*, actor: User, obj: RepairOrder, values: Mapping[str, Any]) -> str:
    repairs.take(actor=actor, order=obj)
    return "已接单"


def _arrive(*, actor: User, obj: RepairOrder, values: Mapping[str, Any]) -> str:
    repairs.arrive(actor=actor, order=obj)
    return "已到场"


def _wait(*, actor: User, obj: RepairOrder, values: Mapping[str, Any]) -> str:
    repairs.wait(
        actor=actor, order=obj, route=reading.text(values, "route"), text=reading.text(values, "text"),
        vendor=reading.text(values, "vendor"),
    )  # fmt: skip
    return "已登记等待"


def _resume(*, actor: User, obj: RepairOrder, values: Mapping[str, Any]) -> str:
    repairs.resume(actor=actor, order=obj, text=reading.text(values, "text"))
    return "继续维修"


def _fix(*, actor: User, obj: RepairOrder, values: Mapping[str, Any]) -> str:
    row = repairs.fix(
        actor=actor, order=obj, cause=reading.text(values, "cause"), action=reading.text(values, "action"),
        route=reading.text(values, "route"), vendor=reading.text(values, "vendor"),
        extends_life=bool(values.get("extends_life")), adds_capability=bool(values.get("adds_capability")),
    )  # fmt: skip
    return "已修复，请做修后检测" if row.state == flow.State.TO_CHECK else "已修复，已通知科室验收"


def _pass(*, actor: User, obj: RepairOrder, values: Mapping[str, Any]) -> str:
    repairs.check(actor=actor, order=obj, passed=True, text=reading.text(values, "text"))
    return "检测合格，已通知科室验收"


def _fail(*, actor: User, obj: RepairOrder, values: Mapping[str, Any]) -> str:
    repairs.check(actor=actor, order=obj, passed=False, text=reading.text(values, "text"))
    return "检测不合格，已退回维修"


def _accept(*, actor: User, obj: RepairOrder, values: Mapping[str, Any]) -> str:
    stars = reading.text(values, "rating")
    repairs.accept(
        actor=actor, order=obj, rating=int(stars) if stars else None, text=reading.text(values, "text")
    )
    return "已验收"


def _reject(*, actor: User, obj: RepairOrder, values: Mapping[str, Any]) -> str:
    repairs.reject(actor=actor, order=obj, text=reading.text(values, "text"))
    return "已退回工程师"


def _stop(*, actor: User, obj: RepairOrder, values: Mapping[str, Any]) -> str:
    repairs.stop(actor=actor, order=obj, text=reading.text(values, "text"))
    return "已停用结案"


def _cancel(*, actor: User, obj: RepairOrder, values: Mapping[str, Any]) -> str:
    repairs.cancel(actor=actor, order=obj, text=reading.text(values, "text"))
    return "已撤销"


def _say(*, actor: User, obj: RepairOrder, values: Mapping[str, Any]) -> str:
    repairs.say(actor=actor, order=obj, text=reading.text(values, "text"))
    return "已补充说明"


def _photo(*, actor: User, obj: RepairOrder, values: Mapping[str, Any]) -> str:
    if values.get("photo"):
        repair_files.add_photo(actor=actor, order=obj, upload=values["photo"])
        return "已上传照片"
    return "没有选择照片"


def _shown(act: str) -> Any:
    return lambda order: flow.allowed(act, order.state)


def _words(title: str, *, required: bool = True) -> Field:
    return Field("text", title=title, kind="textarea", required=required, span=3)


ACTIONS = (
    Action("take", "接单", _take, permission=repairs.WORK, icon="check", style="primary", shown=_shown(Act.TAKE)),
    Action("arrive", "到场", _arrive, permission=repairs.WORK, icon="map-pin", style="primary", shown=_shown(Act.ARRIVE)),
    Action(
        "fix", "修复", _fix, permission=repairs.WORK, icon="tool", style="primary", shown=_shown(Act.FIX),
        fields=(
            Field("cause", kind="choice", choices=CAUSES, required=True), Field("route", kind="choice", choices=ROUTES, required=True, default=lambda actor: "self"),
            Field("vendor", required=False), Field("action", kind="textarea", required=True, span=3),
            Field("extends_life", help="延长寿命或提升性能且达到资产标准的，应资本化"), Field("adds_capability"),
        ),
    ),
    Action(
        "wait", "等待", _wait, permission=repairs.WORK, icon="hourglass", shown=_shown(Act.WAIT),
        fields=(Field("route", title="等待", kind="choice", choices=WAITS, required=True), Field("vendor", required=False), _words("原因")),
    ),
    Action("resume", "继续维修", _resume, permission=repairs.WORK, icon="player-play", style="primary", shown=_shown(Act.RESUME), fields=(_words("说明", required=False),)),
    Action("pass", "检测合格", _pass, permission=repairs.CHECK, icon="circle-check", style="primary", shown=_shown(Act.CHECKED), fields=(_words("检测项目与结果"),)),
    Action("fail", "检测不合格", _fail, permission=repairs.CHECK, icon="circle-x", style="danger", shown=_shown(Act.FAIL), fields=(_words("检测项目与结果"),)),
    Action(
        "accept", "验收", _accept, permission=repairs.ACCEPT, icon="circle-check", style="primary", shown=_shown(Act.ACCEPT),
        fields=(Field("rating", title="评价", kind="choice", choices=STARS, required=False), _words("意见", required=False)),
    ),
    Action("reject", "验收不通过", _reject, permission=repairs.ACCEPT, icon="arrow-back-up", style="danger", shown=_shown(Act.REJECT), fields=(_words("原因"),)),
    Action(
        "dispatch", "派工", _dispatch, permission=repairs.DISPATCH, icon="user-check", shown=_shown(Act.DISPATCH),
        fields=(Field("engineer", lookup="assets.engineer", required=True), _words("说明", required=False)),
    ),
    Action("stop", "停用结案", _stop, permission=repairs.WORK, icon="ban", style="danger", shown=_shown(Act.STOP), fields=(_words("无法修复或不值得修的原因"),)),
    Action("say", "补充说明", _say, permission=repairs.VIEW, icon="message-2", shown=_shown(Act.NOTE), fields=(_words("说明"),)),
    Action("photo", "添加照片", _photo, permission=repairs.REPORT, icon="camera", shown=_shown(Act.NOTE), fields=(Field("photo", title="照片", kind="file", required=True),)),
    Action("cancel", "撤销报修", _cancel, permission=repairs.REPORT, icon="x", shown=_shown(Act.CANCEL), fields=(_words("原因"),)),
)  # fmt: skip


def _charge(*, actor: User, obj: RepairOrder, values: Mapping[str, Any]) -> Any:
    return repair_files.charge(
        actor=actor, order=obj, kind=reading.text(values, "kind"), name=reading.text(values, "name"),
        quantity=reading.number(values, "quantity", default=Decimal(1)), amount=reading.number(values, "amount", default=Decimal(0)),
        reference=reading.text(values, "reference"),
    )  # fmt: skip


def _worth(order: RepairOrder, actor: Any) -> list[dict[str, Any]]:
    found = selectors.worth_of(order)
    return [
        {"cost": found.cost, "net": found.net, "share": found.share / 100 if found.share is not None else None,
         "all": found.all_repairs, "words": found.words}
    ]  # fmt: skip


def _times(order: RepairOrder, actor: Any) -> list[dict[str, Any]]:
    """The clocks of an order: what was promised and when it came."""
    now = clock.now()

    def verdict(at: Any, by: Any) -> str:
        if at is not None:
            return "按时" if at <= by else "超时"
        return "超时" if by < now and order.is_open else ("计时中" if order.is_open else "—")

    return [
        {"what": "响应", "by": order.respond_by, "at": order.taken_at, "verdict": verdict(order.taken_at, order.respond_by)},
        {"what": "修复", "by": order.fix_by, "at": order.fixed_at, "verdict": verdict(order.fixed_at, order.fix_by)},
    ]  # fmt: skip


PANELS = (
    Panel("clocks", "时限", _times, (Column("what", title="时限", kind="text"), Column("by", title="应不晚于", kind="datetime"), Column("at", title="实际", kind="datetime"), Column("verdict", title="结果", kind="text"))),
    Panel("events", "维修过程", lambda order, actor: order.events.select_related("actor").order_by("-id"), ("at", "act", "to_state", "text", "actor"), model=RepairEvent),
    Panel(
        "costs", "配件与费用", lambda order, actor: order.costs.select_related("actor"),
        ("kind", "name", "quantity", Column("amount", total=True), "reference", "actor", "at"), model=RepairCost,
        fields=("kind", "name", Field("quantity", required=False), Field("amount", required=False, help="写错的登记一笔负数冲回"), Field("reference", required=False, help="配件须填物资出库单号")),
        add=_charge, add_title="登记费用", permission=repairs.WORK, empty="还没有费用", closed=lambda order: order.state == "cancelled",
    ),
    Panel(
        "worth", "费用分析", _worth,
        (Column("cost", title="本单费用（元）", kind="money"), Column("net", title="设备净值（元）", kind="money"), Column("share", title="占净值", kind="percent"), Column("all", title="累计维修费（元）", kind="money"), Column("words", title="提示", kind="text")),
    ),
    Panel("photos", "照片", lambda order, actor: order.photos.select_related("actor"), (Column("name", link=lambda photo: f"/assets/repair-photos/{photo.pk}"), "actor", "at"), model=RepairPhoto, empty="没有照片"),
)  # fmt: skip

REPAIRS = RegisterScreen(
    key="assets.repair",
    model=RepairOrder,
    title="维修单",
    icon="tool",
    url="assets/repairs",
    menu=("assets", "设备运维"),
    order=10,
    editable=False,
    creatable=False,
    queryset=lambda actor: RepairOrder.objects.select_related("asset", "org_unit", "engineer", "reporter"),
    ordering=("-id",),
    columns=(
        Column("number", fixed=True, sort=True, card="meta"), Column("asset", card="title"), Column("org_unit", card="line"), Column("fault", card="line"),
        Column("priority", tones={"urgent": "back", "normal": "draft"}), Column("is_down"), Column("reported_at", sort=True), Column("respond_by", hidden=True), Column("fix_by"),
        Column("engineer"), Column("route"), Column("state", tones=TONES, card="tag"),
    ),
    tabs=(
        Tab("open", "未完成", {"state__in": list(flow.OPEN)}),
        Tab("reported", "待派工", {"state": "reported"}),
        Tab("working", "维修中", {"state__in": ("dispatched", "taken", "working", "waiting", "to_check")}),
        Tab("to_accept", "待验收", {"state": "to_accept"}),
        Tab("done", "已完成", {"state__in": ("accepted", "stopped", "cancelled")}),
    ),
    filters=(
        Filter("q", title="设备", kind="text", lookups=("number__istartswith", "asset__number__istartswith", "asset__name__icontains", "fault__icontains"), placeholder="单号 / 资产编号 / 名称 / 故障"),
        Filter("org_unit", kind="register", register="org.unit"), Filter("priority", kind="choice"), Filter("cause", kind="choice"), Filter("reported_at", title="报修日期", kind="date_range"),
    ),
    fields=(
        "number", Field("asset", lookup="assets.asset", span=2), "state", "priority", "is_down", Field("fault", span=3), "org_unit", "reporter", "contact",
        Field("engineer", section="维修", lookup="assets.engineer"), "route", "cause", "vendor", "under_warranty", "check_first", Field("action", span=3), "extends_life", "adds_capability", "rating",
        Field("fault_at", section="时间"), "reported_at", "dispatched_at", "taken_at", "arrived_at", "fixed_at", "closed_at",
    ),
    panels=PANELS,
    actions=ACTIONS,
    scope_field="org_unit",
    search=("number__istartswith", "asset__name__icontains", "asset__number__istartswith"),
    exact=("number",),
)  # fmt: skip
