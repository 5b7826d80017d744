"""Goods that leave at a price of their own: how much of it their store can give, by the item's method."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, field, replace
from decimal import Decimal

from hrp.logistics.models import Item, Store
from hrp.logistics.rules import fifo
from hrp.logistics.rules.fefo import Holding
from hrp.logistics.rules.methods import CostMethod
from hrp.logistics.rules.valuation import Balance
from hrp.logistics.subledger import layers
from hrp.logistics.subledger.taking import lock_holdings, lock_valuations
from hrp.logistics.subledger.writing import Move, methods_of
from hrp.platform.base import sql
from hrp.platform.base.refusals import Conflict, Problem

ZERO = Decimal(0)


@dataclass(frozen=True)
class Leaving:
    """One line: what leaves, what was paid for it, and the receipt line that brought it."""

    position: int
    item_id: int
    batch_id: int
    quantity: Decimal
    amount: Decimal
    receipt: str
    receipt_position: int
    lot: str = ""


@dataclass
class Taken:
    """Moves to be written, and the amount each line takes out of stock."""

    moves: list[Move] = field(default_factory=list)
    amounts: dict[int, Decimal] = field(default_factory=dict)
    methods: dict[int, CostMethod] = field(default_factory=dict)
    parts: list[fifo.LayerPart] = field(default_factory=list)


def leave(lines: Sequence[Leaving], *, store: Store, source: str, held: Set[int]) -> Taken:
    """Decide, of the balances held. Raises Conflict (``no_stock``) when the goods are not there any more."""
    items = sorted({line.item_id for line in lines})
    taken = Taken(methods=methods_of(items))
    pooled = [item for item in items if taken.methods[item] != CostMethod.BATCH]
    holdings = {h.batch_id: h for of in lock_holdings(store.pk, items, held=held).values() for h in of}
    values = lock_valuations(store.pk, pooled) if pooled else {}
    oldest = (
        layers.lock(store.pk, [i for i in pooled if taken.methods[i] == CostMethod.FIFO]) if pooled else {}
    )
    problems = []
    for line in lines:
        there = holdings.get(line.batch_id)
        if there is None or there.quantity < line.quantity:
            problems.append(_missing(line, there, store))
            continue
        kept = Balance(there.quantity, there.amount)
        if taken.methods[line.item_id] != CostMethod.BATCH:
            kept = values[line.item_id]
        if taken.methods[line.item_id] == CostMethod.FIFO:
            amount = _layers(line, oldest, taken)
        else:
            amount = within(kept, line.quantity, line.amount)
        holdings[line.batch_id] = replace(
            there, quantity=there.quantity - line.quantity,
            amount=there.amount - (amount if taken.methods[line.item_id] == CostMethod.BATCH else ZERO),
        )  # fmt: skip
        if line.item_id in values:
            values[line.item_id] = Balance(kept.quantity - line.quantity, kept.amount - amount)
        taken.moves.append(Move(line.position, line.item_id, line.batch_id, -line.quantity, -amount))
        taken.amounts[line.position] = amount
    if problems:
        raise Conflict(
            f"{store} 已没有这么多可退的物资", problems=problems, code="no_stock",
            way_out="已发出的请先由科室退库；移入不合格品的请改选不合格品库房。",
        )  # fmt: skip
    if taken.parts:
        layers.consume(taken.parts, source=source)
    return taken


def within(kept: Balance, quantity: Decimal, amount: Decimal) -> Decimal:
    """The amount a holding can give for ``quantity``: the price paid, or what is there when that is another."""
    if quantity == kept.quantity:
        return kept.amount
    return min(amount, kept.amount)


def _layers(line: Leaving, oldest: dict[int, list[fifo.Layer]], taken: Taken) -> Decimal:
    """Out of the layer the receipt made, and out of the oldest others for what is no longer in it."""
    found = sql.row(
        "SELECT l.id FROM logistics_layer l JOIN logistics_move m ON m.id = l.move_id"
        " WHERE m.source = %s AND m.line_position = %s AND m.reverses_id IS NULL",
        [line.receipt, line.receipt_position],
    )
    mine = [layer for layer in oldest[line.item_id] if found and layer.sequence == found[0]]
    others = [layer for layer in oldest[line.item_id] if layer not in mine]
    first = min(line.quantity, sum((layer.quantity for layer in mine), ZERO))
    cost = ZERO
    if first:
        mine, parts = fifo.take(mine, first)
        taken.parts += parts
        cost += sum((part.amount for part in parts), ZERO)
    if line.quantity > first:
        others, parts = fifo.take(others, line.quantity - first)
        taken.parts += parts
        cost += sum((part.amount for part in parts), ZERO)
    oldest[line.item_id] = sorted([*mine, *others], key=lambda layer: layer.sequence)
    return cost


def _missing(line: Leaving, held: Holding | None, store: Store) -> Problem:
    item = Item.objects.get(pk=line.item_id)
    there = held.quantity.normalize() if held else ZERO
    lot = f"（批号 {line.lot}）" if line.lot else ""
    return Problem(
        f"{item.name}{lot} 要退 {line.quantity.normalize():f} {item.unit}，{store} 只有 {there:f} {item.unit}",
        field="quantity",
        line=line.position - 1,
    )
