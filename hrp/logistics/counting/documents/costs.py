"""What a piece too many is worth: its batch, else the average of the item, else the latest price it came in at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.rules.methods import CostMethod
from hrp.logistics.rules.valuation import Balance
from hrp.logistics.subledger.taking import lock_valuations
from hrp.platform.base import sql

HELD_SQL = """
SELECT batch_id, item_id, quantity, amount FROM logistics_balance WHERE store_id = %s AND item_id = ANY(%s) AND quantity > 0
"""

# the newest incoming move with an amount, of the batch before any of the item
PRICE_SQL = """
SELECT w.batch, (
    SELECT m.amount / m.quantity FROM logistics_move m
    WHERE m.item_id = w.item AND m.quantity > 0 AND m.amount > 0 AND m.reverses_id IS NULL
      AND m.kind IN ('receipt', 'stocktake')
    ORDER BY m.batch_id = w.batch DESC, m.id DESC LIMIT 1)
FROM unnest(%s::bigint[], %s::bigint[]) AS w(item, batch)
"""


@dataclass(frozen=True)
class Known:
    """What a gain may be valued by: what is held at a cost, and the latest price."""

    held: Balance
    price: Decimal | None


def of_batches(
    store_id: int, wanted: Sequence[tuple[int, int]], methods: Mapping[int, CostMethod]
) -> dict[int, Known]:
    """By batch id, under the locks the posting holds."""
    items = sorted({item for item, _ in wanted})
    batches: dict[int, Balance] = {}
    sums: dict[int, Balance] = {}
    for batch, item, quantity, amount in sql.rows(HELD_SQL, [store_id, items]):
        batches[batch] = Balance(quantity, amount)
        before = sums.get(item, Balance())
        sums[item] = Balance(before.quantity + quantity, before.amount + amount)
    pooled = [item for item in items if methods[item] != CostMethod.BATCH]
    values = lock_valuations(store_id, pooled) if pooled else {}
    prices = dict(sql.rows(PRICE_SQL, [[item for item, _ in wanted], [batch for _, batch in wanted]]))
    return {
        batch: Known(
            values[item]
            if item in values
            else batches.get(batch) or _by_price(prices[batch], sums.get(item)),
            prices[batch],
        )
        for item, batch in wanted
    }


def _by_price(price: Decimal | None, average: Balance | None) -> Balance:
    """Of a batch that is not held the price it came in at; the average of the item only where that is not known."""
    return Balance() if price is not None else average or Balance()
