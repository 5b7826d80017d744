"""Exact decimal fields. No float touches money.

Money is ``numeric(18,2)`` yuan, quantity ``numeric(18,4)`` in the base unit, unit price ``numeric(18,6)`` for
display only (amounts are the truth, prices are never multiplied back).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import models

CENT = Decimal("0.01")
QUANTUM = Decimal("0.0001")


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


class _FixedDecimal(models.DecimalField):
    digits = 18
    places = 2

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", self.digits)
        kwargs.setdefault("decimal_places", self.places)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("max_digits", None)
        kwargs.pop("decimal_places", None)
        return name, path, args, kwargs


class MoneyField(_FixedDecimal):
    """Yuan, ``numeric(18,2)``, signed."""

    places = 2


class QuantityField(_FixedDecimal):
    """Base units, ``numeric(18,4)``, signed."""

    places = 4


class UnitPriceField(_FixedDecimal):
    """Yuan per base unit, ``numeric(18,6)``, for display and entry only."""

    places = 6


class IsNumber(models.Func):
    """``field <> 'NaN'``: numeric columns hold NaN, and PostgreSQL orders it above everything."""

    template = "(%(expressions)s <> 'NaN'::numeric)"
    output_field = models.BooleanField()


def is_number(*fields: str) -> models.Q:
    """Condition that none of the fields is NaN."""
    condition = models.Q()
    for field in fields:
        condition &= models.Q(IsNumber(models.F(field)))
    return condition


def not_negative(field: str, *, name: str) -> models.CheckConstraint:
    """CHECK (field >= 0 AND field <> 'NaN'): ``'NaN' >= 0`` is true, so the plain check lets NaN in."""
    return models.CheckConstraint(condition=models.Q(**{f"{field}__gte": 0}) & is_number(field), name=name)
