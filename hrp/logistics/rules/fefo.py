"""First expired, first out: which batches an issue takes, at what amount, and why it passed the others by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from operator import itemgetter

from hrp.logistics.rules.expiry import ExpiryMode, last_usable_day
from hrp.logistics.rules.valuation import ZERO, value_out


class Hold(StrEnum):
    """Why a batch may not be used, whatever its expiry."""

    FROZEN = "frozen"
    QUARANTINE = "quarantine"
    RECALLED = "recalled"


class Why(StrEnum):
    """Why a batch was passed by."""

    OTHER_LOT = "other_lot"
    EXPIRED = "expired"
    STERILE_EXPIRED = "sterile_expired"
    FROZEN = "frozen"
    QUARANTINE = "quarantine"
    RECALLED = "recalled"
    TOO_LITTLE_LIFE = "too_little_life"
    EMPTY = "empty"
    NOT_NEEDED = "not_needed"


WORDS = {
    Why.OTHER_LOT: "不是指定的批号",
    Why.EXPIRED: "可用至 {day}，已过期",
    Why.STERILE_EXPIRED: "灭菌效期可用至 {day}，已过期",
    Why.FROZEN: "已冻结",
    Why.QUARANTINE: "待检或隔离中",
    Why.RECALLED: "已召回",
    Why.TOO_LITTLE_LIFE: "可用至 {day}，不足规定的 {least} 天",
    Why.EMPTY: "没有存量",
    Why.NOT_NEEDED: "可用至 {day}，先到期的批次已够",
}


@dataclass(frozen=True)
class Holding:
    """A batch in a store: quantity in the base unit, amount in yuan. Batch numbers rise in order of receipt."""

    batch_id: int
    lot: str
    expiry: dt.date
    quantity: Decimal
    amount: Decimal
    sterile_expiry: dt.date | None = None
    hold: Hold | None = None
    mode: ExpiryMode = ExpiryMode.LAST_USABLE_DAY

    @property
    def usable_until(self) -> dt.date:
        return last_usable_day(self.expiry, sterile_expiry=self.sterile_expiry, mode=self.mode)


@dataclass(frozen=True)
class Pick:
    """What is taken of one batch, at the batch's own cost."""

    batch_id: int
    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Passed:
    """A batch nothing was taken of, and why."""

    batch_id: int
    lot: str
    quantity: Decimal
    why: Why
    usable_until: dt.date
    least_days: int

    @property
    def words(self) -> str:
        """The reason in Chinese; made when somebody reads it, for posting picks thousands of batches."""
        return WORDS[self.why].format(day=self.usable_until, least=self.least_days)


@dataclass(frozen=True)
class Picking:
    """The picks in FEFO order, what remains of all holdings, and every batch passed by with its reason."""

    picks: tuple[Pick, ...]
    left: list[Holding]
    passed: tuple[Passed, ...]


class Short(Exception):
    """Not enough usable stock. ``usable`` is what could have been taken, ``expired`` what was passed over as such.

    ``passed`` names every batch that could not be used, with its reason.
    """

    def __init__(self, usable: Decimal, expired: Decimal, passed: Sequence[Passed] = ()) -> None:
        super().__init__(f"{usable} usable, {expired} expired")
        self.usable = usable
        self.expired = expired
        self.passed = tuple(passed)


def pick_fefo(
    holdings: Sequence[Holding], quantity: Decimal, *, on: dt.date, lot: str = "", least_days: int = 0
) -> Picking:
    """Take ``quantity`` by expiry, then batch; a given ``lot`` restricts the choice.

    A batch is usable through its last usable day (EXP-02), if nothing holds it and it has ``least_days`` more to go,
    a rule of the receiving department. The order in which holdings are given does not matter. Raises Short.
    """
    order = sorted(((h.usable_until, h.batch_id, h) for h in holdings), key=itemgetter(0, 1))
    usable: list[tuple[dt.date, Holding]] = []
    passed: list[Passed] = []
    for until, _, h in order:
        why = _obstacle(h, until, on=on, lot=lot, least_days=least_days)
        if why is None:
            usable.append((until, h))
        else:
            passed.append(Passed(h.batch_id, h.lot, h.quantity, why, until, least_days))
    held = sum((h.quantity for _, h in usable), ZERO)
    if held < quantity:
        expired = (p.quantity for p in passed if p.why in (Why.EXPIRED, Why.STERILE_EXPIRED))
        raise Short(held, sum(expired, ZERO), passed)
    picks: list[Pick] = []
    left = {batch: h for _, batch, h in order}
    wanted = quantity
    for until, h in usable:
        taken = min(h.quantity, wanted)
        if taken == 0:
            passed.append(Passed(h.batch_id, h.lot, h.quantity, Why.NOT_NEEDED, until, least_days))
            continue
        amount = value_out(h.quantity, h.amount, taken)
        picks.append(Pick(h.batch_id, taken, amount))
        left[h.batch_id] = replace(h, quantity=h.quantity - taken, amount=h.amount - amount)
        wanted -= taken
    return Picking(tuple(picks), list(left.values()), tuple(passed))


def _obstacle(h: Holding, until: dt.date, *, on: dt.date, lot: str, least_days: int) -> Why | None:
    """The first thing that forbids a batch, the weightiest first."""
    if lot and h.lot != lot:
        return Why.OTHER_LOT
    if h.quantity == 0:
        return Why.EMPTY
    if h.hold is not None:
        return Why(h.hold)
    if until < on:
        device = last_usable_day(h.expiry, mode=h.mode)
        return Why.EXPIRED if device < on else Why.STERILE_EXPIRED
    if least_days and (until - on).days < least_days:
        return Why.TOO_LITTLE_LIFE
    return None
