"""Promising stock (预留): an approved request holds a quantity of an item in a store until it is served or given up.

A promise is of the item, not of a batch: which batch serves it is decided when goods leave, first expired first. Whoever
changes the promises of one source holds the lock of that source's document; reserving also holds the balances, in the
order every posting locks them, so that no more is ever promised than can be used.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from hrp.logistics.subledger.taking import RESERVED_SQL, ZERO, Shortage, Want, lock_holdings
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Conflict

RESERVE_SQL = """
INSERT INTO logistics_reservation (store_id, item_id, source, line_position, quantity, made_at)
SELECT %s, item, %s, position, quantity, %s
FROM unnest(%s::int[], %s::bigint[], %s::numeric[]) AS p(position, item, quantity)
ON CONFLICT (source, line_position) DO UPDATE SET quantity = logistics_reservation.quantity + excluded.quantity
"""

CONSUME_SQL = """
UPDATE logistics_reservation r SET quantity = r.quantity - p.quantity
FROM unnest(%s::int[], %s::numeric[]) AS p(position, quantity)
WHERE r.source = %s AND r.line_position = p.position AND r.quantity >= p.quantity
"""

USABLE_SQL = """
SELECT b.item_id, sum(b.quantity) FROM logistics_balance b JOIN logistics_batch t ON t.id = b.batch_id
JOIN logistics_item i ON i.id = b.item_id
WHERE b.store_id = %s AND b.item_id = ANY(%s) AND b.quantity > 0 AND t.hold = ''
  AND least(t.expiry, coalesce(t.sterile_expiry, t.expiry)) - (i.expiry_mode = 'first_unusable_day')::int >= %s
GROUP BY b.item_id
"""


def reserve(wants: Sequence[Want], *, store_id: int, source: str, on: dt.date) -> list[Shortage]:
    """Promise all of it or nothing: what is usable on the day and not promised to others, under locks.

    Returns why lines cannot be promised; then nothing was written.
    """
    items = sorted({want.item_id for want in wants})
    holdings = lock_holdings(store_id, items)
    promised = dict(sql.rows(RESERVED_SQL, [store_id, items, ""]))
    free, expired = {}, {}
    for item in items:
        usable = [h for h in holdings[item] if h.hold is None and h.usable_until >= on]
        free[item] = sum((h.quantity for h in usable), ZERO) - promised.get(item, ZERO)
        expired[item] = sum((h.quantity for h in holdings[item] if h.usable_until < on), ZERO)
    short = []
    for want in wants:
        if want.quantity > free[want.item_id]:
            left = max(free[want.item_id], ZERO)
            short.append(Shortage(want, left, expired[want.item_id], promised.get(want.item_id, ZERO), ()))
            continue
        free[want.item_id] -= want.quantity
    if not short:
        restore(wants, store_id=store_id, source=source)
    return short


def restore(wants: Sequence[Want], *, store_id: int, source: str) -> None:
    """Promise again what came back to the shelf by undoing the document that had served it; nothing is asked."""
    kept = [want for want in wants if want.quantity > 0]
    if kept:
        sql.run(
            RESERVE_SQL,
            [
                store_id, source, clock.now(), [w.position for w in kept], [w.item_id for w in kept],
                [w.quantity for w in kept],
            ],
        )  # fmt: skip


def consume(parts: Mapping[int, Decimal], *, source: str) -> None:
    """Serve promises of a source, by line position, before the goods are taken. Raises Conflict when they are less."""
    taken = {position: quantity for position, quantity in parts.items() if quantity}
    if not taken:
        return
    changed = sql.run(CONSUME_SQL, [list(taken), list(taken.values()), source])
    if changed != len(taken):
        raise Conflict(
            "占用的库存已被释放或领走", code="not_reserved", way_out="请刷新申领单，按未领数量重新出库。"
        )
    sql.run("DELETE FROM logistics_reservation WHERE source = %s AND quantity = 0", [source])


def release(*, source: str) -> dict[int, Decimal]:
    """Give up every promise of a source; what was still held, by line position."""
    return dict(
        sql.rows(
            "DELETE FROM logistics_reservation WHERE source = %s RETURNING line_position, quantity", [source]
        )
    )


def available(store_id: int, item_ids: Sequence[int], *, on: dt.date) -> dict[int, Decimal]:
    """Usable on a day less what is promised, by item: to be shown, not to be relied upon."""
    items = sorted(set(item_ids))
    free: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    free.update(sql.rows(USABLE_SQL, [store_id, items, on]))
    for item, quantity in sql.rows(RESERVED_SQL, [store_id, items, ""]):
        free[item] -= quantity
    return {item: max(free[item], ZERO) for item in items}
