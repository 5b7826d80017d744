"""Yuan and 分: exact conversion and the one rounding of money. Pure, so that ``rules`` may use it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def to_cents(amount: Decimal) -> int:
    """Yuan to integer 分. Raises ValueError when the amount has more than two decimals."""
    cents = amount.scaleb(2)
    if cents != cents.to_integral_value():
        raise ValueError(f"{amount} 元不是整分")
    return int(cents)


def from_cents(cents: int) -> Decimal:
    """Integer 分 to yuan with two decimals."""
    return Decimal(cents).scaleb(-2).quantize(CENT)


def round_money(amount: Decimal) -> Decimal:
    """Round to 分, half up (四舍五入)."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)
