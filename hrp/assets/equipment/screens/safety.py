"""设备不良事件, 召回与安全通知, 备用机借用."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hrp.assets.equipment.models import AffectedCard, DeviceEvent, PoolLoan, SafetyNotice
from hrp.assets.equipment.screens import reading
from hrp.assets.equipment.services import readiness, safety, tags
from hrp.assets.models import Asset
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict
from hrp.platform.org.models import OrgUnit
from hrp.platform.ui.screens import Action, Column, Field, Filter, Output, Panel, RegisterScreen, Tab

PERMISSIONS = {
    "assets.device_event.view": "查看设备不良事件", safety.EDIT: "登记与上报设备不良事件", "assets.device_event.export": "导出设备不良事件",
    "assets.safety_notice.view": "查看召回与安全通知", safety.NOTICE: "登记召回与安全通知", "assets.safety_notice.handle": "处理涉及设备",
    "assets.safety_notice.export": "导出召回与安全通知",
    "assets.readiness.view": "查看急救设备与备用机", readiness.CHECK: "登记完好检查", readiness.LEND: "借出与收回备用机",
    "assets.readiness.export": "导出备用机借用",
}  # fmt: skip


def _report(*, actor: User, obj: DeviceEvent, values: Mapping[str, Any]) -> str:
    safety.report(
        actor=actor,
        event=obj,
        reported_on=reading.day(values, "reported_on"),
        report_no=reading.text(values, "report_no"),
    )
    return "已登记上报"


def _freeze(*, actor: User, obj: DeviceEvent, values: Mapping[str, Any]) -> str:
    return f"已停用 {safety.freeze(actor=actor, event=obj, same_model=False)} 台"


def _freeze_model(*, actor: User, obj: DeviceEvent, values: Mapping[str, Any]) -> str:
    return f"已停用 {safety.freeze(actor=actor, event=obj, same_model=True)} 台"


def _left(row: DeviceEvent) -> str:
    if row.reported_on is not None:
        return "已上报" if row.reported_on <= row.due_on else "逾期上报"
    left = (row.due_on - clock.today()).days
    return f"还有 {left} 天" if left >= 0 else f"超期 {-left} 天"


EVENTS = RegisterScreen(
    key="assets.device_event",
    model=DeviceEvent,
    title="设备不良事件",
    icon="alert-triangle",
    url="assets/device-events",
    menu=("assets", "设备运维"),
    order=70,
    save=safety.record,
    closed=lambda row: row.reported_on is not None,
    queryset=lambda actor: DeviceEvent.objects.select_related("asset", "org_unit", "recorded_by"),
    ordering=("-id",),
    columns=(
        Column("occurred_on", sort=True, fixed=True, card="meta"), Column("severity", tones={"death": "back", "serious": "back", "group": "back", "other": "wait"}, card="tag"), Column("asset", card="title"), Column("org_unit", card="line"),
        Column("due_on", sort=True), Column("left", title="时限", kind="text", value=_left, card="line"), "reported_on", "report_no", "recorded_by",
    ),
    tabs=(Tab("waiting", "待上报", {"reported_on": None}), Tab("done", "已上报", {"reported_on__isnull": False})),
    filters=(Filter("severity", kind="choice"), Filter("asset", kind="register", register="assets.asset"), Filter("org_unit", kind="register", register="org.unit")),
    fields=(Field("asset", span=2), "org_unit", "severity", "occurred_on", "known_on", "visit_no", Field("patient", span=2), Field("event", kind="textarea", span=3), Field("action", span=3)),
    actions=(
        Action("report", "登记上报", _report, permission=safety.EDIT, icon="send", style="primary", fields=(Field("reported_on", title="上报日期", kind="date", required=True), Field("report_no", title="上报编号", kind="text", required=True, span=2)), shown=lambda row: row.reported_on is None),
        Action("freeze", "停用该设备", _freeze, permission=tags.EDIT, icon="ban", style="danger", confirm="该设备将立即停用。"),
        Action("freeze_model", "停用同型号", _freeze_model, permission=tags.EDIT, icon="snowflake", style="danger", confirm="全院同厂家、同型号的设备将立即停用。", shown=lambda row: bool(row.asset.model)),
    ),
    outputs=(Output("上报数据", lambda row: f"/assets/device-events/{row.pk}/report", icon="download", permission="assets.device_event.view"),),
    scope_field="org_unit",
    search=("asset__number__istartswith", "asset__name__icontains", "event__icontains"),
    exact=(),
)  # fmt: skip


NOTICES = RegisterScreen(
    key="assets.safety_notice",
    model=SafetyNotice,
    title="召回与安全通知",
    icon="speakerphone",
    url="assets/safety-notices",
    menu=("assets", "设备运维"),
    order=72,
    save=safety.enter,
    closed=lambda row: True,
    ordering=("-id",),
    columns=(
        Column("number", fixed=True, card="meta"), Column("kind", card="tag"), "level", Column("title", card="title"), Column("issuer", card="line"), Column("issued_on", sort=True), "manufacturer", "model", "handle_by",
        Column("cards", title="涉及 / 未处理", kind="text", value=lambda row: f"{row.cards.count()} / {row.cards.filter(handled_on=None).count()}"),
    ),
    filters=(Filter("kind", kind="choice"), Filter("q", title="通知", kind="text", lookups=("number__istartswith", "title__icontains", "model__icontains"))),
    fields=("number", "kind", "level", Field("title", span=3), "issuer", "issued_on", "handle_by", "manufacturer", Field("model", help="型号、注册证号至少填一项"), "registration_number", "serial_from", "serial_to", Field("action", kind="textarea", span=3)),
    panels=(
        Panel(
            "cards", "涉及设备", lambda row, actor: scope.filter(actor, "assets.safety_notice.view", row.cards.select_related("asset__org_unit", "handled_by"), "asset__org_unit_id"),
            (Column("asset", link=lambda card: f"/assets/affected-cards/{card.pk}"), Column("asset__org_unit", title="科室"), Column("asset__serial_number", title="出厂编号"), Column("asset__status", title="状态"), "handled_on", "handled_by", "result"), model=AffectedCard, empty="院内没有涉及的设备",
        ),
    ),
    search=("number__istartswith", "title__icontains"),
    exact=("number",),
)  # fmt: skip


def _handle(*, actor: User, obj: AffectedCard, values: Mapping[str, Any]) -> str:
    safety.handle(actor=actor, card=obj, result=reading.text(values, "result"))
    return "已登记处理"


def _stop(*, actor: User, obj: AffectedCard, values: Mapping[str, Any]) -> str:
    safety.stop(actor=actor, card=obj)
    return "已停用"


AFFECTED = RegisterScreen(
    key="assets.affected_card",
    permission="assets.safety_notice",
    model=AffectedCard,
    title="涉及设备处理",
    icon="mail-check",
    url="assets/affected-cards",
    menu=("assets", "设备运维"),
    order=74,
    editable=False,
    creatable=False,
    queryset=lambda actor: AffectedCard.objects.select_related("notice", "asset__org_unit", "handled_by"),
    ordering=("-notice_id", "id"),
    columns=(Column("notice", card="meta"), Column("asset", card="title"), Column("asset__org_unit", title="科室", card="line"), Column("asset__status", title="设备状态"), Column("notice__handle_by", title="处理期限"), Column("handled_on", sort=True, card="tag"), "handled_by", "result"),
    tabs=(Tab("waiting", "待处理", {"handled_on": None}), Tab("done", "已处理", {"handled_on__isnull": False})),
    fields=(Field("notice", span=2, lookup="assets.safety_notice"), Field("asset", lookup="assets.asset"), "handled_on", Field("result", span=2)),
    actions=(
        Action("handle", "登记处理", _handle, permission="assets.safety_notice.handle", icon="check", style="primary", fields=(Field("result", title="处理结果", kind="text", required=True, span=3),), shown=lambda row: row.handled_on is None),
        Action("stop", "停用该设备", _stop, permission=tags.EDIT, icon="ban", style="danger", confirm="该设备将立即停用。"),
    ),
    scope_field="asset__org_unit",
    search=("asset__number__istartswith", "asset__name__icontains"),
    exact=(),
)  # fmt: skip


def _lend(*, actor: User, pk: int | None, values: Mapping[str, Any]) -> PoolLoan:
    if pk is not None:
        raise Conflict("借用登记后不能修改", way_out="请办理归还后重新借出。")
    return readiness.lend(
        actor=actor, asset=Asset.objects.get(pk=values["asset"]), unit=OrgUnit.objects.get(pk=values["org_unit"]),
        reason=reading.text(values, "reason"),
    )  # fmt: skip


def _back(*, actor: User, obj: PoolLoan, values: Mapping[str, Any]) -> str:
    readiness.take_back(actor=actor, loan=obj)
    return "已归还"


LOANS = RegisterScreen(
    key="assets.loan",
    permission="assets.readiness",
    codes={"edit": readiness.LEND},
    model=PoolLoan,
    title="备用机借用",
    icon="arrows-exchange",
    url="assets/loans",
    menu=("assets", "设备运维"),
    order=82,
    save=_lend,
    closed=lambda row: True,
    queryset=lambda actor: PoolLoan.objects.select_related("asset__org_unit", "org_unit", "out_by", "back_by"),
    ordering=("-id",),
    columns=(Column("asset", card="title"), Column("asset__org_unit", title="所属科室"), Column("org_unit", card="line"), Column("reason", card="line"), Column("out_at", sort=True, card="meta"), "out_by", Column("back_at", card="tag"), "back_by"),
    tabs=(Tab("out", "借出中", {"back_at": None}), Tab("back", "已归还", {"back_at__isnull": False})),
    fields=(Field("asset", span=2), "org_unit", Field("reason", span=3)),
    actions=(Action("back", "归还", _back, permission=readiness.LEND, icon="arrow-back-up", style="primary", shown=lambda row: row.back_at is None),),
    scope_field="asset__org_unit",
    search=("asset__number__istartswith", "asset__name__icontains"),
    exact=(),
)  # fmt: skip

ALL = (EVENTS, NOTICES, AFFECTED, LOANS)
