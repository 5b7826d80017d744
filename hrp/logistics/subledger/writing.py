"""Moves and what they change: balances of batches, valuations of items, layers."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics import gates
from hrp.logistics.rules.methods import CostMethod
from hrp.logistics.subledger import layers
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Conflict, Problem
from hrp.platform.documents.spec import PostingContext

ZERO = Decimal(0)

BATCH_SQL = """
WITH wanted AS (
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::date[], %s::bigint[], %s::date[], %s::date[])
        AS w(item_id, lot, expiry, supplier_id, produced, sterile_expiry)
), made AS (
    INSERT INTO logistics_batch (item_id, lot, expiry, supplier_id, produced, sterile_expiry, hold)
    SELECT DISTINCT ON (w.item_id, w.lot, w.expiry, w.supplier_id) w.*, coalesce((
        SELECT f.kind FROM logistics_freeze f JOIN logistics_item i ON i.id = w.item_id
        WHERE f.released_at IS NULL AND f.batch_id IS NULL AND coalesce(f.item_id, w.item_id) = w.item_id
          AND coalesce(f.supplier_id, w.supplier_id) = w.supplier_id
          AND f.registration_number IN ('', i.registration_number)
        ORDER BY f.kind DESC LIMIT 1), '')
    FROM wanted w ORDER BY 1, 2, 3, 4
    ON CONFLICT (item_id, lot, expiry, supplier_id) DO UPDATE
    SET produced = coalesce(logistics_batch.produced, excluded.produced),
        sterile_expiry = coalesce(logistics_batch.sterile_expiry, excluded.sterile_expiry)
    RETURNING id, item_id, lot, expiry, supplier_id
)
SELECT item_id, lot, expiry, supplier_id, id FROM made
"""

# A balance and the moves that change it are written by one statement: they cannot part, and cost one round trip. It also
# tells which of the items are followed piece by piece.
_MOVED = """
WITH m AS (
    SELECT * FROM unnest(%s::int[], %s::bigint[], %s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[], %s::bigint[])
        AS u(position, item, batch, quantity, amount, held, reverses)
), moved AS (
    INSERT INTO logistics_move (source, line_position, kind, store_id, item_id, batch_id, quantity, amount, date,
        period_id, posted_at, reverses_id)
    SELECT %s, m.position, %s, %s, m.item, m.batch, m.quantity, m.amount, %s, %s, %s, m.reverses FROM m
), changed AS ({change}
    RETURNING 1
)
SELECT (SELECT count(*) FROM changed),
    ARRAY(SELECT DISTINCT i.id FROM m JOIN logistics_item i ON i.id = m.item WHERE i.trace_mode = 'unit')
