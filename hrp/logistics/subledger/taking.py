"""What leaves a store: which batches, first expired first, and at what amount by the item's method."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hrp.logistics.rules import fifo
from hrp.logistics.rules.expiry import ExpiryMode
from hrp.logistics.rules.fefo import Hold, Holding, Passed, Pick, Short, pick_fefo
from hrp.logistics.rules.methods import CostMethod
from hrp.logistics.rules.valuation import Balance, value_out
from hrp.logistics.subledger import layers
from hrp.logistics.subledger.writing import Move, methods_of
from hrp.platform.base import sql

ZERO = Decimal(0)

HELD_SQL = """
SELECT b.item_id, b.batch_id, t.lot, t.expiry, b.quantity, b.amount, t.sterile_expiry, t.hold, i.expiry_mode
FROM logistics_balance b JOIN logistics_batch t ON t.id = b.batch_id JOIN logistics_item i ON i.id = b.item_id
WHERE b.store_id = %s AND b.item_id = ANY(%s) AND b.quantity > 0
ORDER BY b.item_id, t.expiry, b.batch_id
"""
HOLDINGS_SQL = f"{HELD_SQL} FOR UPDATE OF b"
# Of those that are locked already: another that came in since is not ours to wait for, whoever has it may wait for us.
KEPT_SQL = HELD_SQL.replace("ORDER BY", "AND b.id = ANY(%s) ORDER BY")

VALUED_SQL = """
SELECT item_id, quantity, amount FROM logistics_valuation
WHERE store_id = %s AND item_id = ANY(%s) ORDER BY item_id
"""
VALUATIONS_SQL = f"{VALUED_SQL} FOR UPDATE"

RESERVED_SQL = """
SELECT item_id, sum(quantity) FROM logistics_reservation
WHERE store_id = %s AND item_id = ANY(%s) AND source <> %s GROUP BY item_id
"""


@dataclass(frozen=True)
class Want:
    """One line that wants goods: a quantity of an item, of a lot or of one very batch when given."""

    position: int
    item_id: int
    quantity: Decimal
    lot: str = ""
    batch_id: int | None = None


@dataclass(frozen=True)
class Shortage:
    """Why a line cannot be served."""

    want: Want
    usable: Decimal
    expired: Decimal
    reserved: Decimal
    passed: tuple[Passed, ...]


@dataclass
class Taken:
    """Moves to be written (negative), what each line costs, what could not be served and which batches were passed by."""

    moves: list[Move] = field(default_factory=list)
    amounts: dict[int, Decimal] = field(default_factory=dict)
    short: list[Shortage] = field(default_factory=list)
    passed: dict[int, tuple[Passed, ...]] = field(default_factory=dict)
    parts: list[fifo.LayerPart] = field(default_factory=list)
    methods: Mapping[int, CostMethod] = field(default_factory=dict)


def lock_holdings(
    store_id: int, item_ids: Sequence[int], *, held: Set[int] | None = None
) -> dict[int, list[Holding]]:
    """All holdings of the items in a store, locked in one statement, by item in FEFO order.

    ``held``: the balances that were locked before (:func:`locking.hold`); then only these are looked at.
    """
    if held is None:
        return holdings_of(HOLDINGS_SQL, store_id, item_ids)
    return holdings_of(KEPT_SQL, store_id, item_ids, sorted(held))


def holdings_of(
    statement: str, store_id: int, item_ids: Sequence[int], *more: Any
) -> dict[int, list[Holding]]:
    """What a statement like :data:`HELD_SQL` finds, by item; items of which there is nothing are there too."""
    holdings: dict[int, list[Holding]] = {item: [] for item in item_ids}
    for item, batch, lot, expiry, quantity, amount, sterile, hold, mode in sql.rows(
        statement, [store_id, sorted(set(item_ids)), *more]
    ):
        held = Hold(hold) if hold else None
        holdings[item].append(Holding(batch, lot, expiry, quantity, amount, sterile, held, ExpiryMode(mode)))
    return holdings


def lock_valuations(store_id: int, item_ids: Sequence[int]) -> dict[int, Balance]:
    """Quantity and amount of items valued by average or FIFO, locked."""
    found = {item: Balance() for item in item_ids}
    for item, quantity, amount in sql.rows(VALUATIONS_SQL, [store_id, sorted(set(item_ids))]):
        found[item] = Balance(quantity, amount)
    return found


def take(
    wants: Sequence[Want],
    *,
    store_id: int,
    on: dt.date,
    source: str,
    least_days: int = 0,
    as_is: bool = False,
    methods: Mapping[int, CostMethod] | None = None,
    held: Set[int] | None = None,
) -> Taken:
    """Decide what leaves, under locks; nothing is written but the layers taken from.

    ``as_is`` is the way out of goods nobody may use (返库、退货、报损、移入不合格): expiry, holds and promises to others
    do not matter, and a line names its batch. Shortages are returned, not raised; then no layer was touched. A document that holds
    its stock before it begins says what it ``held``.
    """
    items = sorted({want.item_id for want in wants})
    methods = methods if methods is not None else methods_of(items)
    pooled = [item for item in items if methods[item] != CostMethod.BATCH]
    holdings = lock_holdings(store_id, items, held=held)
    values = lock_valuations(store_id, pooled) if pooled else {}
    oldest = layers.lock(store_id, [i for i in pooled if methods[i] == CostMethod.FIFO]) if pooled else {}
    promised = {} if as_is else dict(sql.rows(RESERVED_SQL, [store_id, items, source]))
    pick = _as_is if as_is else _first_expired(on, least_days)
    taken = Taken(methods=methods)
    for want in wants:
        kept = promised.get(want.item_id, ZERO)
        try:
            picks, left, passed = pick(holdings[want.item_id], want)
            if kept:
                _leave(kept, holdings[want.item_id], want, on)
        except Short as short:
            taken.short.append(Shortage(want, short.usable, short.expired, kept, short.passed))
            continue
        holdings[want.item_id] = left
        taken.passed[want.position] = passed
        costs = _costs(want.item_id, picks, methods, values, oldest, taken)
        taken.moves += [
            Move(want.position, want.item_id, p.batch_id, -p.quantity, -cost)
            for p, cost in zip(picks, costs, strict=True)
        ]
        taken.amounts[want.position] = sum(costs, ZERO)
    if taken.parts and not taken.short:
        layers.consume(taken.parts, source=source)
    return taken


Picked = tuple[Sequence[Pick], list[Holding], tuple[Passed, ...]]


def _first_expired(on: dt.date, least_days: int) -> Callable[[list[Holding], Want], Picked]:
    def pick(holdings: list[Holding], want: Want) -> Picked:
        held = [h for h in holdings if want.batch_id in (None, h.batch_id)]
        found = pick_fefo(held, want.quantity, on=on, lot=want.lot, least_days=least_days)
        others = [h for h in holdings if want.batch_id not in (None, h.batch_id)]
        return found.picks, [*found.left, *others], found.passed

    return pick


def _as_is(holdings: list[Holding], want: Want) -> Picked:
    held = next((h for h in holdings if h.batch_id == want.batch_id), None)
    if held is None or held.quantity < want.quantity:
        raise Short(held.quantity if held else ZERO, ZERO)
    amount = value_out(held.quantity, held.amount, want.quantity)
    rest = Holding(
        held.batch_id, held.lot, held.expiry, held.quantity - want.quantity, held.amount - amount,
        held.sterile_expiry, held.hold, held.mode,
    )  # fmt: skip
    return [Pick(held.batch_id, want.quantity, amount)], [rest if h is held else h for h in holdings], ()


def _leave(kept: Decimal, holdings: Sequence[Holding], want: Want, on: dt.date) -> None:
    """Raises Short when the line would take what is promised to others."""
    usable = sum((h.quantity for h in holdings if h.hold is None and h.usable_until >= on), ZERO)
    if usable - kept < want.quantity:
        raise Short(max(usable - kept, ZERO), ZERO)


def _costs(
    item: int,
    picks: Sequence[Pick],
    methods: Mapping[int, CostMethod],
    values: dict[int, Balance],
    oldest: dict[int, list[fifo.Layer]],
    taken: Taken,
) -> list[Decimal]:
    """What each pick costs; the pools of the item go down with it."""
    if methods[item] == CostMethod.BATCH:
        return [p.amount for p in picks]
    costs = []
    for p in picks:
        if methods[item] == CostMethod.FIFO:
            oldest[item], parts = fifo.take(oldest[item], p.quantity)
            taken.parts += parts
            cost = sum((part.amount for part in parts), ZERO)
            values[item] = values[item].take_at(p.quantity, cost)
        else:
            values[item], cost = values[item].take(p.quantity)
        costs.append(cost)
    return costs
