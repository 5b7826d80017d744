"""Putting a difference of value where it belongs: stock of the stores that hold the goods, expense of who used them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from hrp.logistics import subledger
from hrp.logistics.rules.invoice_difference import split_difference
from hrp.logistics.rules.sharing import share
from hrp.logistics.settlement.subledger import whereabouts
from hrp.logistics.settlement.subledger.whereabouts import Place, Whereabouts
from hrp.platform.base import clock, sql
from hrp.platform.documents.spec import PostingContext
from hrp.platform.ledger.selectors import account_ids

ZERO = Decimal(0)
NOBODY = "~"  # sorts after every department

CONSUMED_SQL = """
INSERT INTO logistics_consumed
    (source, line_position, item_id, org_unit_id, account_id, amount, date, period_id, posted_at)
SELECT %s, u.position, u.item, u.unit, u.account, u.amount, %s, %s, %s
FROM unnest(%s::int[], %s::bigint[], %s::bigint[], %s::bigint[], %s::numeric[]) AS u(position, item, unit, account, amount)
"""
MIRROR_SQL = """
INSERT INTO logistics_consumed
    (source, line_position, item_id, org_unit_id, account_id, amount, date, period_id, posted_at)
SELECT source, line_position, item_id, org_unit_id, account_id, -sum(amount), %s, %s, %s
FROM logistics_consumed WHERE source = %s GROUP BY 1, 2, 3, 4, 5 HAVING sum(amount) <> 0
"""


@dataclass(frozen=True)
class Part:
    """One line's difference: goods booked at ``before`` are worth ``after``, both in yuan."""

    position: int
    receipt_line_id: int
    before: Decimal
    after: Decimal


@dataclass(frozen=True)
class Spent:
    """An expense that a difference changed."""

    position: int
    item_id: int
    org_unit_id: int
    account: str
    amount: Decimal


@dataclass
class Placed:
    """What became of the differences: stock by inventory account, expenses, and both by document line."""

    stock: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    inventory: dict[int, str] = field(default_factory=dict)
    spent: list[Spent] = field(default_factory=list)
    by_line: dict[int, tuple[Decimal, Decimal]] = field(default_factory=dict)

    @property
    def expenses(self) -> dict[tuple[str, int], Decimal]:
        sums: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
        for one in self.spent:
            sums[one.account, one.org_unit_id] += one.amount
        return {key: amount for key, amount in sorted(sums.items()) if amount}


def place(
    parts: Sequence[Part],
    found: Mapping[int, Whereabouts],
    *,
    kind: str,
    ctx: PostingContext,
    collected_by: int | None = None,
) -> Placed:
    """Split each difference over what is on hand and who used the rest, as ``whereabouts.find`` found it, and write both.

    ``collected_by`` is the one department that bears all that was consumed, when the hospital wants it so; without, each
    department bears its own, and what nobody used (lost, returned) falls to the keeper of the store.
    """
    different = {p.receipt_line_id: p.position for p in parts if p.after != p.before}
    whereabouts.require_reachable(found, different)
    placed = Placed()
    changes: list[subledger.Change] = []
    for part in parts:
        at = found[part.receipt_line_id]
        placed.inventory[part.position] = at.inventory_account
        kept, spent = _split(part, at)
        changes += _on_places(part.position, at.places, kept)
        placed.stock[at.inventory_account] += kept
        placed.by_line[part.position] = kept, sum(spent.values(), ZERO)
        placed.spent += _borne(part.position, at, spent, ctx.on, collected_by)
    subledger.adjust(changes, kind=kind, ctx=ctx)
    write_spent(placed.spent, ctx)
    return placed


def _split(part: Part, at: Whereabouts) -> tuple[Decimal, dict[int | None, Decimal]]:
    if part.before == part.after:
        return ZERO, {}
    keys = {NOBODY if unit is None else f"{unit:012d}": unit for unit in at.consumed}
    has_places = bool(at.places)
    split = split_difference(
        estimated=part.before,
        invoiced=part.after,
        on_hand=at.on_hand if has_places else ZERO,
        consumed={key: at.consumed[unit] for key, unit in keys.items()},
        on_hand_amount=at.held_amount,
    )
    return split.on_hand, {unit: split.consumed[key] for key, unit in keys.items()}


def _on_places(position: int, places: Sequence[Place], amount: Decimal) -> list[subledger.Change]:
    """By quantity; where that would take more than a place holds, by amount."""
    if not amount:
        return []
    parts = share(amount, [p.quantity for p in places])
    if any(p.amount + part < 0 for p, part in zip(places, parts, strict=True)):
        parts = share(amount, [p.amount for p in places])
    return [
        subledger.Change(position, p.store_id, p.item_id, p.batch_id, part, p.layer_id)
        for p, part in zip(places, parts, strict=True)
        if part
    ]


def _borne(
    position: int, at: Whereabouts, spent: dict[int | None, Decimal], on: dt.date, collected_by: int | None
) -> list[Spent]:
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for unit, amount in spent.items():
        sums[collected_by or unit or at.keeper_id] += amount
    return [
        Spent(position, at.item_id, unit, whereabouts.expense_account(at, unit, on), amount)
        for unit, amount in sorted(sums.items())
        if amount
    ]


def write_spent(spent: Sequence[Spent], ctx: PostingContext) -> None:
    if spent:
        accounts = account_ids(one.account for one in spent)
        sql.run(
            CONSUMED_SQL,
            [ctx.source, ctx.on, ctx.period.id, clock.now(), [s.position for s in spent], [s.item_id for s in spent],
             [s.org_unit_id for s in spent], [accounts[s.account] for s in spent], [s.amount for s in spent]],
        )  # fmt: skip


def mirror_spent(ctx: PostingContext) -> None:
    sql.run(MIRROR_SQL, [ctx.on, ctx.period.id, clock.now(), ctx.source])
