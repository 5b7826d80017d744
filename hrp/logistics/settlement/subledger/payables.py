"""应付: items owed to suppliers and what settles them. A supplier's row is the lock; a trigger keeps an item from being
settled beyond itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.settlement.models import Payable
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents.spec import PostingContext

ZERO = Decimal(0)

LOCK_SQL = "SELECT payment_days FROM logistics_supplier WHERE id = %s FOR NO KEY UPDATE"
ITEMS_SQL = """
SELECT p.id, p.source, p.kind, p.reference, p.date, p.due, p.amount, p.amount + coalesce(s.amount, 0)
FROM logistics_payable p
LEFT JOIN LATERAL (SELECT sum(amount) AS amount FROM logistics_payable s WHERE s.settles_id = p.id) s ON true
WHERE p.settles_id IS NULL AND p.supplier_id = %s AND p.amount + coalesce(s.amount, 0) <> 0
ORDER BY p.due NULLS LAST, p.id
"""
WRITE_SQL = """
INSERT INTO logistics_payable
    (supplier_id, campus_id, source, kind, reference, amount, date, due, settles_id, period_id, posted_at)
SELECT %s, %s, %s, %s, %s, u.amount, %s::date, %s::date, u.settles, %s, %s
FROM unnest(%s::numeric[], %s::bigint[]) AS u(amount, settles)
"""
# what a document owed it owes no more; what it paid is owed again
MIRROR_SQL = """
INSERT INTO logistics_payable
    (supplier_id, campus_id, source, kind, reference, amount, date, due, settles_id, period_id, posted_at)
SELECT p.supplier_id, p.campus_id, p.source, 'reversal', p.reference, -p.amount, %s::date, NULL, coalesce(p.settles_id, p.id),
    %s, %s
FROM logistics_payable p WHERE p.source = %s AND p.kind <> 'reversal' ORDER BY p.id
"""
PAID_SQL = """
SELECT p.id FROM logistics_payable p JOIN logistics_payable s ON s.settles_id = p.id
WHERE p.source = %s AND p.settles_id IS NULL AND s.source <> p.source
GROUP BY p.id HAVING sum(s.amount) <> 0
"""
INVOICED_SQL = """
SELECT l.payable_id, d.number FROM logistics_supplier_invoice_line l JOIN logistics_supplier_invoice d ON d.id = l.document_id
WHERE d.state = 'posted' AND l.payable_id = ANY(%s)
"""
OF_SOURCE_SQL = "SELECT id FROM logistics_payable WHERE source = %s AND settles_id IS NULL"


@dataclass(frozen=True)
class OpenItem:
    """An item owed, and what of it is still open."""

    id: int
    source: str
    kind: str
    reference: str
    date: dt.date
    due: dt.date | None
    amount: Decimal
    open: Decimal


def lock_supplier(supplier_id: int) -> int:
    """Lock what is owed to a supplier until the end of the transaction; the days payment may take."""
    [(days,)] = sql.rows(LOCK_SQL, [supplier_id])
    return int(days)


def open_items(supplier_id: int) -> list[OpenItem]:
    """What is not settled yet, the earliest due first."""
    return [OpenItem(*row) for row in sql.rows(ITEMS_SQL, [supplier_id])]


def owe(
    amount: Decimal,
    *,
    supplier_id: int,
    campus_id: int,
    kind: str,
    reference: str,
    on: dt.date,
    ctx: PostingContext,
) -> None:
    """A new item, due after the supplier's days of payment; a negative one is a claim on the supplier."""
    if not amount:
        return
    days = lock_supplier(supplier_id)
    _write([(amount, None)], supplier_id, campus_id, kind, reference, on + dt.timedelta(days=days), ctx)


def settle(
    parts: Sequence[tuple[int, Decimal]],
    *,
    supplier_id: int,
    campus_id: int,
    reference: str,
    ctx: PostingContext,
) -> None:
    """Pay parts (item id, amount) of items. The caller holds the supplier's lock and knows what is open."""
    _write(
        [(-amount, pk) for pk, amount in parts],
        supplier_id,
        campus_id,
        Payable.Kind.PAYMENT,
        reference,
        None,
        ctx,
    )


def invoiced(items: Sequence[int]) -> dict[int, str]:
    """Items of settlements whose invoice has come, and its number here."""
    return dict(sql.rows(INVOICED_SQL, [list(items)]))


def mirror(supplier_id: int, ctx: PostingContext) -> None:
    """Undo what a document owed or paid. Raises Conflict when its invoice has come or something was paid on it since."""
    lock_supplier(supplier_id)
    numbers = invoiced([pk for (pk,) in sql.rows(OF_SOURCE_SQL, [ctx.source])])
    if numbers:
        raise Conflict(
            f"该单据已由采购发票 {'、'.join(sorted(numbers.values()))} 开票，不能红冲",
            code="invoiced",
            way_out="请先红冲那张采购发票。",
        )
    if sql.row(PAID_SQL, [ctx.source]) is not None:
        raise Conflict(
            "该单据形成的应付账款已经付款，不能红冲",
            code="paid",
            way_out="请先红冲付款申请，或由供应商开具红字发票。",
        )
    sql.run(MIRROR_SQL, [ctx.on, ctx.period.id, clock.now(), ctx.source])


def _write(
    rows: Sequence[tuple[Decimal, int | None]],
    supplier: int,
    campus: int,
    kind: str,
    reference: str,
    due: dt.date | None,
    ctx: PostingContext,
) -> None:
    sql.run(
        WRITE_SQL,
        [supplier, campus, ctx.source, kind, reference[:60], ctx.on, due, ctx.period.id, clock.now(),
         [amount for amount, _ in rows], [settles for _, settles in rows]],
    )  # fmt: skip
