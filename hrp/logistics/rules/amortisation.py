"""Durables in use (低值易耗品): expensed at once, or in two parts, at issue and at scrap (五五摊销)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.rules.valuation import ZERO, Balance, value_out
from hrp.platform.base.money import round_money
from hrp.platform.base.refusals import Invalid


@dataclass(frozen=True)
class InUse:
    """What a department has in use of one issue: pieces, their cost, and how much of it is expensed, in yuan."""

    quantity: Decimal
    cost: Decimal
    expensed: Decimal

    @property
    def carried(self) -> Decimal:
        """What is still on the books."""
        return self.cost - self.expensed


def put_in_use(quantity: Decimal, cost: Decimal, *, first_share: Decimal) -> InUse:
    """Expense ``first_share`` of the cost at issue (1 expenses all of it); refuses (``bad_share``) outside 0 to 1."""
    if not 0 <= first_share <= 1:
        raise Invalid(
            f"首次摊销比例 {first_share:f} 不在 0 与 1 之间",
            code="bad_share",
            way_out="五五摊销为 0.5，一次转销为 1。",
        )
    return InUse(quantity, cost, round_money(cost * first_share))


def scrap(held: InUse, quantity: Decimal, *, salvage: Decimal = ZERO) -> tuple[InUse, Decimal]:
    """What stays in use, and what is expensed now: the rest of the cost of what is scrapped less its salvage value.

    The last piece takes the tail, so cost and expense end at zero together. Refuses ``insufficient`` and
    ``not_positive``. A negative result is a gain: the salvage exceeded the rest.
    """
    left, cost = Balance(held.quantity, held.cost).take(quantity)
    already = value_out(held.quantity, held.expensed, quantity)
    return InUse(left.quantity, left.amount, held.expensed - already), cost - already - salvage
