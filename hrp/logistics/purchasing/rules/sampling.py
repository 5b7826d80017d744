"""How many pieces of a lot are looked at. Implants and class Ⅲ are always looked at one by one."""

from __future__ import annotations

import math
from decimal import Decimal
from enum import StrEnum

# GB/T 2828.1, single sampling, general inspection level Ⅱ: lot size up to, pieces
LEVEL_TWO = (
    (8, 2), (15, 3), (25, 5), (50, 8), (90, 13), (150, 20), (280, 32), (500, 50), (1200, 80), (3200, 125), (10_000, 200),
    (35_000, 315), (150_000, 500), (500_000, 800),
)  # fmt: skip
LARGEST = 1250


class Sampling(StrEnum):
    ALL = "all"
    LEVEL_TWO = "level_two"
    TENTH = "tenth"


def sample(quantity: Decimal, *, rule: Sampling, whole: bool = False) -> Decimal:
    """Pieces to be inspected of ``quantity``; ``whole`` asks for every one."""
    if quantity <= 0 or whole or rule == Sampling.ALL:
        return max(quantity, Decimal(0))
    if rule == Sampling.TENTH:
        return min(quantity, Decimal(max(1, math.ceil(quantity / 10))))
    size = next((pieces for most, pieces in LEVEL_TWO if quantity <= most), LARGEST)
    return min(quantity, Decimal(size))
