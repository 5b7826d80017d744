"""What documents of purchasing choose from beside the registers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.purchasing.documents.delivery_note import DeliveryNote
from hrp.logistics.purchasing.documents.purchase_order import PurchaseOrderLine
from hrp.platform.access import scope
from hrp.platform.documents.models import State
from hrp.platform.ui import reach
from hrp.platform.ui.screens import Lookup

RECEIVING = ("logistics.stock_receipt.edit", "logistics.delivery_note.edit", "logistics.inspection.edit")


def _ordered(actor: Any) -> QuerySet[PurchaseOrderLine]:
    """Lines of orders to stores one receives for."""
    rows = PurchaseOrderLine.objects.select_related("document", "item")
    held = reach.units_of_any(actor, RECEIVING)
    return rows if held is None else rows.filter(document__store__org_unit__in=held)


def _order_lines(actor: Any, params: Mapping[str, str]) -> QuerySet[PurchaseOrderLine]:
    """Those of orders in force, of the item and supplier already chosen."""
    rows = _ordered(actor).filter(document__state=State.POSTED)
    rows = rows.exclude(document__events__kind="closed").exclude(document__versions__state=State.POSTED)
    for name, path in (
        ("item", "item_id"),
        ("supplier", "document__supplier_id"),
        ("store", "document__store_id"),
    ):
        if params.get(name, "").isdigit():
            rows = rows.filter(**{path: params[name]})
    return rows.order_by("document__due_on", "document_id", "position")


def _notes(actor: Any) -> QuerySet[DeliveryNote]:
    return scope.filter(actor, "logistics.inspection.edit", DeliveryNote.objects.all())


def _receipts(actor: Any) -> QuerySet[StockReceipt]:
    rows = StockReceipt.objects.select_related("supplier")
    return scope.filter(actor, "logistics.supplier_return.edit", rows)


ORDER_LINES = Lookup(
    key="logistics.order_line",
    title="采购订单行",
    queryset=_order_lines,
    within=_ordered,
    search=("document__number__icontains", "item__name__icontains", "item__code__istartswith"),
    exact=(),
    label=lambda line: f"{line.document.display_number} #{line.position}",
    hint=lambda line: (
        f"{line.item} 订 {line.quantity.normalize():f} {line.item.unit} · {line.document.due_on} 前"
    ),
    fill=lambda line: {"price": line.price, "quantity": line.quantity},
    permissions=RECEIVING,
)

NOTES = Lookup(
    key="logistics.delivery_note_shipped",
    title="送货单",
    queryset=lambda actor, params: _notes(actor).filter(state=State.POSTED).order_by("-id"),
    within=_notes,
    search=("number__icontains", "note_number__icontains"),
    exact=("number", "note_number"),
    label=lambda note: note.note_number,
    hint=lambda note: f"{note.supplier} · 预计 {note.expected_on}",
    permissions=("logistics.inspection.edit",),
)

RECEIPTS = Lookup(
    key="logistics.receipt_to_return",
    title="入库单",
    queryset=lambda actor, params: (
        _receipts(actor).filter(state=State.POSTED, origin="purchase").order_by("-id")
    ),
    within=_receipts,
    search=("number__icontains", "supplier__name__icontains", "delivery_note__icontains"),
    exact=("number",),
    label=lambda receipt: receipt.display_number,
    hint=lambda receipt: f"{receipt.supplier} · {receipt.business_date}",
    permissions=("logistics.supplier_return.edit",),
)

ALL = (ORDER_LINES, NOTES, RECEIPTS)
