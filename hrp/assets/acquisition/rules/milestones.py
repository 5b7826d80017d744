"""付款节点: what a contract pays when, and how much of it has been earned."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from hrp.platform.base.largest_remainder import largest_remainder
from hrp.platform.base.money import from_cents, round_money, to_cents


class Milestone(StrEnum):
    ADVANCE = "advance"  # 签约预付
    ARRIVAL = "arrival"  # 到货
    ACCEPTANCE = "acceptance"  # 验收
    RETENTION = "retention"  # 质保金


def amounts(total: Decimal, percents: Mapping[Milestone, Decimal]) -> dict[Milestone, Decimal]:
    """The total by percents that add up to 100, to the fen; a milestone of nothing is left out."""
    parts = largest_remainder(to_cents(total), {one.value: percents[one] for one in percents})
    return {one: from_cents(parts[one.value]) for one in percents if parts[one.value]}


def earned(amount: Decimal, reached: Decimal, whole: Decimal) -> Decimal:
    """How much of a milestone may be paid when ``reached`` of ``whole`` yuan of goods have come so far."""
    if whole <= 0 or reached <= 0:
        return Decimal("0.00")
    return amount if reached >= whole else round_money(amount * reached / whole)


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day some months on, the last of the month where there is none such."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
