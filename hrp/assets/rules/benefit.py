"""单机效益: what a machine earned, what it cost, and when it has paid itself back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from hrp.platform.base.refusals import Invalid

ZERO = Decimal(0)
TWO_PLACES = Decimal("0.01")
DEPRECIATION = "折旧"


@dataclass(frozen=True)
class Benefit:
    """Yuan a year; percent and years with two decimals, None where there is nothing to divide by."""

    total_cost: Decimal
    surplus: Decimal
    margin: Decimal | None
    roi: Decimal | None
    static_payback_years: Decimal | None


def _ratio(part: Decimal, whole: Decimal, scale: int = 1) -> Decimal | None:
    return (part * scale / whole).quantize(TWO_PLACES, rounding=ROUND_HALF_UP) if whole > 0 else None


def benefit(
    revenue: Decimal, direct: Mapping[str, Decimal], *, indirect: Decimal = ZERO, investment: Decimal = ZERO
) -> Benefit:
    """Surplus = revenue − direct − indirect; static payback = investment / (surplus + depreciation)."""
    cost = sum(direct.values(), ZERO) + indirect
    surplus = revenue - cost
    return Benefit(
        total_cost=cost,
        surplus=surplus,
        margin=_ratio(surplus, revenue, 100),
        roi=_ratio(surplus, investment, 100),
        static_payback_years=_ratio(investment, surplus + direct.get(DEPRECIATION, ZERO)),
    )


def dynamic_payback_years(investment: Decimal, yearly: Decimal, rate: Decimal) -> Decimal | None:
    """Years until discounted yearly inflows return the investment; None when they never do (within 100 years)."""
    left, year = investment, 0
    while left > 0 and year < 100:
        year += 1
        inflow = yearly / (1 + rate) ** year
        if inflow <= 0:
            return None
        if inflow >= left:
            return (year - 1 + left / inflow).quantize(TWO_PLACES, rounding=ROUND_HALF_UP)
        left -= inflow
    return Decimal("0.00") if left <= 0 else None


def break_even(fixed: Decimal, price: Decimal, variable: Decimal) -> int:
    """Examinations a year at which the fixed cost is earned; refuses (``no_margin``) when a piece earns nothing."""
    if price <= variable:
        raise Invalid(
            f"单价 {price:,.2f} 元不高于单位变动成本 {variable:,.2f} 元，没有保本点", code="no_margin",
            way_out="请核对收费价格与单位变动成本。",
        )  # fmt: skip
    return int((fixed / (price - variable)).to_integral_value(rounding=ROUND_CEILING))
