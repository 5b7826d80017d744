"""暂估: opened by receipts without invoice, settled line by line; never below nothing (a trigger says so too)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from hrp.platform.base import clock, sql
from hrp.platform.documents.spec import PostingContext

LOCK_SQL = """
SELECT id FROM logistics_receipt_line WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
"""
OPEN_SQL = """
SELECT receipt_line_id, sum(quantity), sum(amount) FROM logistics_estimate
WHERE receipt_line_id = ANY(%s) GROUP BY 1
"""
SETTLED_SQL = """
SELECT receipt_line_id, -sum(quantity), -sum(amount) FROM logistics_estimate
WHERE receipt_line_id = ANY(%s) AND source = ANY(%s) GROUP BY 1
"""
WRITE_SQL = """
INSERT INTO logistics_estimate (receipt_line_id, supplier_id, source, quantity, amount, date, period_id, posted_at)
SELECT u.line, %s, %s, u.quantity, u.amount, %s, %s, %s
FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[]) AS u(line, quantity, amount)
"""
OF_RECEIPT_SQL = """
INSERT INTO logistics_estimate (receipt_line_id, supplier_id, source, quantity, amount, date, period_id, posted_at)
SELECT id, %s, %s, quantity, amount, %s, %s, %s FROM logistics_receipt_line WHERE document_id = %s ORDER BY id
"""
MIRROR_SQL = """
INSERT INTO logistics_estimate (receipt_line_id, supplier_id, source, quantity, amount, date, period_id, posted_at)
SELECT receipt_line_id, supplier_id, source, -sum(quantity), -sum(amount), %s, %s, %s
FROM logistics_estimate WHERE source = %s GROUP BY 1, 2, 3 HAVING sum(quantity) <> 0 OR sum(amount) <> 0
"""


@dataclass(frozen=True)
class Change:
    """``quantity`` and ``amount`` signed: negative settles, positive opens (again)."""

    receipt_line_id: int
    quantity: Decimal
    amount: Decimal


Open = dict[int, tuple[Decimal, Decimal]]


def lock(receipt_lines: Sequence[int]) -> Open:
    """Quantity and amount still estimated of each line, locked against other invoices."""
    sql.rows(LOCK_SQL, [sorted(set(receipt_lines))])
    return open_of(receipt_lines)


def open_of(receipt_lines: Sequence[int]) -> Open:
    return {line: (quantity, amount) for line, quantity, amount in sql.rows(OPEN_SQL, [list(receipt_lines)])}


def settled_by(receipt_lines: Sequence[int], sources: Sequence[str]) -> Open:
    """What these documents settled of each line, net of what was opened again."""
    rows = sql.rows(SETTLED_SQL, [list(receipt_lines), list(sources)])
    return {line: (quantity, amount) for line, quantity, amount in rows}


def open_receipt(receipt_id: int, supplier_id: int, ctx: PostingContext) -> None:
    """Every line of a receipt without invoice is an estimate."""
    sql.run(OF_RECEIPT_SQL, [supplier_id, ctx.source, ctx.on, ctx.period.id, clock.now(), receipt_id])


def write(changes: Sequence[Change], *, supplier_id: int, ctx: PostingContext) -> None:
    found = [c for c in changes if c.quantity or c.amount]
    if found:
        sql.run(
            WRITE_SQL,
            [supplier_id, ctx.source, ctx.on, ctx.period.id, clock.now(), [c.receipt_line_id for c in found],
             [c.quantity for c in found], [c.amount for c in found]],
        )  # fmt: skip


def mirror(ctx: PostingContext) -> None:
    sql.run(MIRROR_SQL, [ctx.on, ctx.period.id, clock.now(), ctx.source])
