"""Verbs of the journal: record an entry, open and close a period."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction

from hrp.platform.audit import services as audit
from hrp.platform.base import clock, health, sql
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.ledger import closing, selectors
from hrp.platform.ledger.drafts import EntryDraft, mirrored
from hrp.platform.ledger.models import Book, Entry, Period

if TYPE_CHECKING:
    from hrp.platform.access.models import User

RECORD_SQL = """
WITH e AS (
    INSERT INTO ledger_entry (book_id, period_id, date, source, kind, part, text, actor_id, recorded_at, xact_id)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 0) RETURNING id
), l AS (
    INSERT INTO ledger_line
        (entry_id, position, account_id, org_unit_id, counter_unit_id, fund_id, amount, quantity, memo)
    SELECT e.id, t.position, t.account, t.unit, t.counter, t.fund, t.amount, t.quantity, t.memo
    FROM e, unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::numeric[], %s::numeric[], %s::text[])
        WITH ORDINALITY AS t(account, unit, counter, fund, amount, quantity, memo, position)
)
SELECT id FROM e
"""


def record(
    drafts: Iterable[EntryDraft], *, period: selectors.OpenPeriod, source: str, kind: str, actor: User
) -> list[int]:
    """Write entries in one round trip each and return their ids. The caller's transaction must hold ``period``."""
    ids: list[int] = []
    for part, draft in enumerate(drafts, start=1):
        if draft.difference != 0:
            raise Invalid(
                f"凭证“{draft.text}”借贷不平，差额 {draft.difference} 元", code="unbalanced",
                way_out="请核对分录金额；系统生成的凭证不平属程序缺陷，请报修。",
            )  # fmt: skip
        accounts = selectors.account_ids(line.account for line in draft.lines)
        funds = selectors.fund_ids()
        lines = draft.lines
        [(entry_id,)] = sql.rows(
                RECORD_SQL,
                [
                    period.book_id, period.id, draft.date, source, kind, part, draft.text[:200], actor.pk, clock.now(),
                    [accounts[line.account] for line in lines],
                    [line.org_unit_id for line in lines],
                    [line.counter_unit_id for line in lines],
                    [funds[line.fund] if line.fund else None for line in lines],
                    [line.amount for line in lines],
                    [line.quantity for line in lines],
                    [line.memo for line in lines],
                ],
            )  # fmt: skip
        ids.append(entry_id)
    return ids


def mirror(*, source: str, period: selectors.OpenPeriod, on: dt.date, text: str, actor: User) -> list[int]:
    """Book the exact mirror of every entry ``source`` left when it was posted."""
    originals = selectors.drafts_of(source, kind=Entry.Kind.POST)
    return record(
        [mirrored(draft, on=on, text=text) for draft in originals],
        period=period,
        source=source,
        kind=Entry.Kind.REVERSE,
        actor=actor,
    )


@transaction.atomic
def open_period(*, book: Book, year: int, month: int, actor: User) -> Period:
    """Open an accounting month. Months of a book follow one another without a gap."""
    first = dt.date(year, month, 1)
    last = dt.date(year, month, calendar.monthrange(year, month)[1])
    latest = Period.objects.select_for_update().filter(book=book).order_by("-first_day").first()
    if latest and latest.last_day + dt.timedelta(days=1) != first:
        following = latest.last_day + dt.timedelta(days=1)
        raise Conflict(
            f"不能开启 {first:%Y-%m}：最近的会计期间是 {latest}", way_out=f"请先开启 {following:%Y-%m}。",
            code="period_gap",
        )  # fmt: skip
    period = Period.objects.create(book=book, first_day=first, last_day=last)
    audit.record(
        actor=actor, act="period.open", target=f"ledger.period:{period.pk}", summary=f"开启会计期间 {period}"
    )
    return period


@transaction.atomic
def close_period(*, period: Period, actor: User) -> Period:
    """Close a month: earlier months are closed, modules are ready, and every registered invariant holds.

    Raises Conflict with what is not ready or the broken invariants by name; nothing is changed then.
    """
    period = Period.objects.select_for_update().get(pk=period.pk)
    if period.state == Period.State.CLOSED:
        raise Conflict(f"会计期间 {period} 已经结账", code="period_closed")
    earlier = Period.objects.filter(
        book=period.book, first_day__lt=period.first_day, state=Period.State.OPEN
    ).first()
    if earlier:
        raise Conflict(
            f"不能结账：{earlier} 尚未结账", way_out=f"请先结账 {earlier}。", code="earlier_period_open"
        )
    unready = closing.unready(period)
    outcomes = health.run()
    broken = [Problem(o.words()) for o in outcomes if o.state != "ok"]
    if unready or broken:
        raise Conflict(
            f"{period} 结账前检查未通过：{len(unready)} 项未完成，{len(broken)} 项不变量不成立",
            way_out="请先完成未完成的各项；不变量不成立的逐项处理后重新结账，无法处理时请联系运维。",
            problems=[*unready, *broken],
            code="invariant_broken" if broken else "not_ready",
        )
    period.state = Period.State.CLOSED
    period.closed_at = clock.now()
    period.closed_by = actor
    period.save(update_fields=["state", "closed_at", "closed_by"])
    audit.record(
        actor=actor, act="period.close", target=f"ledger.period:{period.pk}", summary=f"结账 {period}",
        data={"invariants": {o.id: o.state for o in outcomes}},
    )  # fmt: skip
    return period


@transaction.atomic
def reopen_period(*, period: Period, actor: User, reason: str) -> Period:
    """反结账: only the newest closed month, with a reason."""
    period = Period.objects.select_for_update().get(pk=period.pk)
    if period.state == Period.State.OPEN:
        raise Conflict(f"会计期间 {period} 未结账，无需反结账", code="period_open")
    if not reason.strip():
        raise Invalid("反结账必须说明原因", problems=[Problem("请填写原因", field="reason")])
    later = Period.objects.filter(
        book=period.book, first_day__gt=period.first_day, state=Period.State.CLOSED
    ).first()
    if later:
        raise Conflict(f"只能反结账最近一个已结账期间：{later} 也已结账", way_out=f"请先反结账 {later}。")
    period.state = Period.State.OPEN
    period.closed_at = None
    period.closed_by = None
    period.save(update_fields=["state", "closed_at", "closed_by"])
    audit.record(
        actor=actor,
        act="period.reopen",
        target=f"ledger.period:{period.pk}",
        summary=f"反结账 {period}：{reason}",
    )
    return period
