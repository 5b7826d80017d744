"""Which days a service report covers: months, contract quarters counted from the year's start (I-13), whole years."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import Literal

Kind = Literal["monthly", "quarterly", "annual"]

KIND_TITLES: dict[Kind, str] = {
    "monthly": "月度服务报告",
    "quarterly": "季度服务报告",
    "annual": "年度服务报告",
}
_MONTHS: dict[Kind, int] = {"monthly": 1, "quarterly": 3, "annual": 12}


@dataclass(frozen=True)
class Days:
    """A span of days, both included."""

    kind: Kind
    first: dt.date
    last: dt.date

    def __str__(self) -> str:
        return f"{self.first:%Y-%m-%d} 至 {self.last:%Y-%m-%d}"


def plus_months(day: dt.date, months: int) -> dt.date:
    """The same day ``months`` later, or the last day of that month when it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def spans(kind: Kind, starts_on: dt.date, ends_on: dt.date) -> list[Days]:
    """The spans of one annual contract, in order; together they cover each of its days once.

    Counted from the contract's first day, so a contract that starts on the 15th has quarters that start on the 15th.
    The last span is cut at the contract's last day.
    """
    step, found, place = _MONTHS[kind], [], 0
    while (first := plus_months(starts_on, place * step)) <= ends_on:
        place += 1
        last = min(plus_months(starts_on, place * step) - dt.timedelta(days=1), ends_on)
        found.append(Days(kind, first, last))
    return found
