"""Changing the value of goods without moving them: price differences, freight, discounts, averages trued up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.rules.methods import CostMethod
from hrp.logistics.rules.sharing import share
from hrp.logistics.rules.valuation import price_difference
from hrp.logistics.subledger import layers
from hrp.logistics.subledger.locking import hold, in_order
from hrp.logistics.subledger.taking import lock_valuations
from hrp.logistics.subledger.writing import Move, methods_of, write
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents.spec import PostingContext


@dataclass(frozen=True)
class Change:
    """``amount`` (yuan, signed) added to what a store holds of a batch; ``layer_id`` names the layer of a FIFO item.

    Without a layer the store's layers share it by quantity.
    """

    position: int
    store_id: int
    item_id: int
    batch_id: int
    amount: Decimal
    layer_id: int | None = None


def adjust(changes: Sequence[Change], *, kind: str, ctx: PostingContext) -> None:
    """Write one move without quantity per change, under the usual locks.

    Raises Conflict (``insufficient``) when a value would become negative or there are no goods to bear it.
    """
    by_store: dict[int, list[Change]] = defaultdict(list)
    for change in changes:
        if change.amount:
            by_store[change.store_id].append(change)
    methods = methods_of([c.item_id for c in changes])
    hold({store: [c.item_id for c in found] for store, found in by_store.items()}, methods=methods)
    for store in in_order(by_store):
        found = by_store[store]
        together: dict[int, Decimal] = defaultdict(Decimal)
        for change in found:
            together[change.item_id] += change.amount
        pooled = sorted(item for item in together if methods[item] != CostMethod.BATCH)
        values = lock_valuations(store, pooled) if pooled else {}
        for item, value in values.items():
            price_difference(value, together[item])
        fifo = [c for c in found if methods[c.item_id] == CostMethod.FIFO]
        if fifo:
            layers.adjust(_by_layer(store, fifo), source=ctx.source)
        write(
            [Move(c.position, c.item_id, c.batch_id, Decimal(0), c.amount) for c in found],
            store_id=store, kind=kind, ctx=ctx, methods=methods,
        )  # fmt: skip


def _by_layer(store: int, changes: Sequence[Change]) -> dict[int, Decimal]:
    """What each layer's amount changes by; layers without goods bear nothing."""
    held = layers.lock(store, sorted({c.item_id for c in changes}))
    amounts: dict[int, Decimal] = defaultdict(Decimal)
    for change in changes:
        there = {layer.sequence: layer for layer in held[change.item_id]}
        if change.layer_id is None:
            parts = share(change.amount, [layer.quantity for layer in there.values()]) if there else []
            for key, part in zip(there, parts, strict=True):
                amounts[key] += part
        elif change.layer_id in there:
            amounts[change.layer_id] += change.amount
        else:
            raise _no_goods(change.amount)
    together: dict[int, Decimal] = defaultdict(Decimal)
    for change in changes:
        together[change.item_id] += change.amount
    negative = any(layer.amount + amounts[layer.sequence] < 0 for found in held.values() for layer in found)
    if negative or any(amount and not held[item] for item, amount in together.items()):
        raise _no_goods(sum((c.amount for c in changes), Decimal(0)))
    return amounts


def _no_goods(amount: Decimal) -> Conflict:
    return Conflict(
        f"没有足够的存货承担 {amount:f} 元的调整", code="insufficient",
        way_out="请把已耗用部分的差额计入费用，或先查看该物资的库存流水。",
    )  # fmt: skip
