"""Whose cost a month's depreciation is: by funding line first, then by department, each cell exact to the fen."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from hrp.platform.base.largest_remainder import Weight, largest_remainder
from hrp.platform.base.money import from_cents, to_cents
from hrp.platform.base.refusals import Invalid


class TransferPolicy(StrEnum):
    """Who bears the month in which an asset moved: who has it at the month's end, or each by days."""

    MONTH_END = "month_end"
    DAYS = "days"


def by_weight(amount: Decimal, weights: Mapping[str, Weight]) -> dict[str, Decimal]:
    """Split yuan by weights; the parts add up, the fen left over go to the largest remainders, ties to the smaller code."""
    return {code: from_cents(part) for code, part in largest_remainder(to_cents(amount), weights).items()}


def require_whole(ratios: Mapping[str, Decimal], *, of: str) -> None:
    """Refuses (``ratios_not_whole``) department ratios that do not add up to 100."""
    total = sum(ratios.values(), Decimal(0))
    if total != 100:
        raise Invalid(
            f"{of} 的科室比例合计 {total.normalize():f}，不等于 100", code="ratios_not_whole",
            way_out="请调整各科室比例，使合计为 100。",
        )  # fmt: skip


def month_of_transfer(
    amount: Decimal, days: Mapping[str, int], *, policy: TransferPolicy, holder_at_end: str
) -> dict[str, Decimal]:
    """Split the month in which an asset moved. ``days`` each department had it, in order of time."""
    if policy is TransferPolicy.MONTH_END:
        return {code: amount if code == holder_at_end else Decimal("0.00") for code in days}
    return by_weight(amount, days)
