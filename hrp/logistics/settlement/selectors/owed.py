"""应付: balances with their age, the statement of a supplier, and how many days payment takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from hrp.logistics.rules.matching import ageing
from hrp.platform.base import sql

ZERO = Decimal(0)

# items open at the end of a day, whatever was paid later
OPEN_SQL = """
SELECT p.supplier_id, v.code, v.name, p.date, p.amount + coalesce(s.amount, 0)
FROM logistics_payable p JOIN logistics_supplier v ON v.id = p.supplier_id
LEFT JOIN LATERAL (
    SELECT sum(amount) AS amount FROM logistics_payable s WHERE s.settles_id = p.id AND s.date <= %s) s ON true
WHERE p.settles_id IS NULL AND p.date <= %s AND p.amount + coalesce(s.amount, 0) <> 0 ORDER BY v.code
"""
ESTIMATED_SQL = """
SELECT supplier_id, v.code, v.name, sum(amount) FROM logistics_estimate e JOIN logistics_supplier v ON v.id = e.supplier_id
WHERE e.date <= %s GROUP BY 1, 2, 3 HAVING sum(amount) <> 0
"""
ROWS_SQL = """
SELECT p.date, p.source, p.kind, coalesce(nullif(p.reference, ''), (
    SELECT d.invoice_number FROM logistics_supplier_invoice_line l JOIN logistics_supplier_invoice d ON d.id = l.document_id
    WHERE l.payable_id = p.id AND d.state = 'posted' LIMIT 1), ''), p.amount
FROM logistics_payable p WHERE p.supplier_id = %s AND p.date <= %s ORDER BY p.date, p.id
"""
PAID_SQL = """
SELECT s.date - p.date, -s.amount FROM logistics_payable s JOIN logistics_payable p ON p.id = s.settles_id
WHERE s.kind = 'payment' AND p.amount > 0 AND s.date BETWEEN %s AND %s AND (%s::bigint IS NULL OR s.supplier_id = %s)
  AND NOT EXISTS (SELECT FROM logistics_payable r WHERE r.kind = 'reversal' AND r.source = s.source AND r.settles_id = s.settles_id)
"""


@dataclass
class Aged:
    """What is owed to one supplier: by age (days since the payable arose), and estimates beside it."""

    supplier_id: int
    code: str
    name: str
    by_age: list[Decimal] = field(default_factory=list)
    estimated: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return sum(self.by_age, ZERO)


def age_titles(limits: Sequence[int]) -> list[str]:
    """Titles of the spans: 30 天内, 31–60 天, …, 360 天以上."""
    starts = [0, *limits]
    between = [f"{start + 1}–{limit} 天" for start, limit in zip(starts[1:], limits[1:], strict=False)]
    return [f"{limits[0]} 天内", *between, f"{limits[-1]} 天以上"]


def aged(on: dt.date, limits: Sequence[int]) -> list[Aged]:
    """Every supplier that is owed something at the end of a day."""
    found: dict[int, Aged] = {}
    empty = [ZERO] * (len(limits) + 1)
    for pk, code, name, date, open_amount in sql.rows(OPEN_SQL, [on, on]):
        one = found.setdefault(pk, Aged(pk, code, name, list(empty)))
        limit = ageing((on - date).days, limits)
        one.by_age[len(limits) if limit is None else list(limits).index(limit)] += open_amount
    for pk, code, name, amount in sql.rows(ESTIMATED_SQL, [on]):
        found.setdefault(pk, Aged(pk, code, name, list(empty))).estimated = amount
    return sorted(found.values(), key=lambda one: one.code)


@dataclass(frozen=True)
class Entry:
    """One line of a statement: ``owed`` raises what the hospital owes, ``paid`` lowers it."""

    date: dt.date
    source: str
    kind: str
    reference: str
    owed: Decimal
    paid: Decimal
    balance: Decimal


@dataclass(frozen=True)
class Statement:
    """往来对账单 of a span of days."""

    opening: Decimal
    entries: list[Entry]
    closing: Decimal

    @property
    def owed(self) -> Decimal:
        return sum((e.owed for e in self.entries), ZERO)

    @property
    def paid(self) -> Decimal:
        return sum((e.paid for e in self.entries), ZERO)


def statement(supplier_id: int, first: dt.date, last: dt.date) -> Statement:
    """Opening, what was invoiced and paid, and closing."""
    opening, balance, entries = ZERO, ZERO, []
    for date, source, kind, reference, amount in sql.rows(ROWS_SQL, [supplier_id, last]):
        balance += amount
        if date < first:
            opening = balance
            continue
        paid = kind == "payment" or (kind == "reversal" and source.startswith("logistics.payment_request:"))
        entries.append(
            Entry(date, source, kind, reference, ZERO if paid else amount, -amount if paid else ZERO, balance)
        )
    return Statement(opening, entries, balance)


@dataclass(frozen=True)
class PaymentDays:
    """``days`` from payable to payment, weighted by amount; the share of amounts paid within ``target`` days."""

    paid: Decimal
    days: Decimal | None
    in_time: Decimal | None


def payment_days(
    first: dt.date, last: dt.date, *, target: int, supplier_id: int | None = None
) -> PaymentDays:
    rows = sql.rows(PAID_SQL, [first, last, supplier_id, supplier_id])
    paid = sum((amount for _, amount in rows), ZERO)
    if paid <= 0:
        return PaymentDays(ZERO, None, None)
    days = sum((days * amount for days, amount in rows), ZERO) / paid
    in_time = sum((amount for days, amount in rows if days <= target), ZERO) / paid * 100
    one = Decimal("0.1")
    return PaymentDays(paid, days.quantize(one, ROUND_HALF_UP), in_time.quantize(one, ROUND_HALF_UP))
