"""What settlement documents choose from beside the registers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from hrp.logistics import gates
from hrp.logistics.documents.stock_receipt import Origin, StockReceipt, StockReceiptLine
from hrp.logistics.settlement.documents.supplier_invoice import SupplierInvoice, SupplierInvoiceLine
from hrp.logistics.settlement.models import Payable
from hrp.logistics.settlement.subledger import estimates, payables
from hrp.platform.access import scope
from hrp.platform.documents.models import State
from hrp.platform.ui.screens import Lookup

INVOICE, ADJUST, PAY = (
    "logistics.supplier_invoice.edit", "logistics.cost_adjustment.edit", "logistics.payment_request.edit",
)  # fmt: skip


def receipt_lines(actor: Any, params: Mapping[str, str]) -> QuerySet[StockReceiptLine]:
    rows = (
        StockReceiptLine.objects.filter(document__state=State.POSTED)
        .select_related("document", "item")
        .order_by("id")
    )
    rows = scope.filter(actor, ADJUST, rows, "document__org_unit_id")
    supplier = params.get("supplier", "")
    return rows.filter(document__supplier_id=supplier) if supplier.isdigit() else rows


def waiting_lines(actor: Any, params: Mapping[str, str]) -> QuerySet[StockReceiptLine]:
    """Lines of a supplier's receipts without invoice."""
    supplier = params.get("supplier", "")
    rows = StockReceiptLine.objects.filter(
        document__state=State.POSTED, document__origin=Origin.PURCHASE, document__invoice_number=""
    )
    rows = scope.filter(actor, INVOICE, rows, "document__org_unit_id")
    rows = rows.filter(document__supplier_id=supplier) if supplier.isdigit() else rows.none()
    return rows.select_related("document", "item").order_by("id")


def _label(line: StockReceiptLine) -> str:
    return f"{line.document.number} {line.position} {line.item}"


def _hint(line: StockReceiptLine) -> str:
    return f"{line.document.business_date} {line.quantity.normalize():f} {line.item.unit} {line.amount or 0:,.2f} 元"


def _fill_waiting(line: StockReceiptLine) -> dict[str, Any]:
    quantity, amount = estimates.open_of([line.pk]).get(line.pk, (0, 0))
    return {"quantity": quantity, "amount": amount}


WAITING_LINES = Lookup(
    key="logistics.waiting_receipt_line", title="暂估入库明细", queryset=waiting_lines,
    search=("document__number__icontains", "item__name__icontains", "item__pinyin__icontains", "document__delivery_note__icontains"),
    exact=(), label=_label, hint=_hint, fill=_fill_waiting, permissions=(INVOICE,),
)  # fmt: skip
RECEIPT_LINES = Lookup(
    key="logistics.receipt_line", title="入库明细", queryset=receipt_lines,
    search=("document__number__icontains", "item__name__icontains", "item__pinyin__icontains"),
    exact=(), label=_label, hint=_hint, permissions=(ADJUST,),
)  # fmt: skip
RECEIPTS = Lookup(
    key="logistics.posted_receipt", title="入库单",
    queryset=lambda actor, params: scope.filter(
        actor, ADJUST, StockReceipt.objects.filter(state=State.POSTED).order_by("-id")
    ),
    search=("number__icontains", "delivery_note__icontains"), exact=("number",),
    hint=lambda receipt: f"{receipt.business_date} {receipt.total:,.2f} 元", permissions=(ADJUST,),
)  # fmt: skip
BLUE_INVOICES = Lookup(
    key="logistics.blue_invoice", title="蓝字发票",
    queryset=lambda actor, params: scope.filter(
        actor, INVOICE, SupplierInvoice.objects.filter(state=State.POSTED, red_of=None).order_by("-id")
    ),
    search=("invoice_number__icontains", "number__icontains"), exact=("invoice_number", "number"),
    label=lambda one: f"{one.invoice_number} {one.total:,.2f}", permissions=(INVOICE,),
)  # fmt: skip


def open_payables(actor: Any, params: Mapping[str, str]) -> QuerySet[Payable]:
    """What is owed to a supplier, to who may ask for its payment in the whole hospital: it is owed by no department."""
    supplier = params.get("supplier", "")
    if not supplier.isdigit() or not scope.everywhere(actor, PAY):
        return Payable.objects.none()
    return Payable.objects.filter(pk__in=[item.id for item in payables.open_items(int(supplier))]).order_by(
        "due", "id"
    )


def _fill_payable(payable: Payable) -> dict[str, Any]:
    left = next((item.open for item in payables.open_items(payable.supplier_id) if item.id == payable.pk), 0)
    return {"amount": left, "due": payable.due}


def settlements(actor: Any, params: Mapping[str, str]) -> QuerySet[Payable]:
    """Settlements of used goods of a supplier that no invoice has come for, to who enters invoices of the whole hospital:
    what is owed for them is owed by no department."""
    supplier = params.get("supplier", "") if scope.everywhere(actor, INVOICE) else ""
    rows = Payable.objects.filter(kind=Payable.Kind.SETTLEMENT, settles=None).exclude(
        settled_by__kind=Payable.Kind.REVERSAL
    )
    rows = rows.filter(supplier_id=supplier) if supplier.isdigit() else rows.none()
    taken = SupplierInvoiceLine.objects.filter(payable=OuterRef("pk"), document__state=State.POSTED)
    return rows.filter(~Exists(taken)).order_by("date", "id")


def _settled(payable: Payable) -> gates.Settled | None:
    return gates.settled([payable.source]).get(payable.source)


def _settled_label(payable: Payable) -> str:
    found = _settled(payable)
    return found.number if found else payable.source


def _fill_settled(payable: Payable) -> dict[str, Any]:
    found = _settled(payable)
    return {"quantity": found.quantity if found else 0, "amount": payable.amount}


SETTLEMENTS = Lookup(
    key="logistics.settled_payable", title="未开票的使用结算", queryset=settlements, search=("source",), exact=(),
    label=_settled_label, hint=lambda p: f"{p.date} {p.amount:,.2f} 元", fill=_fill_settled, permissions=(INVOICE,),
)  # fmt: skip
PAYABLES = Lookup(
    key="logistics.open_payable", title="未付应付", queryset=open_payables, search=("reference__icontains", "source"),
    exact=("reference",), label=lambda p: f"{p.reference or _settled_label(p)} {p.date}", hint=lambda p: f"到期 {p.due} {p.amount:,.2f} 元",
    fill=_fill_payable, permissions=(PAY,),
)  # fmt: skip

ALL = (WAITING_LINES, RECEIPT_LINES, RECEIPTS, BLUE_INVOICES, SETTLEMENTS, PAYABLES)
