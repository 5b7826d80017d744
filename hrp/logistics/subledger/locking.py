"""The one order in which stock is locked, for documents that touch several stores, or give back what they took.

Store by store, the stores 在途 last, for goods are always on their way from one store to another; within a store its
balances by (item, expiry, batch), then its valuations by item, then its layers. A document of one store that only takes
or only brings does so by itself (:mod:`taking`, :mod:`writing`); every other one holds all of it before it begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hrp.logistics.rules.methods import CostMethod
from hrp.logistics.subledger import layers
from hrp.logistics.subledger.taking import lock_valuations
from hrp.logistics.subledger.writing import methods_of
from hrp.platform.base import sql

ORDER_SQL = "SELECT id FROM logistics_store WHERE id = ANY(%s) ORDER BY kind = 'transit', id"

# empty balances too: what is given back may find one
BALANCES_SQL = """
SELECT b.id FROM logistics_balance b JOIN logistics_batch t ON t.id = b.batch_id
WHERE b.store_id = %s AND b.item_id = ANY(%s) ORDER BY b.item_id, t.expiry, b.batch_id FOR UPDATE OF b
"""

# What will come in may not be there yet: it is made empty, so that nobody else can make it in between.
COMING_SQL = """
INSERT INTO logistics_balance (store_id, item_id, batch_id, quantity, amount)
SELECT DISTINCT ON (k.item, t.expiry, k.batch) %s, k.item, k.batch, 0, 0
FROM unnest(%s::bigint[], %s::bigint[]) AS k(item, batch) JOIN logistics_batch t ON t.id = k.batch
ORDER BY k.item, t.expiry, k.batch
ON CONFLICT (store_id, item_id, batch_id) DO UPDATE SET quantity = logistics_balance.quantity
"""
VALUES_COMING_SQL = """
INSERT INTO logistics_valuation (store_id, item_id, quantity, amount)
SELECT %s, item, 0, 0 FROM unnest(%s::bigint[]) AS k(item) ORDER BY item
ON CONFLICT (store_id, item_id) DO UPDATE SET quantity = logistics_valuation.quantity
"""


def in_order(stores: Iterable[int]) -> list[int]:
    """Stores as they are locked."""
    wanted = sorted(set(stores))
    return wanted if len(wanted) < 2 else [pk for (pk,) in sql.rows(ORDER_SQL, [wanted])]


def hold(
    wanted: Mapping[int, Iterable[int]], *, methods: Mapping[int, CostMethod] | None = None
) -> frozenset[int]:
    """Lock everything of these items in these stores: ``{store: items}``; the balances that are locked now.

    Whoever looks at holdings afterwards looks at these only (``held``): what came in since is locked by nobody's order.
    """
    held: set[int] = set()
    by_store = {store: sorted(set(items)) for store, items in wanted.items()}
    methods = methods or methods_of([item for items in by_store.values() for item in items])
    for store in in_order(by_store):
        pooled = [item for item in by_store[store] if methods[item] != CostMethod.BATCH]
        held.update(pk for (pk,) in sql.rows(BALANCES_SQL, [store, by_store[store]]))
        if pooled:
            lock_valuations(store, pooled)
        fifo = [item for item in pooled if methods[item] == CostMethod.FIFO]
        if fifo:
            layers.lock(store, fifo)
    return frozenset(held)


def expect(store_id: int, keys: Sequence[tuple[int, int]]) -> None:
    """Lock what will come into a store, (item, batch) by (item, batch), before another store is locked."""
    methods = methods_of([item for item, _ in keys])
    sql.run(COMING_SQL, [store_id, [item for item, _ in keys], [batch for _, batch in keys]])
    pooled = sorted(item for item, method in methods.items() if method != CostMethod.BATCH)
    if pooled:
        sql.run(VALUES_COMING_SQL, [store_id, pooled])
