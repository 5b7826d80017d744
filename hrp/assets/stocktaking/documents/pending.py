"""What missing and found assets leave on 待处理财产损溢 (1902): written when they are booked, undone with it."""

from __future__ import annotations

from typing import Any

from hrp.assets.documents.booking import Booking
from hrp.assets.documents.write_off import Way as WriteOffWay
from hrp.assets.documents.write_off import WriteOff
from hrp.assets.gates import Gate, Moment
from hrp.assets.stocktaking.models import PendingLoss
from hrp.platform.base import sql
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents.spec import PostingContext

# what a write-off took off the books is a loss of as much; what the booking of a found card put there is a gain
WRITE_SQL = """
INSERT INTO assets_pending_loss (source, asset_id, fund_id, amount, settled, date, is_undone)
SELECT m.source, m.asset_id, s.fund_id, sum(m.cost - m.accumulated), 0, %s, false
FROM assets_move m JOIN assets_funding l ON l.id = m.line_id JOIN assets_source s ON s.id = l.source_id
JOIN assets_asset a ON a.id = m.asset_id
WHERE m.source = %s AND m.kind = %s AND (%s OR a.way = 'found')
GROUP BY m.source, m.asset_id, s.fund_id HAVING sum(m.cost - m.accumulated) <> 0
"""


def _lost(document: WriteOff, ctx: PostingContext) -> None:
    if document.way == WriteOffWay.LOSS:
        sql.run(WRITE_SQL, [ctx.on, ctx.source, "write_off", True])


def _gained(document: Booking, ctx: PostingContext) -> None:
    sql.run(WRITE_SQL, [ctx.on, ctx.source, "booking", False])


def _undone(document: Any, ctx: PostingContext) -> None:
    rows = list(PendingLoss.objects.select_for_update().filter(source=document.source, is_undone=False))
    decided = [row for row in rows if row.settled]
    if decided:
        raise Conflict(
            f"{decided[0].asset} 的损溢已处理 {abs(decided[0].settled):,.2f} 元，不能红冲", code="settled",
            way_out="请先红冲盘亏盘盈处理单。",
        )  # fmt: skip
    PendingLoss.objects.filter(pk__in=[row.pk for row in rows]).update(is_undone=True)


GATES = (
    Gate("pending_loss", Moment.WRITE_OFF, apply=_lost, mirror=_undone),
    Gate("pending_gain", Moment.BOOKING, apply=_gained, mirror=_undone),
)
