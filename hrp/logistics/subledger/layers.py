"""The layers of items valued first in, first out, and who took what of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from hrp.logistics.rules.fifo import Layer, LayerPart
from hrp.logistics.rules.methods import CostMethod
from hrp.platform.base import sql

if TYPE_CHECKING:
    from hrp.logistics.subledger.writing import Move

LOCK_SQL = """
SELECT item_id, id, quantity, amount FROM logistics_layer
WHERE store_id = %s AND item_id = ANY(%s) AND quantity > 0 ORDER BY item_id, id FOR UPDATE
"""

# the order of layers is that of posting, and ids are given in that order under the lock of the item's valuation
ADD_SQL = """
INSERT INTO logistics_layer (store_id, item_id, move_id, quantity, amount)
SELECT m.store_id, m.item_id, m.id, m.quantity, m.amount FROM logistics_move m JOIN logistics_store s ON s.id = m.store_id
WHERE s.kind <> 'transit' AND m.source = %s AND m.kind = %s AND m.store_id = %s AND m.item_id = ANY(%s) AND m.quantity > 0
  AND m.reverses_id IS NULL AND NOT EXISTS (SELECT FROM logistics_layer l WHERE l.move_id = m.id)
ORDER BY m.item_id, m.id
"""

TAKE_SQL = """
WITH p AS (SELECT * FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[]) AS u(layer, quantity, amount)), used AS (
    INSERT INTO logistics_layer_use (layer_id, source, quantity, amount)
    SELECT layer, %s, quantity, amount FROM p
)
UPDATE logistics_layer l SET quantity = l.quantity + p.quantity, amount = l.amount + p.amount
FROM (SELECT layer, sum(quantity) AS quantity, sum(amount) AS amount FROM p GROUP BY layer) p WHERE l.id = p.layer
"""

# what a document took it gives back (an adjustment only while goods are left), what it brought must still be whole and goes
MIRROR_SQL = """
SELECT l.id, -sum(u.quantity), -sum(u.amount), l.amount >= sum(u.amount) AND
    (l.quantity > sum(u.quantity) OR (l.quantity = sum(u.quantity) AND l.amount = sum(u.amount)))
FROM logistics_layer_use u JOIN logistics_layer l ON l.id = u.layer_id
WHERE u.source = %s AND l.store_id = %s GROUP BY l.id
UNION ALL
SELECT l.id, -m.quantity, -m.amount, l.quantity = m.quantity AND l.amount = m.amount
FROM logistics_layer l JOIN logistics_move m ON m.id = l.move_id
WHERE m.source = %s AND m.store_id = %s AND m.reverses_id IS NULL
"""


def lock(store_id: int, item_ids: Sequence[int]) -> dict[int, list[Layer]]:
    """Layers of the items in a store, oldest first, locked."""
    found: dict[int, list[Layer]] = {item: [] for item in item_ids}
    for item, *layer in sql.rows(LOCK_SQL, [store_id, sorted(item_ids)]):
        found[item].append(Layer(*layer))
    return found


def add(
    moves: Sequence[Move], *, store_id: int, kind: str, source: str, methods: Mapping[int, CostMethod]
) -> None:
    """A layer for each incoming move of a FIFO item; a mirror gives back instead (:func:`give_back`).

    Goods on their way between two stores keep the amount they left with, so they have no layers.
    """
    items = sorted(
        {
            m.item_id
            for m in moves
            if methods[m.item_id] == CostMethod.FIFO and m.quantity > 0 and m.reverses_id is None
        }
    )
    if items:
        sql.run(ADD_SQL, [source, kind, store_id, items])


def consume(parts: Sequence[LayerPart], *, source: str) -> None:
    """Take parts off their layers; ``sequence`` is the layer's id."""
    _change([(p.sequence, -p.quantity, -p.amount) for p in parts], source=source)


def adjust(amounts: Mapping[int, Decimal], *, source: str) -> None:
    """Change what layers hold, by layer id, without quantity; the caller holds their locks and knows they have goods."""
    _change([(layer, Decimal(0), amount) for layer, amount in amounts.items() if amount], source=source)


def give_back(*, store_id: int, source: str) -> bool:
    """Undo what a document did to layers; False when goods it brought have left since."""
    changes = sql.rows(MIRROR_SQL, [source, store_id, source, store_id])
    if not all(whole for *_, whole in changes):
        return False
    _change([(layer, quantity, amount) for layer, quantity, amount, _ in changes], source=source)
    return True


def _change(changes: Sequence[tuple[int, Decimal, Decimal]], *, source: str) -> None:
    if changes:
        sql.run(
            TAKE_SQL,
            [[c[0] for c in changes], [c[1] for c in changes], [c[2] for c in changes], source],
        )
