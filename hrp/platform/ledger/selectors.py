"""Every read of the journal that has a name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import QuerySet

from hrp.platform.base import sql
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.ledger.drafts import EntryDraft, LineDraft
from hrp.platform.ledger.models import Account, Entry, Fund, Line, Period


@dataclass(frozen=True)
class OpenPeriod:
    """An open period, locked FOR SHARE until the end of the transaction that asked for it."""

    id: int
    book_id: int
    first_day: dt.date
    last_day: dt.date


_account_ids: dict[str, int] = {}
_fund_ids: dict[str, int] = {}


def forget_cached_codes() -> None:
    """Drop the per-process code caches (used when a process switches databases)."""
    _account_ids.clear()
    _fund_ids.clear()


def account_ids(codes: Iterable[str]) -> dict[str, int]:
    """Ids by account code. Codes never change or disappear, so what was found once is kept."""
    missing = {code for code in codes if code not in _account_ids}
    if missing:
        _account_ids.update(Account.objects.filter(code__in=missing).values_list("code", "id"))
        unknown = sorted(missing - _account_ids.keys())
        if unknown:
            raise Invalid(
                f"科目不存在：{'、'.join(unknown)}",
                way_out="请在 成本 → 会计科目 中先建立该科目。",
                code="account_unknown",
            )
    return _account_ids


def fund_ids() -> dict[str, int]:
    if not _fund_ids:
        _fund_ids.update(Fund.objects.values_list("code", "id"))
    return _fund_ids


def lock_open_period(campus_id: int, day: dt.date) -> OpenPeriod:
    """The open period of ``day`` in the book of the campus's hospital, locked FOR SHARE. Raises Conflict.

    The lock keeps the period from closing under the posting that asked for it.
    """
    row = sql.row(
        "SELECT p.id, p.book_id, p.first_day, p.last_day, p.state FROM ledger_period p"
        " JOIN ledger_book b ON b.id = p.book_id JOIN org_campus c ON c.hospital_id = b.hospital_id"
        " WHERE c.id = %s AND %s BETWEEN p.first_day AND p.last_day FOR SHARE OF p",
        [campus_id, day],
    )
    if row is None:
        raise Conflict(
            f"{day:%Y-%m} 没有会计期间",
            way_out="请财务在 成本 → 会计期间 中开启该月，或更改业务日期。",
            code="period_missing",
        )
    if row[4] != Period.State.OPEN:
        raise Conflict(
            f"会计期间 {day:%Y-%m} 已结账，不能记账",
            way_out="请把业务日期改到未结账的月份；确需补记上月，请财务反结账。",
            code="period_closed",
        )
    return OpenPeriod(*row[:4])


def drafts_of(source: str, *, kind: str) -> list[EntryDraft]:
    """The entries a document left, as drafts again, in the order they were recorded."""
    drafts = []
    for entry in Entry.objects.filter(source=source, kind=kind).order_by("part"):
        lines = entry.lines.order_by("position").select_related("account", "fund")
        drafts.append(
            EntryDraft(
                date=entry.date,
                text=entry.text,
                lines=tuple(
                    LineDraft(
                        account=line.account.code,
                        amount=line.amount,
                        org_unit_id=line.org_unit_id,
                        fund=line.fund.code if line.fund else "",
                        quantity=line.quantity,
                        counter_unit_id=line.counter_unit_id,
                        memo=line.memo,
                    )
                    for line in lines
                ),
            )
        )
    return drafts


def entries_of(source: str) -> QuerySet[Entry]:
    """Entries of a document, oldest first, with their lines at hand."""
    return Entry.objects.filter(source=source).select_related("period", "actor").order_by("id")


def lines_of(entry_id: int) -> QuerySet[Line]:
    return (
        Line.objects.filter(entry_id=entry_id)
        .select_related("account", "org_unit", "counter_unit", "fund")
        .order_by("position")
    )


def balance(account_code: str, *, until: dt.date) -> Decimal:
    """Balance of an account at the end of a day, in yuan."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(l.amount), 0) FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id"
            " JOIN ledger_account a ON a.id = l.account_id WHERE a.code = %s AND e.date <= %s",
            [account_code, until],
        )
        return Decimal(cursor.fetchone()[0])


def current_period(hospital_id: int) -> Period | None:
    """The newest open period of a hospital: what the chip in the top bar shows."""
    return (
        Period.objects.filter(book__hospital_id=hospital_id, state=Period.State.OPEN)
        .order_by("first_day")
        .last()
    )
