"""Invoices on goods settled as they were used: the payable stands already, the invoice is matched to it and owes nothing anew.

Agreement, use and invoice are the three papers: the settlement names pieces and amount (a gate held the agreed price
against it), the invoice must ask exactly that. A difference has nowhere to go, so there is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from hrp.logistics import gates
from hrp.logistics.settlement.models import Payable
from hrp.logistics.settlement.subledger import payables
from hrp.platform.base.refusals import Conflict, Problem

Found = Mapping[int, Payable]


def lines_of(lines: Sequence[Any]) -> list[Any]:
    """Lines of an invoice that are for settled goods."""
    return [line for line in lines if line.payable_id is not None]


def problems(invoice: Any, lines: Sequence[Any]) -> list[Problem]:
    """What does not agree between an invoice and the settlements its lines name."""
    chosen = [(place, line) for place, line in enumerate(lines) if line.payable_id is not None]
    if not chosen:
        return []
    found = Payable.objects.in_bulk([line.payable_id for _, line in chosen])
    taken = payables.invoiced(list(found))
    known = gates.settled([item.source for item in found.values()])
    seen: set[int] = set()
    wrong = []
    for place, line in chosen:
        item = found[line.payable_id]
        words = _refusal(invoice, line, item, known.get(item.source))
        if not words and item.pk in taken:
            words = f"这张结算单已由发票 {taken[item.pk]} 开票"
        if not words and item.pk in seen:
            words = "这张结算单在本发票中重复"
        seen.add(item.pk)
        if words:
            wrong.append(Problem(words, field="payable", line=place))
    return wrong


def _refusal(invoice: Any, line: Any, item: Payable, settled: gates.Settled | None) -> str:
    if line.receipt_line_id is not None:
        return "一行只对应入库明细或使用结算单之一"
    if invoice.red_of_id is not None:
        return "使用结算的发票作废或开红字的，请红冲本系统登记的那张采购发票"
    if item.settles_id is not None or item.kind != Payable.Kind.SETTLEMENT or settled is None:
        return "所选应付不是使用结算形成的"
    if item.supplier_id != invoice.supplier_id:
        return f"{settled.number} 不是这个供应商的"
    if item.campus_id != invoice.campus_id:
        return f"{settled.number} 属于{item.campus}"
    if item.settled_by.filter(kind=Payable.Kind.REVERSAL).exists():
        return f"{settled.number} 已红冲"
    if line.quantity != settled.quantity:
        return (
            f"{settled.number} 共 {settled.quantity.normalize():f} 件，发票 {line.quantity.normalize():f} 件"
        )
    if line.amount != item.amount:
        return f"{settled.number} 结算 {item.amount:,.2f} 元，发票 {line.amount or 0:,.2f} 元，不一致"
    return ""


def match(invoice: Any, lines: Sequence[Any]) -> Decimal:
    """Hold the invoice against its settlements once more, the supplier locked; what of it is owed already."""
    chosen = lines_of(lines)
    if chosen:
        payables.lock_supplier(invoice.supplier_id)
        wrong = problems(invoice, lines)
        if wrong:
            raise Conflict(
                "发票与使用结算单不符", problems=wrong, code="settlement_differs",
                way_out="请核对结算单；金额有误的请供应商重开，或红冲结算单后重新结算。",
            )  # fmt: skip
    return sum((line.amount for line in chosen), Decimal(0))
