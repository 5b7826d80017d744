"""Goods on their way between two stores: what of a transfer has not arrived yet, and at what amount."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.models import Store
from hrp.platform.base import sql
from hrp.platform.base.refusals import Conflict

# dispatches (positive) and receipts (negative, with the position of the dispatch) of one transfer, reversals included
OPEN_SQL = """
SELECT m.line_position, m.item_id, m.batch_id, sum(m.quantity), sum(m.amount) FROM logistics_move m
JOIN logistics_store s ON s.id = m.store_id
WHERE s.kind = 'transit' AND (m.source = %s OR m.source IN (
    SELECT 'logistics.transfer_receipt:' || r.id FROM logistics_transfer_receipt r WHERE r.transfer_id = %s))
GROUP BY 1, 2, 3 HAVING sum(m.quantity) <> 0 ORDER BY 1, 3
"""


@dataclass(frozen=True)
class OnTheWay:
    """What of one line and batch of a transfer has not been received."""

    position: int
    item_id: int
    batch_id: int
    quantity: Decimal
    amount: Decimal


def transit_store(campus_id: int) -> int:
    """The store 在途 of a campus. Raises Conflict when the campus has none."""
    found = sql.row(
        "SELECT id FROM logistics_store WHERE kind = %s AND campus_id = %s", [Store.Kind.TRANSIT, campus_id]
    )
    if found is None:
        raise Conflict(
            "本院区没有“在途”库，不能调拨", code="no_transit_store",
            way_out="请在 基础资料 → 库房 中为本院区建立一个级别为“在途”的库房。",
        )  # fmt: skip
    return int(found[0])


def open_of(transfer_id: int, source: str) -> list[OnTheWay]:
    """What of a transfer is still on its way, by line and batch."""
    return [OnTheWay(*row) for row in sql.rows(OPEN_SQL, [source, transfer_id])]
