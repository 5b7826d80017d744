"""What settlement documents choose from beside the registers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import CharField, Exists, OuterRef, QuerySet, Sum, Value
from django.db.models.functions import Cast, Concat

from hrp.logistics import gates
from hrp.logistics.documents.stock_receipt import Origin, StockReceipt, StockReceiptLine
from hrp.logistics.settlement.documents.supplier_invoice import SupplierInvoice, SupplierInvoiceLine
from hrp.logistics.settlement.models import Estimate, Payable
from hrp.logistics.settlement.subledger import estimates, payables
from hrp.platform.access import scope
from hrp.platform.documents.models import State
from hrp.platform.ui.screens import Lookup

INVOICE, ADJUST, PAY = (
    "logistics.supplier_invoice.edit", "logistics.cost_adjustment.edit", "logistics.payment_request.edit",
)  # fmt: skip


def _lines(code: str) -> Callable[[Any], QuerySet[StockReceiptLine]]:
    """Lines of receipts of the departments one may do this for; ``reference`` is number and line as they are written on
    paper: RK1-20261100001 3."""
    reference = Concat("document__number", Value(" "), Cast("position", CharField()))
    rows = (
        StockReceiptLine.objects.annotate(reference=reference)
        .select_related("document", "item")
        .order_by("id")
    )
    return lambda actor: scope.filter(actor, code, rows.all(), "document__org_unit_id")


_invoiced, _adjusted = _lines(INVOICE), _lines(ADJUST)


def _receipts(actor: Any) -> QuerySet[StockReceipt]:
    return scope.filter(actor, ADJUST, StockReceipt.objects.all())


def _invoices(actor: Any) -> QuerySet[SupplierInvoice]:
    return scope.filter(actor, INVOICE, SupplierInvoice.objects.all())


def _owed(actor: Any) -> QuerySet[Payable]:
    """What is owed, to who may ask for payment in the whole hospital: it is owed by no department."""
    return Payable.objects.all() if scope.everywhere(actor, PAY) else Payable.objects.none()


def receipt_lines(actor: Any, params: Mapping[str, str]) -> QuerySet[StockReceiptLine]:
    """The newest first: what is adjusted has come lately."""
    rows = _adjusted(actor).filter(document__state=State.POSTED).order_by("-document_id", "position")
    supplier = params.get("supplier", "")
    return rows.filter(document__supplier_id=supplier) if supplier.isdigit() else rows


def waiting_lines(actor: Any, params: Mapping[str, str]) -> QuerySet[StockReceiptLine]:
    """Lines of a supplier's receipts that wait for an invoice, the oldest first; for a red invoice those of its blue one."""
    supplier, blue = params.get("supplier", ""), params.get("red_of", "")
    if not supplier.isdigit():
        return StockReceiptLine.objects.none()
    rows = _invoiced(actor).filter(
        document__state=State.POSTED, document__supplier_id=supplier, document__origin=Origin.PURCHASE,
        document__invoice_number="",
    ).order_by("document_id", "position")  # fmt: skip
    if blue.isdigit():
        taken = SupplierInvoiceLine.objects.filter(document=int(blue)).exclude(receipt_line=None)
        return rows.filter(pk__in=taken.values("receipt_line"))
    still = (
        Estimate.objects.filter(supplier=int(supplier)).values("receipt_line").annotate(open=Sum("quantity"))
    )
    return rows.filter(pk__in=still.filter(open__gt=0).values("receipt_line"))


def _number(line: StockReceiptLine) -> str:
    return line.document.number or ""


def _label(line: StockReceiptLine) -> str:
    return f"{line.document.number} {line.position} {line.item}"


def _hint(line: StockReceiptLine) -> str:
    return f"{line.document.business_date} {line.quantity.normalize():f} {line.item.unit} {line.amount or 0:,.2f} 元"


def _fill_waiting(line: StockReceiptLine) -> dict[str, Any]:
    quantity, amount = estimates.open_of([line.pk]).get(line.pk, (0, 0))
    return {"quantity": quantity, "amount": amount}


