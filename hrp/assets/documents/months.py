"""Which month a document changes depreciation from, and that this month was not run yet.

A document that changes depreciation shares the lock of its hospital with others of its kind; a run holds it alone. So no
card is booked into a month while the month is run.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from hrp.assets import parameters
from hrp.assets.rules.months import Month
from hrp.assets.subledger import running
from hrp.assets.subledger.cards import Card
from hrp.platform.base.refusals import Conflict


def effective(on: dt.date) -> Month:
    """The first month that knows of what is posted on a day (government: the month itself)."""
    return parameters.convention(on).first(Month.holding(on))


def require_depreciated(cards: Iterable[Card], month: Month, hospital_id: int) -> None:
    """Refuses (``not_run_yet``) where depreciation up to ``month`` is due on a card and was not booked yet."""
    cards = list(cards)
    last, due = running.last_month(hospital_id), running.first_due(hospital_id)
    if due is None or month < due or (last is not None and last >= month):
        return
    waiting = [card for card in cards if _waits(card, month, last)]
    if waiting:
        first = last + 1 if last is not None else due
        raise Conflict(
            f"{waiting[0].asset} 的累计折旧应提至 {month}，{first} 起的折旧尚未计提", code="not_run_yet",
            way_out=f"请先按月计提折旧至 {month}，再办理。",
        )  # fmt: skip


def _waits(card: Card, month: Month, last: Month | None) -> bool:
    before = last if last is not None else Month(0)
    return any(
        line.plan is not None
        and (
            line.plan.first <= month
            if line.units is not None
            else line.accumulated(month) != line.accumulated(before)
        )
        for line in card.lines
    )


def require_not_run(hospital_id: int, month: Month) -> None:
    """Refuses (``already_run``) to change the depreciation of a month that was run; no run begins until the end."""
    running.hold(hospital_id)
    last = running.last_month(hospital_id)
    if last is not None and last >= month:
        raise Conflict(
            f"{last} 的折旧已计提，不能再改变 {month} 的折旧", code="already_run",
            way_out=f"请先红冲 {last} 的折旧计提单，再办理；或把业务日期改到下月。",
        )  # fmt: skip
