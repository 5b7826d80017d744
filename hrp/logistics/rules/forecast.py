"""Forecasts of use by period, and how wrong they would have been: decided by a person who sees both.

Quantities per period (month, week) in base units, oldest first, returned to four decimals. Methods: moving average,
seasonal naive, and Croston's for intermittent demand (J. D. Croston, Operational Research Quarterly 23, 1972).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from hrp.logistics.rules.valuation import ZERO
from hrp.platform.base.refusals import Invalid

STEP = Decimal("0.0001")
PERCENT = Decimal("0.01")
Method = Callable[[Sequence[Decimal]], Decimal]


@dataclass(frozen=True)
class Backtest:
    """Forecasts one period ahead of ``actual``; ``mape`` in percent over the periods with use, None without any."""

    forecasts: tuple[Decimal, ...]
    actual: tuple[Decimal, ...]
    mape: Decimal | None


def cleaned(*, issued: Decimal, returned: Decimal = ZERO, one_off: Decimal = ZERO) -> Decimal:
    """A period's regular use: issues less returns and one-off events, never below zero."""
    return max(issued - returned - one_off, ZERO)


def moving_average(periods: int) -> Method:
    """Mean of the last ``periods`` periods."""

    def forecast(history: Sequence[Decimal]) -> Decimal:
        _require(history, periods)
        return _rounded(sum(history[-periods:], ZERO) / periods)

    return forecast


def seasonal_naive(season: int) -> Method:
    """As much as one season (12 months) ago."""

    def forecast(history: Sequence[Decimal]) -> Decimal:
        _require(history, season)
        return _rounded(history[-season])

    return forecast


def croston(alpha: Decimal) -> Method:
    """Smoothed size of a demand over the smoothed interval between demands; 0 while there was none.

    ``alpha`` is the smoothing weight, above 0 up to 1. Size and interval begin with the first demand and move only
    when one occurs.
    """
    if not 0 < alpha <= 1:
        raise Invalid(f"平滑系数 {alpha:f} 不在 0 与 1 之间", code="bad_alpha", way_out="通常取 0.1 至 0.3。")

    def forecast(history: Sequence[Decimal]) -> Decimal:
        _require(history, 1)
        size, interval, waited = ZERO, ZERO, 0
        for used in history:
            waited += 1
            if used > 0:
                size = size + alpha * (used - size) if size else used
                interval = interval + alpha * (waited - interval) if interval else Decimal(waited)
                waited = 0
        return _rounded(size / interval) if interval else ZERO

    return forecast


def backtest(history: Sequence[Decimal], method: Method, *, least: int) -> Backtest:
    """Forecast each period after the first ``least`` from what came before it, never from itself."""
    _require(history, least)
    forecasts = tuple(method(history[:place]) for place in range(least, len(history)))
    actual = tuple(history[least:])
    errors = [abs(f - a) / a for f, a in zip(forecasts, actual, strict=True) if a > 0]
    if not errors:
        return Backtest(forecasts, actual, None)
    mape = (sum(errors, ZERO) / len(errors) * 100).quantize(PERCENT, rounding=ROUND_HALF_UP)
    return Backtest(forecasts, actual, mape)


def _require(history: Sequence[Decimal], periods: int) -> None:
    if periods < 1 or len(history) < periods:
        raise Invalid(
            f"需要 {periods} 个期间的历史消耗，只有 {len(history)} 个",
            code="too_little_history",
            way_out="请改用较短的期间数，或按上下限补货。",
        )


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(STEP, rounding=ROUND_HALF_UP)
