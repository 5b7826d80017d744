"""ABC analysis: few items make most of the money, and are counted and watched more often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from hrp.logistics.rules.valuation import ZERO


def classify(
    amounts: Mapping[str, Decimal], *, limits: Sequence[tuple[str, Decimal]], rest: str
) -> dict[str, str]:
    """Class of each item by its issue amount (yuan), dearest first, ties by code.

    :param limits: classes with the share of the whole they reach up to, rising: ``[("A", 0.80), ("B", 0.95)]``.
        An item belongs to the class in which its own first fen falls, so the item that crosses a limit still counts
        to the upper class.
    :param rest: the class of all others, and of every item without positive issues
    """
    whole = sum((amount for amount in amounts.values() if amount > 0), ZERO)
    classes: dict[str, str] = {}
    before = ZERO
    for code, amount in sorted(amounts.items(), key=lambda pair: (-pair[1], pair[0])):
        if amount <= 0:
            classes[code] = rest
            continue
        classes[code] = next((name for name, share in limits if before < whole * share), rest)
        before += amount
    return classes
