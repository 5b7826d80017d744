"""The one seam through which the product reads the time.

Instants are aware and compared exactly; business dates are dates in the hospital's zone (Asia/Shanghai, which
has known no daylight saving since 1991), never in the server's zone.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

HOSPITAL_ZONE = ZoneInfo("Asia/Shanghai")


def now() -> dt.datetime:
    """The current instant, in UTC."""
    return dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """The current business date of the hospital."""
    return now().astimezone(HOSPITAL_ZONE).date()


def local(instant: dt.datetime) -> dt.datetime:
    """The same instant on the hospital's wall clock."""
    return instant.astimezone(HOSPITAL_ZONE)
