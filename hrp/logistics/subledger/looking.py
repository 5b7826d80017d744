"""What a document would take if it were posted now, line after line: to be shown while it is typed, never relied upon.

Nothing is locked and nothing is written; posting decides again, under locks (:mod:`taking`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.rules.fefo import Holding, Passed, Pick, Short, pick_fefo
from hrp.logistics.rules.methods import CostMethod
from hrp.logistics.rules.valuation import Balance
from hrp.logistics.subledger.taking import HELD_SQL, VALUED_SQL, ZERO, Want, holdings_of
from hrp.logistics.subledger.writing import methods_of
from hrp.platform.base import sql

PROMISED_SQL = """
SELECT item_id, sum(quantity) FROM logistics_reservation
WHERE store_id = %s AND item_id = ANY(%s) AND source <> ALL(%s) GROUP BY item_id
"""


@dataclass(frozen=True)
class Look:
    """What one line finds. ``free`` is what it may take after the lines before it, ``amount`` None where it is short.

    ``held`` are the batches there are, by id; ``picks`` those it would take, ``passed`` the others with the reason.
    """

    free: Decimal
    promised: Decimal
    picks: tuple[Pick, ...]
    passed: tuple[Passed, ...]
    held: dict[int, Holding]
    amount: Decimal | None

    @property
    def is_short(self) -> bool:
        return self.amount is None


def would_take(
    wants: Sequence[Want], *, store_id: int, on: dt.date, own: Sequence[str] = (), least_days: int = 0
) -> list[Look]:
    """``own`` names the sources whose promises this document serves: they do not stand in its way."""
    items = sorted({want.item_id for want in wants})
    methods = methods_of(items)
    holdings = holdings_of(HELD_SQL, store_id, items)
    values = {item: Balance(q, a) for item, q, a in sql.rows(VALUED_SQL, [store_id, items])}
    promised = dict(sql.rows(PROMISED_SQL, [store_id, items, list(own)]))
    looks = []
    for want in wants:
        kept = promised.get(want.item_id, ZERO)
        there = holdings[want.item_id]
        free = _free(there, want, kept, on, least_days)
        held = {one.batch_id: one for one in there}
        try:
            found = pick_fefo(there, want.quantity, on=on, lot=want.lot, least_days=least_days)
        except Short as short:
            looks.append(Look(free, kept, (), short.passed, held, None))
            continue
        if free < want.quantity:
            looks.append(Look(free, kept, (), found.passed, held, None))
            continue
        holdings[want.item_id] = found.left
        amount = _cost(want.item_id, found.picks, methods[want.item_id], values)
        looks.append(Look(free, kept, found.picks, found.passed, held, amount))
    return looks


def _free(there: Sequence[Holding], want: Want, kept: Decimal, on: dt.date, least_days: int) -> Decimal:
    """Usable of the item less what is promised to others, and of the named lot no more than there is."""
    usable = [h for h in there if h.hold is None and (h.usable_until - on).days >= least_days]
    free = sum((h.quantity for h in usable), ZERO) - kept
    lot = sum((h.quantity for h in usable if want.lot in ("", h.lot)), ZERO)
    return max(min(free, lot), ZERO)


def _cost(item: int, picks: Sequence[Pick], method: CostMethod, values: dict[int, Balance]) -> Decimal:
    """What it would cost; first in, first out is shown at the average, for its layers are only read when it leaves."""
    if method == CostMethod.BATCH:
        return sum((pick.amount for pick in picks), ZERO)
    total = ZERO
    for pick in picks:  # batch by batch as posting does, for every part is rounded by itself
        values[item], cost = values.get(item, Balance()).take(pick.quantity)
        total += cost
    return total
