"""采购计划、采购订单、送货单 and 到货验收单: list, page and entry grid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.models import Item
from hrp.logistics.purchasing import printing, terms
from hrp.logistics.purchasing.documents.delivery_note import DeliveryNote
from hrp.logistics.purchasing.documents.inspection import (
    Inspection,
    InspectionLine,
    InspectionReceipt,
    InspectionSignature,
)
from hrp.logistics.purchasing.documents.purchase_order import OrderEvent, PurchaseOrder, PurchaseOrderLine
from hrp.logistics.purchasing.documents.purchase_plan import PurchasePlan
from hrp.logistics.purchasing.rules import checklist
from hrp.logistics.purchasing.selectors import progress, waiting
from hrp.logistics.purchasing.services import ordering, receiving
from hrp.logistics.screens.documents import DATES, MAKER, NUMBER, defaults
from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.documents.models import State
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.screens import Action, Column, DocumentScreen, Field, Filter, LineField, Panel

SUPPLIER = Filter("supplier", kind="register", register="logistics.supplier")
STORE = Filter("store", kind="register", register="logistics.store")
STATE = Column("state", card="tag")


def _make_orders(*, actor: Any, obj: PurchasePlan, values: Mapping[str, Any]) -> str:
    made = ordering.order_plan(actor=actor, plan=obj)
    return url_for(made[0].source) if len(made) == 1 else "/logistics/purchase-orders/?tab=draft"


def _close_plan(*, actor: Any, obj: PurchasePlan, values: Mapping[str, Any]) -> str:
    ordering.close_plan(actor=actor, plan=obj, reason=str(values.get("reason") or ""))
    return f"{obj} 已结束，未下单的不再采购"


def _plan_orders(plan: PurchasePlan, actor: Any) -> Any:
    return PurchaseOrder.objects.filter(lines__plan_line__document=plan).distinct().select_related("supplier")


PLANS = DocumentScreen(
    kind="logistics.purchase_plan",
    icon="clipboard-list",
    menu=("logistics", "采购"),
    order=20,
    columns=(
        Column("number", fixed=True, card="title"), Column("business_date", sort=True, card="meta"),
        Column("store", card="line"), Column("origin"), Column("needed_on", sort=True),
        Column("total", title="预计金额", total=True, sort=True, card="amount"), STATE, Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, STORE, Filter("origin", kind="choice"), MAKER),
    fields=(
        Field("store"), Field("origin"), Field("needed_on"), Field("business_date", title="编制日期"), Field("org_unit", title="采购科室"),
        Field("campus"), Field("reason", span=3), Field("note", span=3),
    ),
    lines=(
        LineField("item", title="物资", lookup="logistics.item", width=220, fills={"unit": "unit"}),
        LineField("spec", title="规格型号", shows="item__spec", readonly=True, width=130),
        LineField("unit", title="单位", shows="item__unit", readonly=True, width=52),
        LineField("on_hand", title="在库", readonly=True, width=84), LineField("on_order", title="在途", readonly=True, width=84),
        LineField("reserved", title="占用", readonly=True, width=76),
        LineField("wanted", width=96), LineField("quantity", width=96, total=True),
        LineField("supplier", lookup="logistics.supplier", width=170), LineField("price", width=96),
        LineField("amount", title="预计金额（元）", product=("quantity", "price"), readonly=True, width=112, total=True),
        LineField("remark", width=120),
    ),
    lines_title="计划明细（采购数量空着时按库存平衡）",
    scan="item",
    defaults=lambda actor: defaults(actor) | {"needed_on": clock.today() + dt.timedelta(days=7)},
    amount_title="预计金额",
    panels=(
        Panel(
            "orders", "已生成的订单", _plan_orders,
            (
                Column("number", value=lambda order: order.display_number, link=lambda order: url_for(order.source)),
                "supplier", "due_on", "total", Column("state", title="进度", kind="text", value=progress.status_of),
            ),
            model=PurchaseOrder, empty="过账后点“生成订单”，按供应商各成一张草稿",
        ),
    ),
    actions=(
        Action("order", "生成订单", _make_orders, permission="logistics.purchase_order.edit", icon="file-invoice", style="primary", shown=lambda plan: plan.state == State.POSTED and bool(ordering.unordered(plan))),
        Action("close", "结束计划", _close_plan, permission="logistics.purchase_plan.edit", icon="flag", style="danger", fields=(Field("reason", title="原因", kind="text", required=True),), shown=lambda plan: plan.state == State.POSTED and bool(ordering.unordered(plan))),
    ),
    signatures=("制单", "科室负责人", "采购负责人"),
)  # fmt: skip


# -- orders --------------------------------------------------------------------------------------------------------


def _in(*statuses: str) -> Any:
    def shown(order: PurchaseOrder) -> bool:
        found = progress.of(order.pk) if order.state == State.POSTED else None
        return found is not None and found.status in statuses

    return shown


def _can_confirm(order: PurchaseOrder) -> bool:
    found = progress.of(order.pk) if order.state == State.POSTED else None
    return found is not None and found.sent_at is not None and found.confirmed_at is None and found.is_open


def _send(*, actor: Any, obj: PurchaseOrder, values: Mapping[str, Any]) -> str:
    event = ordering.send(
        actor=actor, order=obj, way=str(values.get("way") or ""), text=str(values.get("text") or "")
    )
    return f"已发送（{event.way}）"


def _confirm(*, actor: Any, obj: PurchaseOrder, values: Mapping[str, Any]) -> str:
    ordering.confirm(
        actor=actor,
        order=obj,
        promised_on=_day(values.get("promised_on")),
        text=str(values.get("text") or ""),
    )
    return "已登记供应商确认"


def _chase(*, actor: Any, obj: PurchaseOrder, values: Mapping[str, Any]) -> str:
    ordering.chase(
        actor=actor,
        order=obj,
        text=str(values.get("text") or ""),
        promised_on=_day(values.get("promised_on")),
    )
    return "已记录催货"


def _close(*, actor: Any, obj: PurchaseOrder, values: Mapping[str, Any]) -> str:
    ordering.close(actor=actor, order=obj, reason=str(values.get("reason") or ""))
    return "订单已关闭"


def _change(*, actor: Any, obj: PurchaseOrder, values: Mapping[str, Any]) -> str:
    return url_for(ordering.change(actor=actor, order=obj).source)


def _receive(*, actor: Any, obj: PurchaseOrder, values: Mapping[str, Any]) -> str:
    return f"/logistics/purchasing/receive/{obj.pk}"


def _day(value: Any) -> dt.date | None:
    return (
        value
        if isinstance(value, dt.date) or value is None
        else dt.date.fromisoformat(str(value))
        if value
        else None
    )


def _arrivals(order: PurchaseOrder, actor: Any) -> Any:
    items = Item.objects.in_bulk(
        PurchaseOrderLine.objects.filter(document=order).values_list("item_id", flat=True)
    )
    return [
        {
            "position": line.position, "item": str(items[line.item_id]), "quantity": line.quantity, "received": line.received,
            "left": line.left,
        }
        for line in progress.lines_of(order.pk)
    ]  # fmt: skip


def _receipts(order: PurchaseOrder, actor: Any) -> Any:
    roots = [line.root for line in progress.lines_of(order.pk)]
    lines = PurchaseOrderLine.objects.filter(root__in=roots).values_list("pk", flat=True)
    return (
        StockReceipt.objects.filter(lines__order_line__in=[*roots, *lines])
        .distinct()
        .select_related("store")
        .order_by("id")
    )


_TEXT = Field("text", title="说明", kind="textarea", span=3)

ORDERS = DocumentScreen(
    kind="logistics.purchase_order",
    icon="file-invoice",
    menu=("logistics", "采购"),
    order=30,
    columns=(
        Column("number", fixed=True, card="title"), Column("business_date", sort=True, card="meta"),
        Column("supplier", card="line"), Column("store"), Column("due_on", sort=True), Column("revision"),
        Column("total", total=True, sort=True, card="amount"), STATE, Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, SUPPLIER, STORE, Filter("due_on", title="交货日期", kind="date_range"), MAKER),
    fields=(
        Field("supplier", span=2), Field("due_on"), Field("store", title="收货库房"), Field("business_date", title="订货日期"),
        Field("org_unit", title="采购科室"), Field("campus"), Field("contact", title="收货联系", placeholder="姓名 电话"),
        Field("replaces", title="变更自", readonly=True, kind="text"), Field("note", span=3),
    ),
    lines=(
        LineField("item", title="物资", lookup="logistics.item", width=240, fills={"unit": "unit"}),
        LineField("spec", title="规格型号", shows="item__spec", readonly=True, width=150),
        LineField("unit", title="单位", shows="item__unit", readonly=True, width=56),
        LineField("quantity", width=100, total=True), LineField("price", width=104),
        LineField("amount", title="金额（元）", product=("quantity", "price"), readonly=True, width=120, total=True),
        LineField("remark", width=150),
    ),
    lines_title="订货明细",
    scan="item",
    defaults=lambda actor: defaults(actor) | {"due_on": clock.today() + dt.timedelta(days=7)},
    panels=(
        Panel(
            "arrivals", "到货进度", _arrivals,
            (
                Column("position", title="行", kind="integer"), Column("item", title="物资", kind="text"),
                Column("quantity", title="订货", kind="quantity"), Column("received", title="已收", kind="quantity"),
                Column("left", title="未到", kind="quantity"),
            ),
        ),
        Panel(
            "events", "订单事项", lambda order, actor: order.events.select_related("actor"),
            ("at", "kind", "way", "promised_on", "text", Column("actor", title="经办")), model=OrderEvent, empty="尚未发送",
        ),
        Panel(
            "receipts", "入库单", _receipts,
            (
                Column("number", value=lambda row: row.display_number, link=lambda row: url_for(row.source)),
                "business_date", "store", "total", "state",
            ),
            model=StockReceipt, empty="还没有入库",
        ),
        Panel(
            "versions", "变更", lambda order, actor: order.versions.order_by("id"),
            (
                Column("number", value=lambda row: row.display_number, link=lambda row: url_for(row.source)),
                "revision", "due_on", "total", "state",
            ),
            model=PurchaseOrder, empty="没有变更过",
        ),
    ),
    actions=(
        Action("receive", "收货验收", _receive, permission="logistics.inspection.edit", icon="package-import", style="primary", shown=_in("sent", "confirmed", "partial")),
        Action("send", "发送供应商", _send, permission="logistics.purchase_order.edit", icon="send", style="primary", shown=_in("approved"), fields=(Field("way", title="方式", kind="text", placeholder="书面 / 电话 / 邮件；有平台的自动走平台"), _TEXT)),
        Action("confirm", "供应商确认", _confirm, permission="logistics.purchase_order.edit", icon="check", shown=_can_confirm, fields=(Field("promised_on", title="承诺到货日", kind="date"), _TEXT)),
        Action("chase", "催货", _chase, permission="logistics.purchase_order.edit", icon="phone-call", shown=_in("sent", "confirmed", "partial"), fields=(Field("promised_on", title="承诺到货日", kind="date"), Field("text", title="情况", kind="textarea", span=3, required=True))),
        Action("change", "变更", _change, permission="logistics.purchase_order.edit", icon="pencil", shown=_in(*progress.OPEN)),
        Action("close", "关闭", _close, permission="logistics.purchase_order.edit", icon="circle-x", style="danger", shown=_in(*progress.OPEN), fields=(Field("reason", title="原因", kind="textarea", span=3, required=True),)),
    ),
    signatures=("制单", "采购负责人", "供应商确认"),
)  # fmt: skip


# -- delivery notes ------------------------------------------------------------------------------------------------


def _note_status(note: DeliveryNote) -> str:
    if note.state != State.POSTED:
        return str(note.get_state_display())
    seen = (
        Inspection.objects.filter(delivery_note=note).exclude(state__in=(State.VOID, State.REVERSED)).exists()
    )
    return "已到货" if seen else "已发货"


NOTES = DocumentScreen(
    kind="logistics.delivery_note",
    icon="truck-delivery",
    menu=("logistics", "采购"),
    order=40,
    columns=(
        Column("note_number", fixed=True, card="title"), Column("supplier", card="line"), Column("store"), Column("expected_on", sort=True, card="meta"),
        Column("carrier"), Column("progress", title="进度", kind="text", value=_note_status), STATE, Column("maker", card="meta"),
    ),
    filters=(Filter("note_number", title="送货单号", kind="text", lookups=("note_number__icontains", "number__icontains")), DATES, SUPPLIER, STORE),
    fields=(
        Field("supplier", span=2), Field("note_number"), Field("store"), Field("expected_on"), Field("carrier"),
        Field("business_date", title="发货日期"), Field("org_unit", title="管理科室"), Field("campus"), Field("note", span=3),
    ),
    lines=(
        LineField("order_line", title="采购订单行", lookup="logistics.order_line", depends=("supplier", "store", "item"), width=190),
        LineField("item", title="物资", lookup="logistics.item", width=220),
        LineField("lot", width=110), LineField("produced", width=116), LineField("expiry", width=116), LineField("sterile_expiry", width=116),
        LineField("quantity", width=96, total=True), LineField("unit_codes", title="唯一码（空格隔开）", kind="text", width=170),
    ),
    lines_title="送货明细",
    defaults=lambda actor: defaults(actor) | {"expected_on": clock.today()},
    signatures=("制单", "送货", "收货"),
)  # fmt: skip


# -- inspections ---------------------------------------------------------------------------------------------------


def _check(*, actor: Any, obj: Inspection, values: Mapping[str, Any]) -> str:
    return f"/logistics/purchasing/inspections/{obj.pk}/checks"


def _sign(*, actor: Any, obj: Inspection, values: Mapping[str, Any]) -> str:
    return receiving.put_signature(actor=actor, inspection=obj)


def _draft_receipt(*, actor: Any, obj: Inspection, values: Mapping[str, Any]) -> str:
    return url_for(receiving.draft_receipts(actor=actor, inspection=obj)[0].source)


def _receipts_of(inspection: Inspection, actor: Any) -> Any:
    made = InspectionReceipt.objects.filter(inspection=inspection).values_list("receipt", flat=True)
    return StockReceipt.objects.filter(pk__in=list(made)).select_related("store").order_by("id")


def arriving(actor: Any, params: Mapping[str, str]) -> Mapping[str, Any]:
    """An inspection of what a delivery note announces."""
    key = params.get("delivery_note", "")
    note = (
        scope.filter(actor, "logistics.inspection.edit", DeliveryNote.objects.filter(pk=key, state=State.POSTED)).first()
        if key.isdigit() else None
    )  # fmt: skip
    if note is None:
        return {}
    rows = [
        {
            "order_line": line.order_line_id, "item": line.item_id, "lot": line.lot, "produced": line.produced,
            "expiry": line.expiry, "sterile_expiry": line.sterile_expiry, "quantity": line.quantity,
            "price": line.order_line.price if line.order_line else None,
        }
        for line in note.lines.select_related("order_line").order_by("position")
    ]  # fmt: skip
    header = receiving.header_of(
        note.store, supplier=note.supplier_id, delivery_note=note.pk, note_number=note.note_number
    )
    return header | {"lines": rows}


CHECKS = Panel(
    key="checks",
    title="逐项验收结果",
    rows=lambda document, actor: InspectionLine.objects.filter(document=document).select_related("item").order_by("position"),
    model=InspectionLine,
    columns=(
        Column("position"), Column("item"), Column("verdict", kind="choice", tones={"pass": "done", "fail": "back", "partial": "wait", "concession": "wait", "pending": "draft"}),
        Column("quantity"), Column("sampled"), Column("accepted"),
        Column("found", title="检查", kind="text", value=lambda line: checklist.words(line.checks)),
        Column("missing", title="未检", kind="text", value=lambda line: "、".join(c.title for c in checklist.unjudged(line.checks, terms.traits_of(line.item)))),
        Column("retention"), Column("keep_until"),
    ),
)  # fmt: skip

INSPECTIONS = DocumentScreen(
    kind="logistics.inspection",
    icon="clipboard-check",
    menu=("logistics", "采购"),
    order=50,
    columns=(
        Column("number", fixed=True, card="title"), Column("business_date", title="到货日期", sort=True, card="meta"),
        Column("supplier", card="line"), Column("store"), Column("note_number"), Column("total", title="合格金额", sort=True, card="amount"),
        STATE, Column("maker", title="验收人", card="meta"),
    ),
    filters=(NUMBER, DATES, SUPPLIER, STORE, MAKER),
    fields=(
        Field("supplier", span=2), Field("business_date", title="到货日期"), Field("store"), Field("delivery_note", lookup="logistics.delivery_note_shipped"),
        Field("note_number"), Field("invoice_number"), Field("fund"), Field("org_unit", title="管理科室"), Field("campus"),
        Field("temperature_start", section="冷链"), Field("temperature_way"), Field("temperature_arrival"), Field("note", span=3),
    ),
    lines=(
        LineField("order_line", title="采购订单行", lookup="logistics.order_line", depends=("supplier", "item"), fills={"price": "price"}, width=180),
        LineField("item", title="物资", lookup="logistics.item", width=210),
        LineField("lot", width=104), LineField("produced", width=112), LineField("expiry", width=112), LineField("sterile_expiry", width=112),
        LineField("quantity", width=88, total=True), LineField("sampled", width=80), LineField("accepted", width=88, total=True),
        LineField("disposal", width=110), LineField("price", width=92), LineField("large", title="大型", width=52),
        LineField("reason", width=150), LineField("scan", width=120),
    ),
    lines_title="到货明细",
    merge=False,
    prefill=arriving,
    defaults=lambda actor: {k: v for k, v in defaults(actor).items() if k != "lines"},
    amount_title="合格金额",
    panels=(
        CHECKS,
        Panel("signatures", "签字", lambda document, actor: document.signatures.select_related("signer"), ("at", "signer"), model=InspectionSignature, empty="过账即签字；Ⅲ类、植入、冷链须另一人先签"),
        Panel(
            "receipts", "入库单", _receipts_of,
            (Column("number", value=lambda row: row.display_number, link=lambda row: url_for(row.source)), "store", "business_date", "total", "state"),
            model=StockReceipt, empty="过账后点“生成入库单”",
        ),
    ),
    actions=(
        Action("check", "逐项验收", _check, permission="logistics.inspection.edit", icon="list-check", style="primary", shown=lambda d: d.state in receiving.EDITABLE),
        Action("sign", "签字", _sign, permission="logistics.inspection.sign", icon="signature", confirm="签字表示您已核对实物与记录相符。", shown=lambda d: d.state in (State.SUBMITTED, State.APPROVED)),
        Action("receipt", "生成入库单", _draft_receipt, permission="logistics.inspection.edit", icon="package-import", style="primary", shown=waiting.is_receivable),
    ),
    printed=printing.inspection_record,
    signatures=("验收", "复核"),
)  # fmt: skip

ALL = (PLANS, ORDERS, NOTES, INSPECTIONS)
