"""What a stocktake or a scrapping leaves on 待处理财产损溢 (1902): written with it, undone with it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.counting.models import PendingLoss
from hrp.platform.base import sql
from hrp.platform.base.refusals import Conflict
from hrp.platform.ledger.drafts import EntryDraft, LineDraft

PENDING_ACCOUNT = "1902"

ACCOUNTS_SQL = """
SELECT i.id, a.code FROM logistics_item i JOIN logistics_class c ON c.id = i.material_class_id
JOIN ledger_account a ON a.id = c.inventory_account_id WHERE i.id = ANY(%s)
"""


@dataclass(frozen=True)
class Found:
    """A signed change of stock by one line: a loss negative."""

    position: int
    item_id: int
    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Booked:
    """Signed change per inventory account, in yuan, and the fund it belongs to."""

    by_account: Mapping[str, Decimal]
    fund: str


def record(
    found: Sequence[Found], *, source: str, store_id: int, fund_id: int, fund: str, on: dt.date
) -> Booked:
    """Put every line on the list of what has to be decided; what is to be booked."""
    PendingLoss.objects.bulk_create(
        PendingLoss(
            source=source, line_position=one.position, store_id=store_id, item_id=one.item_id, fund_id=fund_id,
            quantity=one.quantity, amount=one.amount, date=on,
        )
        for one in found
    )  # fmt: skip
    accounts = dict(sql.rows(ACCOUNTS_SQL, [[one.item_id for one in found]]))
    by_account: dict[str, Decimal] = defaultdict(Decimal)
    for one in found:
        by_account[accounts[one.item_id]] += one.amount
    return Booked(dict(by_account), fund)


def entries(booked: Booked, *, on: dt.date, text: str) -> list[EntryDraft]:
    """Dr 1902, Cr inventory for losses; the other way round for gains."""
    lines = [
        LineDraft(account=account, amount=amount, fund=booked.fund)
        for account, amount in sorted(booked.by_account.items())
        if amount
    ]
    if not lines:
        return []
    whole = sum((line.amount for line in lines), Decimal(0))
    if whole:
        lines.append(LineDraft(account=PENDING_ACCOUNT, amount=-whole, fund=booked.fund))
    return [EntryDraft(on, text, lines)]


def undo(*, source: str) -> None:
    """Take a document's lines off the list. Raises Conflict when something of them is decided already."""
    rows = sql.rows(
        "SELECT settled FROM logistics_pending_loss WHERE source = %s AND NOT is_undone ORDER BY id FOR UPDATE",
        [source],
    )
    if any(settled for (settled,) in rows):
        raise Conflict("所涉损溢已处理，不能红冲", code="settled", way_out="请先红冲损溢处理单。")
    sql.run("UPDATE logistics_pending_loss SET is_undone = true WHERE source = %s", [source])
