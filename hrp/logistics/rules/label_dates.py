"""Dates as labels print them: YYMMDD or YYYYMMDD, day 00 for the last of the month, and the century of two digits."""

from __future__ import annotations

import calendar
import datetime as dt


def label_date(digits: str, *, reference_year: int) -> dt.date:
    """Date of six or eight digits. Raises ValueError when there is no such day (month 13, 29 February 2099)."""
    if len(digits) not in (6, 8) or not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"{digits!r} is not YYMMDD or YYYYMMDD")
    month, day = int(digits[-4:-2]), int(digits[-2:])
    year = int(digits[:4]) if len(digits) == 8 else full_year(int(digits[:2]), reference_year=reference_year)
    if not 1 <= month <= 12:
        raise ValueError(f"month {month}")
    return dt.date(year, month, day or calendar.monthrange(year, month)[1])


def full_year(two_digits: int, *, reference_year: int) -> int:
    """The year of two digits that lies from 49 years before to 50 after the reference year (GS1 §7.12; UDI-25, -26)."""
    ahead = two_digits - reference_year % 100
    century = reference_year - reference_year % 100
    if ahead >= 51:
        century -= 100
    elif ahead <= -50:
        century += 100
    return century + two_digits


def is_label_date(digits: str) -> bool:
    """Whether six digits could be a date at all, in any century."""
    try:
        label_date(digits, reference_year=2000)
    except ValueError:
        return False
    return True
