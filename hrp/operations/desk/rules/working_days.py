"""Working-day arithmetic for day-counted contract dates (I-12): day 0 not counted, ends at 24:00 of the last day."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from hrp.platform.base.clock import HOSPITAL_ZONE

FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
"""Month and day of the statutory holidays with a fixed solar date (全国年节及纪念日放假办法, 2025 edition)."""

LAST_MOMENT = dt.time(23, 59, 59, 999999)


class WorkCalendar(Protocol):
    """The State Council calendar with make-up workdays (调休上班)."""

    @property
    def version(self) -> str:
        """Which notices a date rested on."""
        ...

    def workday(self, day: dt.date) -> bool | None:
        """Whether ``day`` is worked; None when the notice of its year has not been loaded."""
        ...


def due_after(start: dt.datetime, days: int, calendar: WorkCalendar) -> tuple[dt.datetime, bool]:
    """End of the ``days``-th working day after the day of ``start``, and whether every day on the way was official.

    Where a year's notice is missing the date is provisional: Monday to Friday less the holidays whose solar date is
    fixed by law. A provisional date informs; no verdict may rest on it.
    """
    day, counted, official = start.astimezone(HOSPITAL_ZONE).date(), 0, True
    while counted < days:
        day += dt.timedelta(days=1)
        worked = calendar.workday(day)
        if worked is None:
            official = False
            worked = day.weekday() < 5 and (day.month, day.day) not in FIXED_HOLIDAYS
        counted += worked
    return dt.datetime.combine(day, LAST_MOMENT, HOSPITAL_ZONE), official
