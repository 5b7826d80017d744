"""Key figures of materials, each to the places it is published with (cases KPI-03, KPI-04)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from hrp.platform.base.refusals import Invalid


@dataclass(frozen=True)
class Turnover:
    """``times`` a period, to two places; ``days`` on hand, to one place, None when nothing was issued."""

    times: Decimal
    days: Decimal | None


def turnover(*, issue_cost: Decimal, opening: Decimal, closing: Decimal, days: int) -> Turnover:
    """Issue cost over the mean of opening and closing stock (yuan), and ``days`` of the period over that.

    Refuses (``no_stock``) when there was no stock at either end.
    """
    doubled = opening + closing
    if doubled <= 0:
        raise Invalid("期初与期末库存金额均为零", code="no_stock", way_out="请选择有库存的期间或库房。")
    on_hand = _rounded(days * doubled / (2 * issue_cost), 1) if issue_cost > 0 else None
    return Turnover(_rounded(2 * issue_cost / doubled, 2), on_hand)


def material_income_share(*, material_income: Decimal, medical_income: Decimal) -> Decimal:
    """耗占比: income from materials in percent of medical income."""
    return _percent(material_income, medical_income)


def materials_per_hundred(
    *, material_cost: Decimal, medical_income: Decimal, drug_income: Decimal
) -> Decimal:
    """百元医疗收入（不含药品收入）消耗的卫生材料费, in yuan."""
    return _percent(material_cost, medical_income - drug_income)


@dataclass(frozen=True)
class Progress:
    """Of an agreed quantity (集采协议量): ``used`` and ``expected`` by now, ``behind`` what is missing (never below 0)."""

    used: Decimal
    expected: Decimal
    behind: Decimal
    percent: Decimal


def agreed_progress(
    *, agreed: Decimal, used: Decimal, starts: dt.date, ends: dt.date, on: dt.date
) -> Progress:
    """Use of an agreed quantity against the time gone by, both days of the agreement counted."""
    whole = (ends - starts).days + 1
    if whole <= 0:
        raise Invalid(
            f"协议期 {starts:%Y-%m-%d} 至 {ends:%Y-%m-%d} 无效", code="bad_period", way_out="请更正起止日期。"
        )
    gone = min(max((on - starts).days + 1, 0), whole)
    expected = _rounded(agreed * gone / whole, 4)
    return Progress(used, expected, max(expected - used, Decimal(0)), _percent(used, agreed))


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    if whole <= 0:
        raise Invalid("分母为零，比率没有意义", code="no_income", way_out="请选择有收入或有协议量的期间。")
    return _rounded(part / whole * 100, 2)


def _rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
