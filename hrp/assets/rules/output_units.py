"""工作量法 (units of production): each month bears its units' share of the cost, never more than what is left."""

from __future__ import annotations

from decimal import Decimal

from hrp.platform.base.money import round_money
from hrp.platform.base.refusals import Invalid


def charge(cost: Decimal, total_units: Decimal, units: Decimal, accumulated: Decimal) -> Decimal:
    """Yuan of a month with ``units`` of ``total_units`` (km, exposures, hours) after ``accumulated`` yuan."""
    if total_units <= 0:
        raise Invalid(f"总工作量 {total_units:f} 应大于 0", code="bad_units", way_out="请填写预计总工作量。")
    if units < 0:
        raise Invalid(f"本期工作量 {units:f} 不能为负", code="bad_units", way_out="请更正本期工作量。")
    return min(round_money(units * cost / total_units), cost - accumulated)
