"""三单匹配: order, receipt and invoice agree line by line, within tolerances the hospital sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from hrp.logistics.rules.valuation import ZERO, line_amount


class Mismatch(StrEnum):
    NOT_ORDERED = "not_ordered"
    OVER_RECEIVED = "over_received"
    OVER_INVOICED = "over_invoiced"
    LINE_AMOUNT = "line_amount"
    TOTAL = "total"


@dataclass(frozen=True)
class Trio:
    """One line of the three papers: quantities in base units, price per base unit, invoice amount in yuan."""

    ordered: Decimal
    price: Decimal
    received: Decimal
    invoiced: Decimal
    invoice_amount: Decimal


@dataclass(frozen=True)
class Finding:
    """What does not agree: line place from 0 (None for the whole invoice), by how much (invoice or receipt too high
    is positive), and the Chinese words for it."""

    mismatch: Mismatch
    line: int | None
    difference: Decimal
    words: str


def may_receive(*, ordered: Decimal, received_before: Decimal, over_percent: Decimal) -> Decimal:
    """How much of an order line may still come in, the allowed excess included; never below zero."""
    return max(ordered * (100 + over_percent) / 100 - received_before, ZERO)


def match(
    lines: Sequence[Trio],
    *,
    over_percent: Decimal,
    line_tolerance: Decimal,
    total_tolerance: Decimal | None = None,
) -> list[Finding]:
    """Everything that does not agree; nothing found means the invoice may be paid.

    :param over_percent: how much more than ordered may be received
    :param line_tolerance: yuan a line's amount may differ from quantity invoiced times price ordered, either way
    :param total_tolerance: the same for the invoice; by default the line tolerance times the number of lines
    """
    findings: list[Finding] = []
    total = ZERO
    for place, line in enumerate(lines):
        findings += _match_line(line, place, over_percent=over_percent, line_tolerance=line_tolerance)
        total += line.invoice_amount - line_amount(line.invoiced, line.price)
    limit = line_tolerance * len(lines) if total_tolerance is None else total_tolerance
    if abs(total) > limit:
        findings.append(
            Finding(Mismatch.TOTAL, None, total, f"发票合计与订单相差 {total:f} 元，超过允许的 {limit:f} 元")
        )
    return findings


def _match_line(line: Trio, place: int, *, over_percent: Decimal, line_tolerance: Decimal) -> list[Finding]:
    findings: list[Finding] = []
    if not line.ordered:
        words = "没有对应的订单行"
        findings.append(Finding(Mismatch.NOT_ORDERED, place, line.received, words))
    elif line.received > (
        most := may_receive(ordered=line.ordered, received_before=ZERO, over_percent=over_percent)
    ):
        words = f"收货 {line.received:f} 超过订单允许的 {most:f}"
        findings.append(Finding(Mismatch.OVER_RECEIVED, place, line.received - most, words))
    if line.invoiced > line.received:
        words = f"开票 {line.invoiced:f} 多于收货 {line.received:f}"
        findings.append(Finding(Mismatch.OVER_INVOICED, place, line.invoiced - line.received, words))
    off = line.invoice_amount - line_amount(line.invoiced, line.price)
    if abs(off) > line_tolerance:
        words = f"发票金额与订单价相差 {off:f} 元，超过允许的 {line_tolerance:f} 元"
        findings.append(Finding(Mismatch.LINE_AMOUNT, place, off, words))
    return findings


def ageing(days_overdue: int, limits: Sequence[int]) -> int | None:
    """The first limit (days, rising) a payable's age does not exceed; None beyond the last."""
    return next((limit for limit in limits if days_overdue <= limit), None)
