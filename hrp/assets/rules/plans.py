"""Straight-line depreciation of one funding line, exact to the fen.

A :class:`Plan` spreads an amount over months: every month but the last bears ``round(base / months)`` (never more than
what is left), the last bears the rest (尾差最后一期提完). So the whole always adds up, a tiny cost is never depreciated
beyond itself, and each month is a closed form of its number: the run over a million cards is one SQL statement of it.

A change of cost or life ends a plan and begins the next with what is left over the months that are left (never over the
whole life: the defect of several peers).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hrp.assets.rules.months import Month
from hrp.platform.base.money import round_money
from hrp.platform.base.refusals import Invalid

ZERO = Decimal(0)


@dataclass(frozen=True)
class Plan:
    """``base`` yuan over ``months`` months from ``first``; ``before`` yuan were depreciated earlier.

    ``rate`` is the monthly charge of a plan that goes on with that of another (a card split or joined); the last month
    bears the rest as ever.
    """

    first: Month
    months: int
    base: Decimal
    before: Decimal = ZERO
    rate: Decimal | None = None

    def __post_init__(self) -> None:
        if self.months < 1:
            raise Invalid(
                f"折旧月数 {self.months} 应不少于 1", code="bad_months", way_out="请核对使用年限与已提月数。"
            )
        if self.base < 0:
            raise Invalid(
                f"应折旧额 {self.base:,.2f} 元为负数", code="negative_base",
                way_out="原值不能小于累计折旧与残值之和；确需调减的，请先冲回多提的折旧。",
            )  # fmt: skip

    @property
    def last(self) -> Month:
        return self.first + (self.months - 1)

    @property
    def monthly(self) -> Decimal:
        return round_money(self.base / self.months) if self.rate is None else self.rate

    @property
    def tail(self) -> Decimal:
        """What the last month bears."""
        return self.charge(self.last)

    def through(self, month: Month) -> Decimal:
        """Yuan this plan depreciates up to and including ``month``."""
        passed = month - self.first + 1
        if passed <= 0:
            return ZERO
        if passed >= self.months:
            return self.base
        return min(self.monthly * passed, self.base)

    def charge(self, month: Month) -> Decimal:
        """Yuan this plan depreciates in ``month``."""
        return self.through(month) - self.through(month + -1)

    def accumulated(self, month: Month) -> Decimal:
        """累计折旧 at the end of ``month``, what was before the plan included."""
        return self.before + self.through(month)


def begin(
    cost: Decimal,
    months: int,
    first: Month,
    *,
    residual: Decimal = ZERO,
    accumulated: Decimal = ZERO,
    elapsed: int = 0,
) -> Plan:
    """The plan of a funding line taken over with ``accumulated`` yuan after ``elapsed`` months of its life.

    The book figure is kept: what is left is spread over the months that are left, whatever a formula would have given.
    """
    if not 0 <= residual <= cost:
        raise Invalid(
            f"残值 {residual:,.2f} 元不在 0 与原值 {cost:,.2f} 元之间",
            code="bad_residual",
            way_out="请核对净残值。",
        )
    return Plan(first, max(months - elapsed, 1), cost - residual - accumulated, accumulated)


@dataclass(frozen=True)
class Revised:
    """The plan after a change; ``cut_short`` says that the new life was already over and one month bears the rest."""

    plan: Plan
    cut_short: bool


def revise(
    accumulated: Decimal,
    *,
    cost: Decimal,
    life: int,
    elapsed: int,
    effective: Month,
    residual: Decimal = ZERO,
) -> Revised:
    """After a change of cost or life: (new cost − residual − accumulated) over (new life − elapsed months)."""
    left = life - elapsed
    plan = Plan(effective, max(left, 1), cost - residual - accumulated, accumulated)
    return Revised(plan, left < 1)


def remaining_value(cost: Decimal, months: int, left: int) -> Decimal:
    """What a straight line leaves with ``left`` of ``months`` months to go: an estimate where no books were kept."""
    if not 0 <= left <= months or months < 1:
        raise Invalid(
            f"剩余 {left} 个月不在 0 与 {months} 之间", code="bad_months", way_out="请核对使用年限。"
        )
    return round_money(cost * left / months)
