"""The one seam through which the product reads the time.

Instants are aware and compared exactly; business dates are dates in the hospital's zone (Asia/Shanghai, which
has known no daylight saving since 1991), never in the server's zone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from zoneinfo import ZoneInfo

HOSPITAL_ZONE = ZoneInfo("Asia/Shanghai")

_pinned: ContextVar[dt.datetime | None] = ContextVar("pinned_clock", default=None)


def now() -> dt.datetime:
    """The current instant, in UTC."""
    return _pinned.get() or dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """The current business date of the hospital."""
    return now().astimezone(HOSPITAL_ZONE).date()


def local(instant: dt.datetime) -> dt.datetime:
    """The same instant on the hospital's wall clock."""
    return instant.astimezone(HOSPITAL_ZONE)


def at(day: dt.date, hour: int = 9, minute: int = 0) -> dt.datetime:
    """The instant of a wall-clock time of the hospital."""
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=HOSPITAL_ZONE)


def start_of_day(day: dt.date) -> dt.datetime:
    """The first instant of a day of the hospital."""
    return at(day, 0)


@contextmanager
def pinned(instant: dt.datetime) -> Iterator[None]:
    """Let the product live at ``instant``: for the demo hospital's past and for tests, never for real acts."""
    token = _pinned.set(instant)
    try:
        yield
    finally:
        _pinned.reset(token)
