"""What is charged, what was paid and what is there: read when prices are adjusted. Queries only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from hrp.platform.base import sql

SALE_SQL = """
SELECT DISTINCT ON (s.item_id) s.item_id, s.price, s.valid_from, s.source FROM logistics_sale_price s
WHERE s.item_id = ANY(%s) AND s.valid_from <= %s AND s.reverses_id IS NULL
  AND NOT EXISTS (SELECT FROM logistics_sale_price r WHERE r.reverses_id = s.id)
ORDER BY s.item_id, s.valid_from DESC
"""

# the dearest agreement in force on the day; without any, what was paid last
PURCHASE_SQL = """
SELECT i.id, coalesce(
    (SELECT max(a.price) FROM logistics_agreement a
     WHERE a.item_id = i.id AND a.valid_from <= %s AND (a.valid_to IS NULL OR a.valid_to >= %s)),
    (SELECT l.price FROM logistics_receipt_line l JOIN logistics_receipt d ON d.id = l.document_id AND d.state = 'posted'
     WHERE l.item_id = i.id AND d.origin = 'purchase' AND l.price > 0 AND d.business_date <= %s
     ORDER BY d.business_date DESC, d.id DESC, l.position LIMIT 1))
FROM logistics_item i WHERE i.id = ANY(%s)
"""

# moves before the day: the stock its morning finds, the same whenever it is asked
MORNING_SQL = """
SELECT m.store_id, m.item_id, sum(m.quantity) FROM logistics_move m
WHERE m.item_id = ANY(%s) AND m.date < %s GROUP BY 1, 2 HAVING sum(m.quantity) <> 0 ORDER BY 1, 2
"""

LATEST = dt.date.max


@dataclass(frozen=True)
class Charged:
    """A sale price in force: since when, and by which adjustment."""

    price: Decimal
    since: dt.date
    source: str


def sale_prices(item_ids: Sequence[int], on: dt.date) -> dict[int, Charged]:
    """The sale price of each item on a day; items without one are left out. With ``LATEST``, the last one decided."""
    return {item: Charged(*rest) for item, *rest in sql.rows(SALE_SQL, [list(item_ids), on])}


def purchase_prices(item_ids: Sequence[int], on: dt.date) -> dict[int, Decimal]:
    """What a base unit costs the hospital on a day, tax included."""
    rows = sql.rows(PURCHASE_SQL, [on, on, on, list(item_ids)])
    return {item: price for item, price in rows if price is not None}


def morning_stock(item_ids: Sequence[int], day: dt.date) -> list[tuple[int, int, Decimal]]:
    """(store, item, quantity) when a day begins, goods on their way among them."""
    return list(sql.rows(MORNING_SQL, [list(item_ids), day]))
