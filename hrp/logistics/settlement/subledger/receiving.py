"""What a receipt or a return changes about what is owed to its supplier."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hrp.logistics import gates
from hrp.logistics.documents.stock_receipt import ESTIMATED_PAYABLE, PAYABLE
from hrp.logistics.settlement.models import Payable
from hrp.logistics.settlement.subledger import estimates, payables
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents.spec import PostingContext


def receipt_posted(document: Any, ctx: PostingContext) -> None:
    if document.credit_account == ESTIMATED_PAYABLE:
        estimates.open_receipt(document.pk, document.supplier_id, ctx)
    elif document.credit_account == PAYABLE:
        payables.owe(
            document.total, supplier_id=document.supplier_id, campus_id=document.campus_id, kind=Payable.Kind.RECEIPT,
            reference=document.invoice_number, on=ctx.on, ctx=ctx,
        )  # fmt: skip


def receipt_reversed(document: Any, ctx: PostingContext) -> None:
    gates.require_open(ctx)
    if document.credit_account == ESTIMATED_PAYABLE:
        lines = {line.pk: line for line in document.lines.all()}
        still = estimates.lock(list(lines))
        taken = [p.position for pk, p in lines.items() if pk in still and still[pk] != (p.quantity, p.amount)]
        if taken:
            raise Conflict(
                f"{document} 第 {'、'.join(map(str, sorted(taken)))} 行已有发票或退货，不能红冲", code="invoiced",
                way_out="请先红冲对应的采购发票或退货单。",
            )  # fmt: skip
        estimates.mirror(ctx)
    elif document.credit_account == PAYABLE:
        payables.mirror(document.supplier_id, ctx)


def owed_posted(document: Any, ctx: PostingContext) -> None:
    """Any document with ``owes()``: what it says changes the estimate of a line, or the payable."""
    if not hasattr(document, "owes"):
        return
    owed: list[gates.Owed] = list(document.owes())
    by_line = [o for o in owed if o.receipt_line_id is not None]
    estimates.lock([o.receipt_line_id for o in by_line if o.receipt_line_id is not None])
    for supplier in sorted({o.supplier_id for o in owed}):
        changes = [
            estimates.Change(o.receipt_line_id, o.quantity, o.amount)
            for o in by_line
            if o.supplier_id == supplier and o.receipt_line_id is not None
        ]
        estimates.write(changes, supplier_id=supplier, ctx=ctx)
        invoiced = sum(o.amount for o in owed if o.supplier_id == supplier and o.receipt_line_id is None)
        if invoiced:
            payables.owe(
                invoiced, supplier_id=supplier, campus_id=document.campus_id, kind=Payable.Kind.RETURN if invoiced < 0 else Payable.Kind.SETTLEMENT, reference="",
                on=ctx.on, ctx=ctx,
            )  # fmt: skip


def owed_reversed(document: Any, ctx: PostingContext) -> None:
    if not hasattr(document, "owes"):
        return
    gates.require_open(ctx)
    owed: list[gates.Owed] = list(document.owes())
    if any(o.receipt_line_id is not None for o in owed):
        estimates.mirror(ctx)
    for supplier in sorted({o.supplier_id for o in owed if o.receipt_line_id is None}):
        payables.mirror(supplier, ctx)


def still_estimated(receipt_lines: Sequence[int]) -> dict[int, Decimal]:
    """Base units of each line that no invoice has come for, locked."""
    return {line: quantity for line, (quantity, _amount) in estimates.lock(receipt_lines).items()}


GATES = (
    gates.Gate("payables", gates.Moment.RECEIPT, apply=receipt_posted, mirror=receipt_reversed),
    gates.Gate("payables", gates.Moment.SUPPLIER_RETURN, apply=owed_posted, mirror=owed_reversed),
    gates.Gate("payables", gates.Moment.SETTLEMENT, apply=owed_posted, mirror=owed_reversed),
)
