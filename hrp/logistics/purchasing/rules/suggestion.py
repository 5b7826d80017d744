"""What to order of an item in a store, by the method of its rule, and why in words. Nothing is ordered by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from hrp.logistics.rules import forecast, replenishment
from hrp.logistics.rules.units import packs_up
from hrp.platform.base.refusals import Invalid

ZERO = Decimal(0)
DAYS_A_MONTH = Decimal(30)


class How(StrEnum):
    MIN_MAX = "min_max"
    REORDER_POINT = "reorder_point"
    FIXED_PACK = "fixed_pack"
    TWO_BIN = "two_bin"
    PERIODIC = "periodic"
    FORECAST = "forecast"


class Model(StrEnum):
    AVERAGE_3 = "average_3"
    AVERAGE_6 = "average_6"
    SEASONAL = "seasonal"
    CROSTON = "croston"


FORECASTS = {
    Model.AVERAGE_3: (forecast.moving_average(3), 3),
    Model.AVERAGE_6: (forecast.moving_average(6), 6),
    Model.SEASONAL: (forecast.seasonal_naive(12), 12),
    Model.CROSTON: (forecast.croston(Decimal("0.2")), 3),
}


@dataclass(frozen=True)
class Position:
    """What there is, in base units."""

    on_hand: Decimal = ZERO
    on_order: Decimal = ZERO
    reserved: Decimal = ZERO
    held: Decimal = ZERO

    @property
    def available(self) -> Decimal:
        return replenishment.available(
            on_hand=self.on_hand, on_order=self.on_order, reserved=self.reserved, held=self.held
        )


@dataclass(frozen=True)
class Terms:
    """The rule of one item in one store."""

    how: How
    least: Decimal = ZERO
    most: Decimal = ZERO
    safety: Decimal = ZERO
    pack: Decimal = Decimal(1)
    lead_days: int = 7
    review_days: int = 30
    z: Decimal = Decimal("1.65")
    model: Model = Model.AVERAGE_3


@dataclass(frozen=True)
class Use:
    """How it was used: per day (mean and standard deviation), per month oldest first, and cards scanned empty."""

    daily: Decimal = ZERO
    sigma: Decimal = ZERO
    months: Sequence[Decimal] = ()
    cards: int = 0
    carded: Decimal | None = None  # what the empty cards say they stand for; None: a pack each


@dataclass(frozen=True)
class Suggestion:
    """How much, why (one line each step), and what the forecast was worth (MAPE in percent, None without)."""

    quantity: Decimal
    why: tuple[str, ...] = ()
    expected: Decimal | None = None
    mape: Decimal | None = None
    problem: str = field(default="")


def suggest(terms: Terms, position: Position, use: Use) -> Suggestion:
    """The method of the rule applied. What it lacks is said in ``problem`` instead of being guessed."""
    held = f"，冻结待检 {num(position.held)}" if position.held else ""
    stock = (
        f"可用 = 在库 {num(position.on_hand)} + 在途 {num(position.on_order)} - 占用 {num(position.reserved)}{held}"
        f" = {num(position.available)}"
    )
    try:
        found = METHODS[terms.how](terms, position, use)
    except Invalid as refused:
        return Suggestion(ZERO, (stock,), problem=f"{refused.reason}。{refused.way_out}")
    return Suggestion(found.quantity, (stock, *found.why), found.expected, found.mape)


def _min_max(terms: Terms, position: Position, use: Use) -> Suggestion:
    at_hand = position.available
    quantity = replenishment.up_to_max(at_hand, least=terms.least, most=terms.most, pack=terms.pack)
    if not quantity:
        return Suggestion(ZERO, (f"不低于下限 {num(terms.least)}，不补",))
    return Suggestion(
        quantity, (f"低于下限 {num(terms.least)}，补到上限 {num(terms.most)}，按包装 {num(terms.pack)} 取整",)
    )


def _reorder_point(terms: Terms, position: Position, use: Use) -> Suggestion:
    point = replenishment.reorder_point(
        daily=use.daily, lead_days=Decimal(terms.lead_days), sigma=use.sigma, z=terms.z
    )
    at = max(Decimal(point.point), terms.safety)
    why = (
        f"再订货点 = 日均 {num(use.daily)} × 采购周期 {terms.lead_days} 天 + 安全库存 {point.safety}（z {num(terms.z)}）"
        f" = {point.point}",
    )
    if position.available >= at:
        return Suggestion(ZERO, (*why, "可用不低于再订货点，不补"))
    target = max(terms.most, at + use.daily * terms.review_days)
    quantity = packs_up(target - position.available, terms.pack)
    return Suggestion(quantity, (*why, f"补到 {num(target)}，按包装 {num(terms.pack)} 取整"))


def _periodic(terms: Terms, position: Position, use: Use) -> Suggestion:
    quantity = replenishment.order_up_to(
        position.available, daily=use.daily, lead_days=Decimal(terms.lead_days),
        review_days=Decimal(terms.review_days), sigma=use.sigma, z=terms.z, pack=terms.pack,
    )  # fmt: skip
    days = terms.lead_days + terms.review_days
    why = f"定期订货：日均 {num(use.daily)}，覆盖 {days} 天（采购 {terms.lead_days} + 间隔 {terms.review_days}）另加安全库存"
    return Suggestion(quantity, (why,))


def _cards(terms: Terms, position: Position, use: Use) -> Suggestion:
    if use.carded is not None:
        return Suggestion(use.carded, (f"空卡 {use.cards} 张，卡上合计 {num(use.carded)}",))
    quantity = replenishment.refill(use.cards, terms.pack)
    return Suggestion(quantity, (f"空卡 {use.cards} 张 × 每包 {num(terms.pack)}",))


def _forecast(terms: Terms, position: Position, use: Use) -> Suggestion:
    method, least = FORECASTS[terms.model]
    expected = method(use.months)
    tested = forecast.backtest(use.months, method, least=least) if len(use.months) > least else None
    days = Decimal(terms.lead_days + terms.review_days)
    target = expected * days / DAYS_A_MONTH + terms.safety
    why = (
        f"预计月用 {num(expected)}"
        + (f"，回测误差 {num(tested.mape)}%" if tested and tested.mape is not None else "，历史不足以回测"),
        f"覆盖 {num(days)} 天另加安全库存 {num(terms.safety)}，目标 {num(target.quantize(Decimal('0.01')))}",
    )
    quantity = packs_up(target - position.available, terms.pack)
    return Suggestion(quantity, why, expected, tested.mape if tested else None)


METHODS = {
    How.MIN_MAX: _min_max,
    How.REORDER_POINT: _reorder_point,
    How.PERIODIC: _periodic,
    How.FIXED_PACK: _cards,
    How.TWO_BIN: _cards,
    How.FORECAST: _forecast,
}


def deviation(series: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    """Mean and standard deviation of a series, to four places; zeros of nothing."""
    if not series:
        return ZERO, ZERO
    step = Decimal("0.0001")
    mean = sum(series, ZERO) / len(series)
    variance = sum(((one - mean) ** 2 for one in series), ZERO) / len(series)
    return mean.quantize(step), variance.sqrt().quantize(step)


def num(value: Decimal) -> str:
    """A number as people write it."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
