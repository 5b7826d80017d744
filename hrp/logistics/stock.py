"""Writing the stock subledger: set-based statements under sorted locks, whatever the number of lines.

Locks are always taken in the order (item, expiry, batch): locking in typed order deadlocks under eight writers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.rules.fefo import Holding
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Conflict, Problem
from hrp.platform.documents.spec import PostingContext

HOLDINGS_SQL = """
SELECT b.item_id, b.batch_id, t.lot, t.expiry, b.quantity, b.amount
FROM logistics_balance b JOIN logistics_batch t ON t.id = b.batch_id
WHERE b.store_id = %s AND b.item_id = ANY(%s) AND b.quantity > 0
ORDER BY b.item_id, t.expiry, b.batch_id FOR UPDATE OF b
"""

BATCH_SQL = """
WITH wanted AS (
    SELECT DISTINCT * FROM unnest(%s::bigint[], %s::text[], %s::date[], %s::bigint[]) AS w(item_id, lot, expiry, supplier_id)
), made AS (
    INSERT INTO logistics_batch (item_id, lot, expiry, supplier_id)
    SELECT item_id, lot, expiry, supplier_id FROM wanted ORDER BY 1, 2, 3, 4
    ON CONFLICT (item_id, lot, expiry, supplier_id) DO UPDATE SET lot = excluded.lot
    RETURNING id, item_id, lot, expiry, supplier_id
)
SELECT item_id, lot, expiry, supplier_id, id FROM made
"""

# A balance and the moves that change it are written by one statement: they cannot part, and cost one round trip.
_MOVED = """
WITH m AS (
    SELECT * FROM unnest(%s::int[], %s::bigint[], %s::bigint[], %s::numeric[], %s::numeric[], %s::bigint[])
        AS u(position, item, batch, quantity, amount, reverses)
), moved AS (
    INSERT INTO logistics_move (source, line_position, kind, store_id, item_id, batch_id, quantity, amount, date,
        period_id, posted_at, reverses_id)
    SELECT %s, m.position, %s, %s, m.item, m.batch, m.quantity, m.amount, %s, %s, %s, m.reverses FROM m
), changed AS ({change}
    RETURNING 1
)
SELECT count(*) FROM changed
"""

INCREASE_SQL = _MOVED.format(
    change="""
    INSERT INTO logistics_balance (store_id, item_id, batch_id, quantity, amount)
    SELECT %s, m.item, m.batch, sum(m.quantity), sum(m.amount)
    FROM m JOIN logistics_batch t ON t.id = m.batch
    GROUP BY m.item, m.batch, t.expiry ORDER BY m.item, t.expiry, m.batch
    ON CONFLICT (store_id, item_id, batch_id) DO UPDATE
    SET quantity = logistics_balance.quantity + excluded.quantity, amount = logistics_balance.amount + excluded.amount"""
)

DECREASE_SQL = _MOVED.format(
    change="""
    UPDATE logistics_balance b SET quantity = b.quantity + t.quantity, amount = b.amount + t.amount
    FROM (SELECT item, batch, sum(quantity) AS quantity, sum(amount) AS amount FROM m GROUP BY item, batch) t
    WHERE b.store_id = %s AND b.item_id = t.item AND b.batch_id = t.batch
      AND b.quantity >= -t.quantity AND b.amount >= -t.amount AND (b.quantity > -t.quantity OR b.amount = -t.amount)"""
)


@dataclass(frozen=True)
class Move:
    """A movement to be written; quantity and amount signed, in positive, out negative."""

    position: int
    item_id: int
    batch_id: int
    quantity: Decimal
    amount: Decimal
    reverses_id: int | None = None


def lock_holdings(store_id: int, item_ids: Sequence[int]) -> dict[int, list[Holding]]:
    """All holdings of the items in a store, locked in one statement, by item in FEFO order."""
    holdings: dict[int, list[Holding]] = {item: [] for item in item_ids}
    for item, *held in sql.rows(HOLDINGS_SQL, [store_id, sorted(set(item_ids))]):
        holdings[item].append(Holding(*held))
    return holdings


def batch_ids(keys: Sequence[tuple[int, str, dt.date, int]]) -> dict[tuple[int, str, dt.date, int], int]:
    """Ids of batches by (item, lot, expiry, supplier), creating those that are new."""
    columns = [list(column) for column in zip(*keys, strict=True)]
    return {
        (item, lot, expiry, supplier): pk for item, lot, expiry, supplier, pk in sql.rows(BATCH_SQL, columns)
    }


def write(moves: Sequence[Move], *, store_id: int, kind: str, ctx: PostingContext) -> None:
    """Write moves and bring the balances along. Raises Conflict when stock is not there any more."""
    incoming = [m for m in moves if _comes_in(m)]
    outgoing = [m for m in moves if not _comes_in(m)]
    if incoming:
        _write(INCREASE_SQL, incoming, store_id=store_id, kind=kind, ctx=ctx)
    if outgoing:
        changed = _write(DECREASE_SQL, outgoing, store_id=store_id, kind=kind, ctx=ctx)
        if changed != len({(m.item_id, m.batch_id) for m in outgoing}):
            raise Conflict(
                "库存不足：所涉批次的数量或金额已被后续业务使用", code="stock_gone",
                way_out="请查看该批次的库存流水，先红冲使用它的后续单据。",
                problems=[Problem("该行的批次库存已变动", field="quantity", line=m.position - 1) for m in outgoing][:20],
            )  # fmt: skip


def _comes_in(move: Move) -> bool:
    return move.quantity > 0 or (move.quantity == 0 and move.amount > 0)


def _write(statement: str, moves: Sequence[Move], *, store_id: int, kind: str, ctx: PostingContext) -> int:
    """Moves of one direction; the number of balances they changed."""
    [(changed,)] = sql.rows(
        statement,
        [
            [m.position for m in moves], [m.item_id for m in moves], [m.batch_id for m in moves],
            [m.quantity for m in moves], [m.amount for m in moves], [m.reverses_id for m in moves],
            ctx.source, kind, store_id, ctx.on, ctx.period.id, clock.now(), store_id,
        ],
    )  # fmt: skip
    return int(changed)


def mirror(*, store_id: int, kind: str, ctx: PostingContext) -> None:
    """Write the exact mirror of every move the document left, locking the balances in the usual order first."""
    found = sql.rows(
        "SELECT m.line_position, m.item_id, m.batch_id, -m.quantity, -m.amount, m.id FROM logistics_move m"
        " WHERE m.source = %s AND m.reverses_id IS NULL ORDER BY m.id",
        [ctx.source],
    )
    moves = [Move(*row) for row in found]
    lock_holdings(store_id, [m.item_id for m in moves])
    write(moves, store_id=store_id, kind=kind, ctx=ctx)
