"""Whether a repair is worth its money, and whether it is an expense at all."""

from __future__ import annotations

from decimal import Decimal


def share_of_net(cost: Decimal, net: Decimal) -> Decimal | None:
    """What a repair cost in percent of the machine's net book value; None when nothing is left to compare with."""
    return (100 * cost / net).quantize(Decimal("0.01")) if net > 0 else None


def suggests_scrapping(cost: Decimal, net: Decimal, *, percent: Decimal) -> bool:
    """A repair above ``percent`` of the net book value, or any that costs money when nothing is left."""
    share = share_of_net(cost, net)
    return cost > 0 and (share is None or share > percent)


def is_capital(cost: Decimal, *, extends_life: bool, adds_capability: bool, threshold: Decimal) -> bool:
    """政府会计准则第3号: 后续支出 that lengthens the life or adds to what a machine can do is part of its cost, all else expense."""
    return (extends_life or adds_capability) and cost >= threshold
