"""What is an asset and what is expensed, and what is never depreciated."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)


class Undepreciated(StrEnum):
    """政府会计准则第3号 art. 16: held at cost for ever."""

    RELIC = "文物和陈列品"
    LIVING = "动植物"
    BOOKS = "图书档案"
    LAND = "单独计价入账的土地"
    NOMINAL = "名义金额"


def is_depreciated(kind: str) -> bool:
    return kind not in set(Undepreciated)


@dataclass(frozen=True)
class Recognised:
    """Yuan put on the books as an asset, and yuan expensed at purchase."""

    capitalised: Decimal
    expensed: Decimal


def recognise(cost: Decimal, *, threshold: Decimal, bulk: bool = False) -> Recognised:
    """Below the threshold it is an expense, unless bought in bulk (大批同类物资, furniture, books)."""
    if cost < threshold and not bulk:
        return Recognised(ZERO, cost)
    return Recognised(cost, ZERO)
