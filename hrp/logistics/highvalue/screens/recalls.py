"""冻结、召回 and 不良事件."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any

from hrp.logistics.highvalue.models import AdverseEvent, FreezeBatch, Recall, RecallDisposal, RecallPlace
from hrp.logistics.highvalue.services import adverse, freezing, recalls
from hrp.logistics.models import Batch, Freeze
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.ui.screens import Action, Column, Field, Filter, Output, Panel, RegisterScreen, Tab

PERMISSIONS = {
    "logistics.freeze.view": "查看冻结",
    "logistics.freeze.edit": "冻结物资",
    "logistics.freeze.release": "解冻物资",
    "logistics.freeze.export": "导出冻结",
    "logistics.recall.view": "查看召回",
    "logistics.recall.edit": "登记、处置与结案召回",
    "logistics.recall.acknowledge": "签收召回通知",
    "logistics.recall.export": "导出召回",
    "logistics.adverse_event.view": "查看不良事件",
    "logistics.adverse_event.edit": "登记与上报不良事件",
    "logistics.adverse_event.export": "导出不良事件",
}
VIEW = "logistics.recall.view"
HOLDS = [choice for choice in Batch.Hold.choices if choice[0]]


def _key(values: dict[str, Any], name: str) -> int | None:
    return int(values[name]) if values.get(name) else None


def _day(values: dict[str, Any], name: str) -> dt.date:
    found = values.get(name)
    if isinstance(found, dt.date):
        return found
    try:
        return dt.date.fromisoformat(str(found or ""))
    except ValueError:
        raise Invalid(
            "请填写日期", problems=[Problem("请填写日期", field=name)], way_out="写成 2026-11-23。"
        ) from None


def _freeze(*, actor: User, pk: int | None, values: dict[str, Any]) -> Freeze:
    if pk is not None:
        raise Conflict("冻结不能修改", way_out="请解冻后重新冻结。")
    frozen = freezing.freeze(
        actor=actor, reason=str(values.get("reason") or ""), kind=str(values.get("kind") or Batch.Hold.FROZEN),
        batch_id=_key(values, "batch"), item_id=_key(values, "item"), supplier_id=_key(values, "supplier"),
        registration_number=str(values.get("registration_number") or ""),
    )  # fmt: skip
    return frozen.freeze


def _release(*, actor: User, obj: Freeze, values: dict[str, Any]) -> str:
    count = freezing.release(actor=actor, freeze=obj, reason=str(values.get("reason") or ""))
    return f"已解冻，{count} 个批次恢复"


FREEZES = RegisterScreen(
    key="logistics.freeze",
    model=Freeze,
    title="冻结与解冻",
    icon="snowflake",
    url="logistics/freezes",
    menu=("logistics", "库存业务"),
    order=50,
    save=_freeze,
    closed=lambda row: True,
    queryset=lambda actor: Freeze.objects.select_related("batch", "item", "supplier", "frozen_by", "released_by"),
    ordering=("-id",),
    columns=(
        Column("frozen_at", fixed=True, card="meta"), Column("kind", card="tag", tones={"frozen": "wait", "quarantine": "check", "recalled": "back"}), Column("item", card="title"),
        Column("batch"), Column("supplier"), Column("registration_number"), Column("reason", card="line"), Column("frozen_by"), Column("released_at"), Column("released_by"),
    ),
    filters=(Filter("kind", kind="choice"), Filter("item", kind="register", register="logistics.item"), Filter("supplier", kind="register", register="logistics.supplier")),
    tabs=(Tab("active", "冻结中", {"released_at": None}), Tab("released", "已解冻", {"released_at__isnull": False})),
    fields=(
        Field("kind", choices=HOLDS), Field("batch", lookup="logistics.any_batch"), Field("item"), Field("supplier"), Field("registration_number"),
        Field("reason", span=3, help="批次、物资、供应商、注册证号至少填一项；同时填写的须同时符合"),
    ),
    panels=(
        Panel(
            "batches", "冻结的批次", lambda row, actor: row.batches.select_related("batch__item", "batch__supplier")[:500],
            (Column("batch__item", title="物资"), Column("batch__lot", title="批号"), Column("batch__expiry", title="有效期至"), Column("batch__supplier", title="供应商"), "before"), model=FreezeBatch,
        ),
    ),
    actions=(Action("release", "解冻", _release, permission="logistics.freeze.release", icon="lock-open", style="primary", fields=(Field("reason", title="解冻原因", kind="text", required=True, span=3),), shown=lambda row: row.released_at is None),),
    search=("reason__icontains",),
    exact=(),
)  # fmt: skip


def _enter(*, actor: User, pk: int | None, values: dict[str, Any]) -> Recall:
    if pk is not None:
        raise Conflict("召回登记后不能修改", way_out="请在结论中说明，或另行登记。")
    campus = _key(values, "campus") or (actor.unit.campus_id if actor.unit else None)
    if campus is None:
        raise Invalid("请选择院区", problems=[Problem("请选择", field="campus")], way_out="请选择院区。")
    return recalls.enter(
        actor=actor, title=str(values.get("title") or ""), level=str(values.get("level") or ""),
        decided_on=_day(values, "decided_on"), campus_id=campus, item_id=_key(values, "item"), lot=str(values.get("lot") or ""),
        supplier_id=_key(values, "supplier"), registration_number=str(values.get("registration_number") or ""),
        is_drill=values.get("is_drill") in (True, "on", "true", "True", "1"),
    )  # fmt: skip


def _close(*, actor: User, obj: Recall, values: dict[str, Any]) -> str:
    recalls.close(actor=actor, recall=obj, conclusion=str(values.get("conclusion") or ""))
    return "已结案"


RECALLS = RegisterScreen(
    key="logistics.recall",
    model=Recall,
    title="召回",
    icon="arrow-back-up",
    url="logistics/recalls",
    menu=("logistics", "库存业务"),
    order=52,
    save=_enter,
    closed=lambda row: True,
    queryset=lambda actor: Recall.objects.select_related("item", "supplier", "entered_by"),
    ordering=("-id",),
    columns=(
        Column("number", fixed=True, card="meta"), Column("title", card="title"), Column("level"), Column("is_drill"), Column("item", card="line"), Column("lot"), Column("supplier"),
        Column("decided_on", sort=True), Column("notice_due"), Column("list_ms"), Column("state", tones={"open": "wait", "closed": "done"}, card="tag"),
    ),
    tabs=(Tab("open", "处理中", {"state": "open"}), Tab("closed", "已结案", {"state": "closed"})),
    filters=(Filter("level", kind="choice"), Filter("is_drill", kind="bool"), Filter("item", kind="register", register="logistics.item")),
    fields=(
        Field("title", span=2), Field("level"), Field("item"), Field("lot"), Field("supplier"), Field("registration_number"), Field("decided_on", default=lambda actor: clock.today()),
        Field("campus", default=lambda actor: actor.unit.campus_id if actor.unit else None), Field("is_drill", help="演练不冻结，不要求处置"),
    ),
    panels=(
        Panel(
            "places", "去向", lambda row, actor: scope.filter(actor, VIEW, row.places.all()).select_related("batch", "store", "org_unit", "unit", "acknowledged_by")[:1000],
            (
                Column("kind"), Column("store"), Column("org_unit"), Column("batch__lot", title="批号"), Column("quantity", total=True), Column("visit_no"), Column("patient"),
                Column("unit", link=lambda place: f"/logistics/trace/{place.unit_id}" if place.unit_id else ""), Column("note"), Column("acknowledged_by"), Column("acknowledged_at"), Column("answer"),
            ),
            model=RecallPlace, empty="院内没有该批物资",
        ),
        Panel("disposals", "处置", lambda row, actor: scope.filter(actor, VIEW, row.disposals.all(), "place__org_unit_id").select_related("place__store", "place__org_unit", "actor"), ("at", Column("place"), "how", "quantity", "note", "actor"), model=RecallDisposal),
        Panel("left", "未办事项", lambda row, actor: [{"what": one} for one in recalls.unfinished(row)] if row.state == "open" and scope.everywhere(actor, VIEW) else [], (Column("what", title="事项", kind="text"),), empty="没有未办事项"),
    ),
    actions=(Action("close", "结案", _close, permission="logistics.recall.edit", icon="check", style="primary", fields=(Field("conclusion", title="结论", kind="textarea", required=True, span=3),), shown=lambda row: row.state == "open"),),
    outputs=(Output("打印召回报告", lambda row: f"/logistics/recall-report/{row.pk}", permission="logistics.recall.view"),),
    search=("number__istartswith", "title__icontains"),
    exact=("number",),
)  # fmt: skip


def _acknowledge(*, actor: User, obj: RecallPlace, values: dict[str, Any]) -> str:
    recalls.acknowledge(actor=actor, place=obj, answer=str(values.get("answer") or ""))
    return "已签收"


def _dispose(*, actor: User, obj: RecallPlace, values: dict[str, Any]) -> str:
    try:
        quantity = Decimal(str(values.get("quantity") or ""))
    except InvalidOperation:
        raise Invalid(
            "数量应为数字", problems=[Problem("应为数字", field="quantity")], way_out="请填写数字。"
        ) from None
    done = recalls.dispose(
        actor=actor,
        place=obj,
        how=str(values.get("how") or ""),
        quantity=quantity,
        note=str(values.get("note") or ""),
    )
    return f"已登记{done.get_how_display()}"


PLACES = RegisterScreen(
    key="logistics.recall_place",
    model=RecallPlace,
    title="召回签收与处置",
    icon="mail-check",
    url="logistics/recall-places",
    menu=("logistics", "库存业务"),
    order=54,
    permission="logistics.recall",
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: RecallPlace.objects.exclude(org_unit=None).select_related("recall", "batch__item", "store", "org_unit", "acknowledged_by"),
    ordering=("-recall_id", "id"),
    columns=(
        Column("recall", fixed=True, card="meta"), Column("kind", card="line"), Column("org_unit", card="title"), Column("store"), Column("batch__item", title="物资"), Column("batch__lot", title="批号"),
        Column("quantity", card="amount"), Column("notified_at"), Column("acknowledged_by"), Column("acknowledged_at", card="tag"), Column("answer"),
    ),
    tabs=(Tab("waiting", "待签收", {"acknowledged_at": None}), Tab("done", "已签收", {"acknowledged_at__isnull": False})),
    filters=(Filter("org_unit", kind="register", register="org.unit"),),
    fields=("recall", "kind", "batch", "store", "org_unit", "quantity", "visit_no", "patient", "unit", "notified_at", "acknowledged_by", "acknowledged_at", Field("answer", span=3)),
    panels=(Panel("disposals", "处置", lambda row, actor: row.disposals.select_related("actor"), ("at", "how", "quantity", "note", "actor"), model=RecallDisposal),),
    actions=(
        Action("acknowledge", "签收", _acknowledge, permission="logistics.recall.acknowledge", icon="check", style="primary", fields=(Field("answer", title="清点情况", kind="text", span=3),), shown=lambda row: row.acknowledged_at is None, place="both"),
        Action("dispose", "登记处置", _dispose, permission="logistics.recall.edit", icon="trash", fields=(Field("how", title="处置", kind="choice", choices=RecallDisposal.How.choices, required=True), Field("quantity", title="数量", kind="text", required=True), Field("note", title="说明", kind="text", span=3)), shown=lambda row: row.recall.state == "open" and not row.recall.is_drill),
    ),
    search=(),
    exact=(),
    scope_field="org_unit",
)  # fmt: skip


def _propose(*, actor: User, obj: AdverseEvent, values: dict[str, Any]) -> str:
    adverse.freeze(actor=actor, event=obj)
    return "已冻结"


def _report(*, actor: User, obj: AdverseEvent, values: dict[str, Any]) -> str:
    adverse.report(
        actor=actor,
        event=obj,
        reported_on=_day(values, "reported_on"),
        report_no=str(values.get("report_no") or ""),
    )
    return "已登记上报"


ADVERSE = RegisterScreen(
    key="logistics.adverse_event",
    model=AdverseEvent,
    title="不良事件",
    icon="alert-triangle",
    url="logistics/adverse-events",
    menu=("logistics", "库存业务"),
    order=56,
    save=adverse.save,
    closed=lambda row: row.reported_on is not None,
    queryset=lambda actor: AdverseEvent.objects.select_related("item", "batch", "unit", "org_unit", "freeze"),
    ordering=("-id",),
    columns=(
        Column("occurred_on", sort=True, fixed=True, card="meta"), Column("severity", tones={"death": "back", "serious": "back", "group": "back", "other": "wait"}, card="tag"), Column("item", card="title"),
        Column("batch"), Column("unit"), Column("org_unit", card="line"), Column("due_on", sort=True), Column("reported_on"), Column("report_no"), Column("freeze", title="冻结", kind="bool", value=lambda row: row.freeze_id is not None),
    ),
    tabs=(Tab("waiting", "待上报", {"reported_on": None}), Tab("done", "已上报", {"reported_on__isnull": False})),
    filters=(Filter("severity", kind="choice"), Filter("item", kind="register", register="logistics.item"), Filter("org_unit", kind="register", register="org.unit")),
    fields=(
        Field("unit", lookup="logistics.any_unit", help="填了唯一码，物资与批次自动带出"), Field("item", required=False), Field("batch", lookup="logistics.any_batch"),
        Field("severity"), Field("occurred_on"), Field("known_on"), Field("org_unit"), Field("visit_no"), Field("description", kind="textarea", span=3),
    ),
    actions=(
        Action("freeze", "冻结该批次", _propose, permission="logistics.freeze.edit", icon="snowflake", style="danger", confirm="将立即冻结全院各库（含寄售柜）的该批次；没有批次的冻结该物资。", shown=lambda row: row.freeze_id is None),
        Action("report", "登记上报", _report, permission="logistics.adverse_event.edit", icon="send", style="primary", fields=(Field("reported_on", title="上报日期", kind="date", required=True), Field("report_no", title="上报编号", kind="text", required=True, span=2)), shown=lambda row: row.reported_on is None),
    ),
    search=("description__icontains",),
    exact=(),
    scope_field="org_unit",
)  # fmt: skip

ALL = (FREEZES, RECALLS, PLACES, ADVERSE)
