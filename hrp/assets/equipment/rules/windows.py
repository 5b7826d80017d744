"""Hours of something within a span of time."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

SECONDS = Decimal(3600)


def hours(begin: dt.datetime, end: dt.datetime) -> Decimal:
    return Decimal((end - begin) // dt.timedelta(seconds=1)) / SECONDS


def overlap(begin: dt.datetime, end: dt.datetime | None, since: dt.datetime, until: dt.datetime) -> Decimal:
    """Hours of [begin, end) that lie in [since, until); what has no end yet lasts to ``until``."""
    first, last = max(begin, since), min(end or until, until)
    return hours(first, last) if last > first else Decimal(0)
