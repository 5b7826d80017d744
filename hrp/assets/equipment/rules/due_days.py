"""Days on which something recurring falls due, and whether it was done in time."""

from __future__ import annotations

import calendar
import datetime as dt


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day some months on, the last of the month where there is none such."""
    whole = day.year * 12 + day.month - 1 + months
    year, month = divmod(whole, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def series(first: dt.date, *, months: int, days: int, until: dt.date) -> list[dt.date]:
    """Every day from ``first`` to ``until``, ``months`` (or else ``days``) apart; each counted from the first."""
    found: list[dt.date] = []
    day = first
    while day <= until:
        found.append(day)
        step = len(found)
        day = months_later(first, months * step) if months else first + dt.timedelta(days=days * step)
    return found


def in_time(done: dt.date | None, due: dt.date, *, grace: int) -> bool:
    """Whether it was done by the day it was due, with days of grace."""
    return done is not None and done <= due + dt.timedelta(days=grace)