"""

INCREASE_SQL = _MOVED.format(
    change="""
    INSERT INTO logistics_balance (store_id, item_id, batch_id, quantity, amount)
    SELECT %s, m.item, m.batch, sum(m.quantity), sum(m.held)
    FROM m JOIN logistics_batch t ON t.id = m.batch
    GROUP BY m.item, m.batch, t.expiry ORDER BY m.item, t.expiry, m.batch
    ON CONFLICT (store_id, item_id, batch_id) DO UPDATE
    SET quantity = logistics_balance.quantity + excluded.quantity, amount = logistics_balance.amount + excluded.amount"""
)

DECREASE_SQL = _MOVED.format(
    change="""
    UPDATE logistics_balance b SET quantity = b.quantity + t.quantity, amount = b.amount + t.held
    FROM (SELECT item, batch, sum(quantity) AS quantity, sum(held) AS held FROM m GROUP BY item, batch) t
    WHERE b.store_id = %s AND b.item_id = t.item AND b.batch_id = t.batch
      AND b.quantity >= -t.quantity AND b.amount >= -t.held AND (b.quantity > -t.quantity OR b.amount = -t.held)"""
)

VALUE_MORE_SQL = """
WITH m AS (SELECT * FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[]) AS u(item, quantity, amount)),
changed AS (
    INSERT INTO logistics_valuation (store_id, item_id, quantity, amount)
    SELECT %s, item, quantity, amount FROM m ORDER BY item
    ON CONFLICT (store_id, item_id) DO UPDATE
    SET quantity = logistics_valuation.quantity + excluded.quantity, amount = logistics_valuation.amount + excluded.amount
    RETURNING 1
)
SELECT count(*) FROM changed
"""

VALUE_LESS_SQL = """
WITH m AS (SELECT * FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[]) AS u(item, quantity, amount)),
changed AS (
    UPDATE logistics_valuation v SET quantity = v.quantity + m.quantity, amount = v.amount + m.amount FROM m
    WHERE v.store_id = %s AND v.item_id = m.item AND v.quantity >= -m.quantity AND v.amount >= -m.amount
      AND (v.quantity > -m.quantity OR v.amount = -m.amount)
    RETURNING 1
)
SELECT count(*) FROM changed
"""


@dataclass(frozen=True)
class Move:
    """A movement to be written; quantity and amount signed, in positive, out negative."""

    position: int
    item_id: int
    batch_id: int
    quantity: Decimal
    amount: Decimal
    reverses_id: int | None = None


@dataclass(frozen=True)
class Lot:
    """What makes a batch: the first four are its key, the dates are filled in when they are known."""

    item_id: int
    lot: str
    expiry: dt.date
    supplier_id: int
    produced: dt.date | None = None
    sterile_expiry: dt.date | None = None

    @property
    def key(self) -> tuple[int, str, dt.date, int]:
        return self.item_id, self.lot, self.expiry, self.supplier_id


def batch_ids(lots: Sequence[Lot]) -> dict[tuple[int, str, dt.date, int], int]:
    """Ids of batches by (item, lot, expiry, supplier), creating those that are new, held where a freeze covers them."""
    columns = [
        [getattr(lot, name) for lot in lots]
        for name in ("item_id", "lot", "expiry", "supplier_id", "produced", "sterile_expiry")
    ]
    return {
        (item, lot, expiry, supplier): pk for item, lot, expiry, supplier, pk in sql.rows(BATCH_SQL, columns)
    }


def methods_of(item_ids: Sequence[int]) -> dict[int, CostMethod]:
    """How each item is valued."""
    found = sql.rows("SELECT id, cost_method FROM logistics_item WHERE id = ANY(%s)", [sorted(set(item_ids))])
    return {item: CostMethod(method) for item, method in found}


def write(
    moves: Sequence[Move],
    *,
    store_id: int,
    kind: str,
    ctx: PostingContext,
    methods: Mapping[int, CostMethod] | None = None,
) -> None:
    """Write moves and bring the balances along. Raises Conflict when stock is not there any more.

    What leaves by FIFO has taken from its layers already (:mod:`taking`); what comes in makes new ones here.
    """
    gates.require_open(ctx)
    methods = methods if methods is not None else methods_of([m.item_id for m in moves])
    incoming = [m for m in moves if m.quantity > 0]
    # an adjustment without quantity goes the careful way whatever its sign: it may only meet goods that are there
    outgoing = [m for m in moves if m.quantity <= 0]
    gone: set[int] = set()
    traced: set[int] = set()
    if incoming:
        _, pieces = _write(INCREASE_SQL, incoming, store_id=store_id, kind=kind, ctx=ctx, methods=methods)
        traced.update(pieces)
        _value(VALUE_MORE_SQL, incoming, store_id=store_id, methods=methods)
        layers.add(incoming, store_id=store_id, kind=kind, source=ctx.source, methods=methods)
    if outgoing:
        changed, pieces = _write(
            DECREASE_SQL, outgoing, store_id=store_id, kind=kind, ctx=ctx, methods=methods
        )
        traced.update(pieces)
        if changed != len({(m.item_id, m.batch_id) for m in outgoing}):
            gone = {m.position for m in outgoing}
        elif not _value(VALUE_LESS_SQL, outgoing, store_id=store_id, methods=methods):
            gone = {m.position for m in outgoing if methods[m.item_id] != CostMethod.BATCH}
    if gone:
        raise stock_gone(sorted(gone))
    if traced:
        gates.moved([m for m in moves if m.item_id in traced], store_id=store_id, kind=kind, ctx=ctx)


def stock_gone(positions: Sequence[int]) -> Conflict:
    """The refusal of what later business has already used."""
    return Conflict(
        "库存不足：所涉批次的数量或金额已被后续业务使用", code="stock_gone",
        way_out="请查看该批次的库存流水，先红冲使用它的后续单据。",
        problems=[Problem("该行的批次库存已变动", field="quantity", line=place - 1) for place in positions][:20],
    )  # fmt: skip


def _write(
    statement: str,
    moves: Sequence[Move],
    *,
    store_id: int,
    kind: str,
    ctx: PostingContext,
    methods: Mapping[int, CostMethod],
) -> tuple[int, list[int]]:
    """Moves of one direction; the number of balances they changed, and which items are followed piece by piece."""
    [(changed, traced)] = sql.rows(
        statement,
        [
            [m.position for m in moves], [m.item_id for m in moves], [m.batch_id for m in moves],
            [m.quantity for m in moves], [m.amount for m in moves],
            [m.amount if methods[m.item_id] == CostMethod.BATCH else ZERO for m in moves],
            [m.reverses_id for m in moves], ctx.source, kind, store_id, ctx.on, ctx.period.id, clock.now(), store_id,
        ],
    )  # fmt: skip
    return int(changed), traced


def _value(
    statement: str, moves: Sequence[Move], *, store_id: int, methods: Mapping[int, CostMethod]
) -> bool:
    """Bring the valuations of items not valued by batch along; whether all of them could follow."""
    sums: dict[int, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for move in moves:
        if methods[move.item_id] != CostMethod.BATCH:
            sums[move.item_id][0] += move.quantity
            sums[move.item_id][1] += move.amount
    if not sums:
        return True
    items = sorted(sums)
    [(changed,)] = sql.rows(
        statement, [items, [sums[i][0] for i in items], [sums[i][1] for i in items], store_id]
    )
    return int(changed) == len(items)
