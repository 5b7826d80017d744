"""What purchasing reads before it buys: stock, what is on its way, and what is planned already. Queries only."""

from __future__ import annotations

from collections.abc import Sequence

from hrp.logistics.purchasing.rules.suggestion import Position
from hrp.platform.base import sql

# Received of a line, whatever version of the order the receipt named; rejected goods in 不合格品 fulfil nothing.
RECEIVED_SQL = """
SELECT coalesce(x.root_id, x.id) AS root, sum(rl.quantity) AS quantity
FROM logistics_receipt_line rl
JOIN logistics_receipt r ON r.id = rl.document_id AND r.state = 'posted'
JOIN logistics_store s ON s.id = r.store_id AND s.kind <> 'quarantine'
JOIN logistics_order_line x ON x.id = rl.order_line
"""

OPEN_LINES_SQL = f"""
SELECT o.store_id, l.item_id, l.quantity - coalesce(g.quantity, 0) AS quantity
FROM logistics_order_line l JOIN logistics_order o ON o.id = l.document_id AND o.state = 'posted'
LEFT JOIN ({RECEIVED_SQL} GROUP BY 1) g ON g.root = coalesce(l.root_id, l.id)
WHERE l.quantity > coalesce(g.quantity, 0)
  AND NOT EXISTS (SELECT FROM logistics_order_event e WHERE e.order_id = o.id AND e.kind = 'closed')
  AND NOT EXISTS (SELECT FROM logistics_order v WHERE v.replaces_id = o.id AND v.state = 'posted')
"""  # noqa: S608 - put together from the statement above

# planned and not yet in any order that lives
PLANNED_SQL = """
SELECT p.store_id, l.item_id, l.quantity, p.id, coalesce(p.number, '草稿#' || p.id) AS number
FROM logistics_plan_line l JOIN logistics_plan p ON p.id = l.document_id
WHERE p.state NOT IN ('void', 'reversed') AND NOT EXISTS (SELECT FROM logistics_plan_closing c WHERE c.plan_id = p.id)
  AND NOT EXISTS (
    SELECT FROM logistics_order_line x JOIN logistics_order o ON o.id = x.document_id
    WHERE x.plan_line_id = l.id AND o.state = 'posted')
"""

POSITIONS_SQL = f"""
SELECT w.item_id,
    coalesce((SELECT sum(b.quantity) FROM logistics_balance b WHERE b.store_id = %s AND b.item_id = w.item_id), 0),
    coalesce((SELECT sum(o.quantity) FROM ({OPEN_LINES_SQL}) o WHERE o.store_id = %s AND o.item_id = w.item_id), 0)
    + coalesce((SELECT sum(p.quantity) FROM ({PLANNED_SQL}) p
                WHERE p.store_id = %s AND p.item_id = w.item_id AND p.id <> %s AND EXISTS (
                    SELECT FROM logistics_plan q WHERE q.id = p.id AND q.state = 'posted')), 0),
    coalesce((SELECT sum(r.quantity) FROM logistics_reservation r WHERE r.store_id = %s AND r.item_id = w.item_id), 0),
    coalesce((SELECT sum(b.quantity) FROM logistics_balance b JOIN logistics_batch t ON t.id = b.batch_id
              WHERE b.store_id = %s AND b.item_id = w.item_id AND (t.hold <> '' OR t.expiry < %s)), 0)
FROM unnest(%s::bigint[]) AS w(item_id)
"""  # noqa: S608 - put together from the statements above


def positions(store_id: int, item_ids: Sequence[int], *, but: int | None = None) -> dict[int, Position]:
    """Stock of items in a store, ordered and planned included; ``but`` leaves one plan out."""
    from hrp.platform.base import clock

    found = sql.rows(
        POSITIONS_SQL,
        [store_id, store_id, store_id, but or 0, store_id, store_id, clock.today(), sorted({i for i in item_ids if i})],
    )  # fmt: skip
    return {item: Position(*numbers) for item, *numbers in found}


def open_plans(store_id: int, item_ids: Sequence[int], *, but: int | None) -> dict[int, str]:
    """Items that stand in another open plan of the store, with its number."""
    rows = sql.rows(
        f"SELECT item_id, min(number) FROM ({PLANNED_SQL}) p"  # noqa: S608 - our own statement
        " WHERE store_id = %s AND item_id = ANY(%s) AND id <> %s GROUP BY 1",
        [store_id, sorted({i for i in item_ids if i}), but or 0],
    )
    return dict(rows)
