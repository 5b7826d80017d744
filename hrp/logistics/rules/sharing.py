"""Sharing an amount over lines so that not a fen is lost: freight, discounts, free goods (赠送)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hrp.platform.base.largest_remainder import largest_remainder
from hrp.platform.base.money import from_cents, to_cents


def share(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Split ``amount`` (yuan, signed) by weights, in their order, by largest remainder; the earlier line wins a tie.

    Refuses ``negative_driver`` (a negative weight) and ``no_driver`` (an amount, but no weight to carry it).
    """
    keys = [f"{place:06d}" for place in range(len(weights))]
    parts = largest_remainder(to_cents(amount), dict(zip(keys, weights, strict=True)))
    return [from_cents(parts[key]) for key in keys]


def landed(amounts: Sequence[Decimal], extra: Decimal) -> list[Decimal]:
    """Line amounts with freight (positive) or a discount (negative) shared by amount."""
    return [amount + part for amount, part in zip(amounts, share(extra, amounts), strict=True)]
