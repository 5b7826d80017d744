"""Adjusting sale prices (调价): the price a purchase price allows, and what a change means for goods in stock."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

FEN, UNIT_PRICE = Decimal("0.01"), Decimal("0.000001")


def sale_price(purchase: Decimal, markup_percent: Decimal) -> Decimal:
    """What may be charged for what was bought at ``purchase``; with no markup (零差率) the very same.

    >>> sale_price(Decimal("798.00"), Decimal(0))
    Decimal('798.000000')
    >>> sale_price(Decimal("10.00"), Decimal(5))
    Decimal('10.500000')
    """
    return (purchase * (100 + markup_percent) / 100).quantize(UNIT_PRICE, rounding=ROUND_HALF_UP)


def difference(quantity: Decimal, old: Decimal | None, new: Decimal) -> Decimal:
    """What ``quantity`` is sold for more (positive) or less than before, in yuan; nothing where no price was before.

    >>> difference(Decimal(20), Decimal("798.00"), Decimal("645.00"))
    Decimal('-3060.00')
    """
    if old is None:
        return Decimal("0.00")
    return (quantity * (new - old)).quantize(FEN, rounding=ROUND_HALF_UP)
