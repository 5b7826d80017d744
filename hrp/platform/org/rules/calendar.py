"""Working-day arithmetic with the State Council's calendar (调休).

Day counting follows 民法典 201 and 203: the day an event happens is not counted, a term of days ends at 24:00 of its
last day, in the hospital's zone. A day of an unknown year refuses with code ``calendar_missing``; nothing ever falls
back to Monday-Friday.
"""

from __future__ import annotations

import calendar
import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from hrp.platform.base.refusals import Conflict

ZONE = ZoneInfo("Asia/Shanghai")
ONE_DAY = dt.timedelta(days=1)


class DayKind(enum.StrEnum):
    """What a day is. Make-up days are worked although they fall on a weekend."""

    WORKDAY = "workday"
    RESTDAY = "restday"
    HOLIDAY = "holiday"
    MAKEUP = "makeup"

    @property
    def label(self) -> str:
        return {"workday": "工作日", "restday": "休息日", "holiday": "节假日", "makeup": "调休上班"}[
            self.value
        ]

    @property
    def is_worked(self) -> bool:
        return self in (DayKind.WORKDAY, DayKind.MAKEUP)


def weekly_kind(day: dt.date) -> DayKind:
    """What the day would be without any notice. Only for laying out a year that *has* a notice."""
    return DayKind.RESTDAY if day.weekday() >= 5 else DayKind.WORKDAY


@dataclass(frozen=True)
class WorkCalendar:
    """The days of all known years. ``revisions`` maps year to the revision of its import, for verdicts to keep."""

    days: Mapping[dt.date, DayKind]
    revisions: Mapping[int, int]

    def kind(self, day: dt.date) -> DayKind:
        if day.year not in self.revisions or day not in self.days:
            raise Conflict(
                f"{day.year} 年的工作日历尚未导入，无法判断 {day.isoformat()} 是否工作日。",
                code="calendar_missing",
                way_out=f"请系统管理员按国务院办公厅关于 {day.year} 年部分节假日安排的通知导入日历后重试。",
            )
        return self.days[day]

    def is_workday(self, day: dt.date) -> bool:
        return self.kind(day).is_worked

    def next_workday(self, day: dt.date) -> dt.date:
        """The first working day after ``day``."""
        return self.add_working_days(day, 1)

    def on_or_after(self, day: dt.date) -> dt.date:
        """``day`` itself when worked, else the next working day (民法典 203: a term ending on a rest day)."""
        return day if self.is_workday(day) else self.next_workday(day)

    def add_working_days(self, day: dt.date, n: int) -> dt.date:
        """The ``n``-th working day after ``day`` (``day`` itself is not counted); before it when ``n`` is negative.

        ``n`` = 0 gives ``day`` unchanged, worked or not.
        """
        step = ONE_DAY if n > 0 else -ONE_DAY
        left = abs(n)
        while left:
            day += step
            if self.is_workday(day):
                left -= 1
        return day

    def working_days_between(self, start: dt.date, end: dt.date) -> int:
        """Working days in (start, end]: ``start`` is not counted, ``end`` is. Negative when ``end`` < ``start``."""
        if end < start:
            return -self.working_days_between(end, start)
        count, day = 0, start
        while day < end:
            day += ONE_DAY
            count += self.is_workday(day)
        return count

    def working_days_in(self, first: dt.date, last: dt.date) -> int:
        """Working days in [first, last], both counted."""
        return self.working_days_between(first - ONE_DAY, last) if first <= last else 0

    def working_day_deadline(self, instant: dt.datetime, n: int) -> dt.datetime:
        """The instant at which a term of ``n`` working days from ``instant`` ends: 24:00 of its last day."""
        return end_of_day(self.add_working_days(local_date(instant), n))


def local_date(instant: dt.datetime) -> dt.date:
    """The hospital's date of an aware instant."""
    if instant.tzinfo is None:
        raise ValueError("instant without time zone")
    return instant.astimezone(ZONE).date()


def end_of_day(day: dt.date) -> dt.datetime:
    """24:00 of ``day`` in the hospital's zone, that is 00:00 of the next day."""
    return dt.datetime.combine(day + ONE_DAY, dt.time(), tzinfo=ZONE)


def calendar_day_deadline(instant: dt.datetime, n: int) -> dt.datetime:
    """The instant at which a term of ``n`` calendar days from ``instant`` ends."""
    return end_of_day(local_date(instant) + n * ONE_DAY)


def month_first(day: dt.date) -> dt.date:
    return day.replace(day=1)


def month_last(day: dt.date) -> dt.date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def add_months(day: dt.date, n: int) -> dt.date:
    """The same day ``n`` months later, or the last day of that month when it is shorter (民法典 202)."""
    index = day.year * 12 + day.month - 1 + n
    first = dt.date(index // 12, index % 12 + 1, 1)
    return first.replace(day=min(day.day, month_last(first).day))
