"""Terms and due days of leases. Pure."""

from __future__ import annotations

import calendar
import datetime as dt


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day of a later month, or its last day."""
    number = day.year * 12 + day.month - 1 + months
    year, month = number // 12, number % 12 + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def due_days(first: dt.date, last: dt.date, every: int) -> list[dt.date]:
    """When rent is due: on the first day and every so many months after it, as long as the term lasts; once with 0."""
    days = [first]
    while every and (day := months_later(first, every * len(days))) <= last:
        days.append(day)
    return days


def term_months(first: dt.date, last: dt.date) -> int:
    """Whole months of a term, both days belonging to it; one at least."""
    months = 0
    while months_later(first, months + 1) - dt.timedelta(days=1) <= last:
        months += 1
    return max(months, 1)


def longest_life(term: int, useful: int | None, *, passes: bool) -> int | None:
    """准则第3号应用指南: the useful life where ownership passes with certainty, else the shorter of term and useful life."""
    if passes:
        return useful
    return term if useful is None else min(term, useful)
