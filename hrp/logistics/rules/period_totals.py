"""收发存: opening, in, out and closing of a period, quantity and amount (case ACC-03)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.rules.valuation import ZERO, Balance
from hrp.platform.base.refusals import Conflict


@dataclass(frozen=True)
class PeriodMove:
    """One movement; quantity and amount signed, in positive. ``reversal``: it undoes a move of the other direction."""

    quantity: Decimal
    amount: Decimal
    reversal: bool = False


@dataclass(frozen=True)
class PeriodTotals:
    """``came`` and ``went`` are both written positive."""

    opening: Balance
    came: Balance
    went: Balance
    closing: Balance


def close(opening: Balance, moves: Iterable[PeriodMove]) -> PeriodTotals:
    """Totals of a period. A 红冲 lessens the side of what it reverses instead of swelling the other.

    Refuses (``negative_closing``) a period that would end below zero: its moves are incomplete.
    """
    sides = {True: [ZERO, ZERO], False: [ZERO, ZERO]}  # came in: [quantity, amount], signed
    for move in moves:
        inward = move.quantity > 0 or (move.quantity == 0 and move.amount > 0)
        side = sides[inward != move.reversal]
        side[0] += move.quantity
        side[1] += move.amount
    came, went = Balance(*sides[True]), Balance(-sides[False][0], -sides[False][1])
    closing = Balance(
        opening.quantity + came.quantity - went.quantity, opening.amount + came.amount - went.amount
    )
    if closing.quantity < 0 or closing.amount < 0 or (closing.quantity == 0 and closing.amount != 0):
        raise Conflict(
            f"期末结存不成立：数量 {closing.quantity:f}，金额 {closing.amount:f} 元",
            code="negative_closing",
            way_out="请检查期初与本期流水是否齐全。",
        )
    return PeriodTotals(opening, came, went, closing)
