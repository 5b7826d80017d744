"""How long the record of an inspection is kept (医疗器械使用质量监督管理办法: life +2 years, large +5 years, implants for ever)."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from hrp.logistics.rules.expiry import NO_EXPIRY

YEARS_WITHOUT_EXPIRY = 5


class Retention(StrEnum):
    LIFE_PLUS_2 = "life_plus_2"
    LARGE_PLUS_5 = "large_plus_5"
    PERMANENT = "permanent"


def retention_of(*, implant: bool, large: bool) -> Retention:
    """The class of a line."""
    if implant:
        return Retention.PERMANENT
    return Retention.LARGE_PLUS_5 if large else Retention.LIFE_PLUS_2


def keep_until(retention: Retention, *, arrived: dt.date, expiry: dt.date | None) -> dt.date | None:
    """The last day the record must be kept; None for ever.

    Without an expiry the use is counted as ended five years after arrival: nobody may throw away earlier.
    """
    if retention == Retention.PERMANENT:
        return None
    end = expiry if expiry and expiry < NO_EXPIRY else years_later(arrived, YEARS_WITHOUT_EXPIRY)
    return years_later(end, 5 if retention == Retention.LARGE_PLUS_5 else 2)


def years_later(day: dt.date, years: int) -> dt.date:
    """The same day so many years later; 29 February becomes 28 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
