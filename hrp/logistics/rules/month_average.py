"""Weighted average at month's end (月末一次加权平均): all issues of a month at one price, known when it closes.

Until then issues are posted at a provisional amount; one cost adjustment trues them up (case STK-12).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.rules.valuation import ZERO, Balance, short, value_out
from hrp.platform.base.largest_remainder import largest_remainder
from hrp.platform.base.money import from_cents, to_cents


@dataclass(frozen=True)
class MonthValued:
    """Amount of each issue in the order given, what remains, and the pool (opening and receipts) it came from."""

    amounts: tuple[Decimal, ...]
    left: Balance
    pool: Balance


def value_month(
    opening: Balance, receipts: Sequence[tuple[Decimal, Decimal]], issues: Sequence[Decimal]
) -> MonthValued:
    """Value a month's issues (quantities) from opening and receipts (quantity, amount).

    The issues together take A*q/Q of the pool, all of it when nothing remains; each gets its share by largest
    remainder, so equal issues never differ by more than a fen whatever their order. Refuses (``insufficient``).
    """
    pool = opening
    for quantity, amount in receipts:
        pool = pool.add(quantity, amount)
    issued = sum(issues, ZERO)
    if issued > pool.quantity:
        raise short(issued, pool.quantity)
    together = value_out(pool.quantity, pool.amount, issued) if issued else ZERO
    keys = [f"{place:06d}" for place in range(len(issues))]
    shares = largest_remainder(to_cents(together), dict(zip(keys, issues, strict=True)))
    left = Balance(pool.quantity - issued, pool.amount - together)
    return MonthValued(tuple(from_cents(shares[key]) for key in keys), left, pool)


def true_up(provisional: Sequence[Decimal], valued: MonthValued) -> list[Decimal]:
    """What each issue's provisional amount is adjusted by, signed, in the order of the issues."""
    return [right - posted for posted, right in zip(provisional, valued.amounts, strict=True)]
