"""效益论证: what a machine that is asked for is expected to earn in a year, and when it has paid itself back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hrp.assets.rules.benefit import DEPRECIATION, Benefit, benefit, break_even, dynamic_payback_years
from hrp.platform.base.money import round_money

ZERO = Decimal(0)


@dataclass(frozen=True)
class Forecast:
    """A year of examinations; yuan. ``variable`` is what one examination uses up, ``rate`` the discount in percent."""

    investment: Decimal
    life_years: int
    volume: int
    price: Decimal
    variable: Decimal = ZERO
    staff: Decimal = ZERO
    upkeep: Decimal = ZERO
    rate: Decimal = ZERO


@dataclass(frozen=True)
class Expected:
    """Yuan a year, years with two decimals; None where a machine never pays itself back or an examination earns nothing."""

    revenue: Decimal
    benefit: Benefit
    dynamic_years: Decimal | None
    break_even: int | None


def expect(asked: Forecast) -> Expected:
    """The kernels of 单机效益 on figures that are forecast instead of booked."""
    depreciation = round_money(asked.investment / asked.life_years)
    revenue = round_money(asked.price * asked.volume)
    direct = {
        DEPRECIATION: depreciation, "耗材": round_money(asked.variable * asked.volume), "人员": asked.staff, "维保与能耗": asked.upkeep,
    }  # fmt: skip
    found = benefit(revenue, direct, investment=asked.investment)
    inflow = found.surplus + depreciation
    fixed = depreciation + asked.staff + asked.upkeep
    return Expected(
        revenue=revenue,
        benefit=found,
        dynamic_years=dynamic_payback_years(asked.investment, inflow, asked.rate / 100)
        if inflow > 0
        else None,
        break_even=break_even(fixed, asked.price, asked.variable) if asked.price > asked.variable else None,
    )