LINE_PATHS = (
    "document__number__icontains", "item__code__istartswith", "item__name__icontains", "item__spec__icontains",
    "item__pinyin__icontains",
)  # fmt: skip
WAITING_LINES = Lookup(
    key="logistics.waiting_receipt_line", title="暂估入库明细", queryset=waiting_lines,
    search=(*LINE_PATHS, "document__delivery_note__icontains"), exact=("reference",), code=_number, label=_label, hint=_hint,
    fill=_fill_waiting, permissions=(INVOICE,), within=_invoiced,
)  # fmt: skip
RECEIPT_LINES = Lookup(
    key="logistics.receipt_line", title="入库明细", queryset=receipt_lines,
    search=LINE_PATHS, exact=("reference",), code=_number, label=_label, hint=_hint, permissions=(ADJUST,), within=_adjusted,
)  # fmt: skip
RECEIPTS = Lookup(
    key="logistics.posted_receipt", title="入库单",
    queryset=lambda actor, params: _receipts(actor).filter(state=State.POSTED).order_by("-id"), within=_receipts,
    search=("number__icontains", "delivery_note__icontains"), exact=("number",),
    hint=lambda receipt: f"{receipt.business_date} {receipt.total:,.2f} 元", permissions=(ADJUST,),
)  # fmt: skip
BLUE_INVOICES = Lookup(
    key="logistics.blue_invoice", title="蓝字发票",
    queryset=lambda actor, params: _invoices(actor).filter(state=State.POSTED, red_of=None).order_by("-id"), within=_invoices,
    search=("invoice_number__icontains", "number__icontains"), exact=("invoice_number", "number"),
    label=lambda one: f"{one.invoice_number} {one.total:,.2f}", permissions=(INVOICE,),
)  # fmt: skip


def open_payables(actor: Any, params: Mapping[str, str]) -> QuerySet[Payable]:
    supplier = params.get("supplier", "")
    if not supplier.isdigit():
        return Payable.objects.none()
    unpaid = [item.id for item in payables.open_items(int(supplier))]
    return _owed(actor).filter(pk__in=unpaid).order_by("due", "id")


def _fill_payable(payable: Payable) -> dict[str, Any]:
    left = next((item.open for item in payables.open_items(payable.supplier_id) if item.id == payable.pk), 0)
    return {"amount": left, "due": payable.due}


def settlements(actor: Any, params: Mapping[str, str]) -> QuerySet[Payable]:
    """Settlements of used goods of a supplier that no invoice has come for."""
    supplier = params.get("supplier", "")
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


def _find_settled(rows: QuerySet[Payable], text: str) -> QuerySet[Payable]:
    """By the number of the settlement, which another room keeps."""
    wanted = text.upper()
    known = gates.settled(list(rows.values_list("source", flat=True)))
    return rows.filter(source__in=[source for source, one in known.items() if wanted in one.number.upper()])


SETTLEMENTS = Lookup(
    key="logistics.settled_payable", title="未开票的使用结算", queryset=settlements, search=(), exact=(),
    code=_settled_label, find=_find_settled, label=_settled_label, hint=lambda p: f"{p.date} {p.amount:,.2f} 元", fill=_fill_settled, permissions=(INVOICE,),
)  # fmt: skip
PAYABLES = Lookup(
    key="logistics.open_payable", title="未付应付", queryset=open_payables, search=("reference__icontains",),
    exact=("reference",), code=lambda p: p.reference or _settled_label(p), label=lambda p: f"{p.reference or _settled_label(p)} {p.date}", hint=lambda p: f"到期 {p.due} {p.amount:,.2f} 元",
    fill=_fill_payable, permissions=(PAY,), within=_owed,
)  # fmt: skip

ALL = (WAITING_LINES, RECEIPT_LINES, RECEIPTS, BLUE_INVOICES, SETTLEMENTS, PAYABLES)
