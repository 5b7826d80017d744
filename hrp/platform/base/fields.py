"""Exact decimal fields. No float touches money.

Money is ``numeric(18,2)`` yuan, quantity ``numeric(18,4)`` in the base unit, unit price ``numeric(18,6)`` for
display only (amounts are the truth, prices are never multiplied back).
"""

from __future__ import annotations

from typing import Any

from django.db import models


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
