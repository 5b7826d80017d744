"""Expiry: the last day goods may be used, and what may still be done with them afterwards (cases EXP-01, EXP-02)."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Sequence
from enum import StrEnum
from fractions import Fraction

from hrp.platform.base.refusals import Invalid

NO_EXPIRY = dt.date(9999, 12, 31)


class ExpiryMode(StrEnum):
    """How an item's label is to be read."""

    LAST_USABLE_DAY = "last_usable_day"  # 有效期至：当日仍可使用
    FIRST_UNUSABLE_DAY = "first_unusable_day"  # 失效日期：当日起不得使用


class Movement(StrEnum):
    DEPT_ISSUE = "dept_issue"
    PATIENT_USE = "patient_use"
    TRANSFER = "transfer"
    TRANSFER_TO_QUARANTINE = "transfer_to_quarantine"
    SUPPLIER_RETURN = "supplier_return"
    SCRAP = "scrap"
    COUNT_ADJUST = "count_adjust"


#: Ways out that stay open: goods nobody may use must still be able to leave.
WAYS_OUT = frozenset(
    {Movement.TRANSFER_TO_QUARANTINE, Movement.SUPPLIER_RETURN, Movement.SCRAP, Movement.COUNT_ADJUST}
)


def last_usable_day(
    expiry: dt.date,
    *,
    sterile_expiry: dt.date | None = None,
    mode: ExpiryMode = ExpiryMode.LAST_USABLE_DAY,
) -> dt.date:
    """The earlier of device and sterile expiry, read by the item's mode."""
    day = expiry if sterile_expiry is None else min(expiry, sterile_expiry)
    if mode == ExpiryMode.FIRST_UNUSABLE_DAY and day < NO_EXPIRY:
        return day - dt.timedelta(days=1)
    return day


def allowed(
    movements: Iterable[str], *, usable_until: dt.date, on: dt.date, held: bool = False
) -> list[Movement]:
    """Which of the movements are allowed on a day, in their order.

    Goods past their last usable day, or held (frozen, quarantined, recalled), may only leave by :data:`WAYS_OUT`.
    Raises ValueError on a movement that does not exist.
    """
    usable = usable_until >= on and not held
    return [movement for movement in map(Movement, movements) if usable or movement in WAYS_OUT]


def in_use_expiry(expiry: dt.date, *, opened_on: dt.date, stable_days: int) -> dt.date:
    """Open-vial stability (开瓶效期): the earlier of the label's expiry and ``stable_days`` after opening."""
    return min(expiry, opened_on + dt.timedelta(days=stable_days))


def enough_life(*, produced: dt.date, expiry: dt.date, on: dt.date, least: Fraction) -> bool:
    """Remaining life is at least the fraction ``least`` of the whole shelf life, compared exactly in days.

    Refuses (``life_unknown``) when production is not before expiry.
    """
    whole = (expiry - produced).days
    if whole <= 0:
        raise Invalid(
            f"生产日期 {produced:%Y-%m-%d} 不早于有效期 {expiry:%Y-%m-%d}",
            code="life_unknown",
            way_out="请核对标签上的生产日期与有效期。",
        )
    return (expiry - on).days >= whole * least


def expiry_from_shelf_life(produced: dt.date, months: int) -> dt.date:
    """Last usable day of goods that keep ``months`` months: the day before the same day of the month it ends in."""
    month = produced.month - 1 + months
    year, month = produced.year + month // 12, month % 12 + 1
    last = calendar.monthrange(year, month)[1]
    if produced.day > last:
        return dt.date(year, month, last)
    return dt.date(year, month, produced.day) - dt.timedelta(days=1)


def band(days_left: int, limits: Sequence[int]) -> int | None:
    """The narrowest of the limits (days) that ``days_left`` falls into; None outside all, -1 when past."""
    if days_left < 0:
        return -1
    return min((limit for limit in limits if days_left <= limit), default=None)


def alert_due(days_left: int, limits: Sequence[int]) -> bool:
    """A warning is due on each day of ``limits`` and daily once the day has passed."""
    return days_left < 0 or days_left in limits
