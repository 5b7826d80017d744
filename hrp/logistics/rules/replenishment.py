"""Replenishment: how much to order, and the stock at which to order (cases KPI-01, KPI-02).

Quantities are in the base unit; suggestions only, a person orders. Exact: the square root in a safety stock is
rounded up to whole units without ever being approximated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from hrp.logistics.rules.units import packs_up
from hrp.logistics.rules.valuation import ZERO
from hrp.platform.base.refusals import Invalid


@dataclass(frozen=True)
class ReorderPoint:
    """Whole base units: ``safety`` for the unforeseen, ``point`` with what is used while an order is under way."""

    safety: int
    point: int


def available(
    *, on_hand: Decimal, on_order: Decimal = ZERO, reserved: Decimal = ZERO, held: Decimal = ZERO
) -> Decimal:
    """What can be counted on: on hand and ordered, less what is reserved or held (frozen, quarantined)."""
    return on_hand + on_order - reserved - held


def up_to_max(at_hand: Decimal, *, least: Decimal, most: Decimal, pack: Decimal) -> Decimal:
    """Below ``least`` order up to ``most``, in whole packs rounded up; otherwise 0.

    Refuses (``bad_limits``) a minimum above the maximum.
    """
    if least > most:
        raise Invalid(
            f"最低库存 {least:f} 高于最高库存 {most:f}", code="bad_limits", way_out="请更正该库房的上下限。"
        )
    return packs_up(most - at_hand, pack) if at_hand < least else ZERO


def reorder_point(
    *, daily: Decimal, lead_days: Decimal, sigma: Decimal, z: Decimal, lead_sigma: Decimal = ZERO
) -> ReorderPoint:
    """ROP = d·L + z·√(L·σ² + d²·σ_L²), rounded up to whole units.

    :param daily: mean use a day; ``sigma`` its standard deviation
    :param lead_days: days from order to shelf; ``lead_sigma`` their standard deviation
    :param z: service factor, 1.65 for about 95 %
    :raises Invalid: ``negative`` when a parameter is below zero
    """
    _require_not_negative(daily=daily, lead_days=lead_days, sigma=sigma, z=z, lead_sigma=lead_sigma)
    spread = lead_days * sigma * sigma + daily * daily * lead_sigma * lead_sigma
    safety = ceil_sqrt(Fraction(z) ** 2 * Fraction(spread))
    return ReorderPoint(safety, math.ceil(Fraction(daily) * Fraction(lead_days)) + safety)


def order_up_to(
    at_hand: Decimal,
    *,
    daily: Decimal,
    lead_days: Decimal,
    review_days: Decimal,
    sigma: Decimal,
    z: Decimal,
    pack: Decimal,
) -> Decimal:
    """Periodic review (定期订货): order up to what lead time and the next interval need, in whole packs."""
    target = reorder_point(daily=daily, lead_days=lead_days + review_days, sigma=sigma, z=z).point
    return packs_up(target - at_hand, pack)


def refill(empty_cards: int, pack: Decimal) -> Decimal:
    """定数包: each empty card scanned asks for one whole pack again; two bins are the case of one card."""
    if empty_cards < 0:
        raise ValueError(f"{empty_cards} cards")
    return empty_cards * pack


def ceil_sqrt(square: Fraction) -> int:
    """The smallest whole number whose square is at least ``square``."""
    root = math.isqrt(math.ceil(square))
    return root if root * root >= square else root + 1


def _require_not_negative(**values: Decimal) -> None:
    for name, value in values.items():
        if value < 0:
            raise Invalid(f"参数 {name} 不能为负（{value:f}）", code="negative", way_out="请更正补货参数。")
