"""Pure arithmetic of stock: which batches an issue takes, and at what amount."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from hrp.platform.base.money import round_money

NO_EXPIRY = dt.date(9999, 12, 31)
ZERO = Decimal(0)


@dataclass(frozen=True)
class Holding:
    """A batch in a store: quantity in the base unit, amount in yuan."""

    batch_id: int
    lot: str
    expiry: dt.date
    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Pick:
    """What is taken of one batch, at the batch's own cost."""

    batch_id: int
    quantity: Decimal
    amount: Decimal


class Short(Exception):
    """Not enough usable stock. ``usable`` is what could have been taken, ``expired`` what was passed over."""

    def __init__(self, usable: Decimal, expired: Decimal) -> None:
        super().__init__(f"{usable} usable, {expired} expired")
        self.usable = usable
        self.expired = expired


def value_out(holding_quantity: Decimal, holding_amount: Decimal, quantity: Decimal) -> Decimal:
    """Amount of ``quantity`` out of a holding: A*q/Q rounded half up to 分; the last unit takes the tail.

    Hence zero quantity always leaves zero amount (logistics spec §7, cases STK-20 and STK-22).
    """
    if quantity == holding_quantity:
        return holding_amount
    return min(round_money(holding_amount * quantity / holding_quantity), holding_amount)


def pick_fefo(
    holdings: Sequence[Holding], quantity: Decimal, *, on: dt.date, lot: str = ""
) -> tuple[list[Pick], list[Holding]]:
    """First expired, first out: take ``quantity`` by expiry, then batch; a given ``lot`` restricts the choice.

    A batch is usable up to and including its expiry day (EXP-02). Returns the picks and what remains of all holdings.
    Raises Short.
    """
    order = sorted(holdings, key=lambda h: (h.expiry, h.batch_id))
    candidates = [h for h in order if not lot or h.lot == lot]
    usable = sum((h.quantity for h in candidates if h.expiry >= on), ZERO)
    if usable < quantity:
        raise Short(usable, sum((h.quantity for h in candidates if h.expiry < on), ZERO))
    picks: list[Pick] = []
    left = {h.batch_id: h for h in order}
    wanted = quantity
    for h in candidates:
        if wanted == 0:
            break
        if h.expiry < on or h.quantity == 0:
            continue
        taken = min(h.quantity, wanted)
        amount = value_out(h.quantity, h.amount, taken)
        picks.append(Pick(h.batch_id, taken, amount))
        left[h.batch_id] = Holding(h.batch_id, h.lot, h.expiry, h.quantity - taken, h.amount - amount)
        wanted -= taken
    return picks, list(left.values())


def line_amount(quantity: Decimal, price: Decimal) -> Decimal:
    """Amount of a receipt line: quantity times entered price, rounded half up to 分."""
    return round_money(quantity * price)
