"""Cards that end and cards that begin in their place, on one day and with one value: what splitting and joining share.

The old cards leave the books with cost and accumulated depreciation, the new ones begin with the same, their months of life
gone and what was depreciated as books taken over would. No entry: accounts and funds are those of before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hrp.assets import subledger
from hrp.assets.changes import rules
from hrp.assets.changes.rules import Standing
from hrp.assets.documents import months
from hrp.assets.documents.booking import BOOK_SQL, stop
from hrp.assets.documents.write_off import BACK_SQL, GONE_SQL
from hrp.assets.models import Asset, DepartmentShare, FundingLine
from hrp.assets.models.cards import Status
from hrp.assets.rules.months import Month
from hrp.assets.subledger import numbering
from hrp.assets.subledger.cards import Card, Line
from hrp.platform.base import sql
from hrp.platform.base.money import to_cents
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents.spec import PostingContext

SETTLED = (Status.IN_STORE, Status.IN_USE, Status.IDLE, Status.SEALED)
"""Neither in repair nor stopped, lent or on its way out: nothing else waits for the card."""
OWN = {
    "id", "token", "number", "origin", "status", "booked_on", "disposed_on", "cost", "serial_number", "udi", "quantity",
}  # fmt: skip
"""What a new card does not inherit."""


@dataclass(frozen=True)
class NewLine:
    source_id: int
    project: str
    standing: Standing


@dataclass(frozen=True)
class NewCard:
    """An unsaved card, what it is worth, months of its life that are gone, who bears it, and what its history says first."""

    asset: Asset
    lines: Sequence[NewLine]
    elapsed: int
    shares: Sequence[rules.Share]
    text: str


def standing(line: Line, month: Month) -> Standing:
    """A funding line before ``month``."""
    accumulated = line.accumulated(month + -1)
    if line.plan is None:
        return Standing(line.cost, accumulated)
    left = max(line.plan.last - month + 1, 0)
    return Standing(line.cost, accumulated, line.residual, line.plan.monthly, left)


def heir(asset: Asset, *, origin: str, **fields: Any) -> Asset:
    """An unsaved card like another."""
    kept = {f.attname: getattr(asset, f.attname) for f in Asset._meta.concrete_fields if f.name not in OWN}
    made = Asset(**kept, origin=origin, **fields)
    made.asset_class = asset.asset_class
    return made


def shares_of(cards: Iterable[Card], *, on: dt.date) -> list[rules.Share]:
    """Whose new cards are: the shares of the old ones since the first day of the month, weighed by cost."""
    weights = {card.asset.pk: to_cents(card.cost) for card in cards}
    rows = DepartmentShare.objects.filter(asset__in=weights).values_list(
        "asset", "org_unit", "ratio", "valid_from", "valid_to"
    )
    held = [
        rules.Share(asset, f"{unit:012d}", ratio, since, until) for asset, unit, ratio, since, until in rows
    ]
    return rules.joined(held, weights, since=on.replace(day=1))


def require_settled(cards: Iterable[Card]) -> None:
    for card in cards:
        if card.asset.status not in SETTLED:
            raise Conflict(
                f"{card.asset} {card.asset.get_status_display()}，不能办理", code="not_settled",
                way_out="请先完成维修、归还或撤回处置，再办理。",
            )  # fmt: skip


def require_whole_books(cards: Mapping[int, Card], month: Month, hospital_id: int, on: dt.date) -> None:
    """Business in order of days, and every month before the change booked."""
    subledger.require_in_order(list(cards), on, kinds=(*subledger.VALUED, "transferred"))
    months.require_depreciated(cards.values(), month + -1, hospital_id)


def end(
    cards: Mapping[int, Card], *, kind: str, event: str, texts: Mapping[int, str], month: Month, ctx: PostingContext
) -> None:  # fmt: skip
    """Take cards off the books with what they are worth before ``month``."""
    moves, plans, events = [], [], []
    for pk, card in cards.items():
        moves += [
            subledger.Moved(pk, line.id, -line.cost, -line.accumulated(month + -1)) for line in card.lines
        ]
        plans += [stop(line, month) for line in card.lines]
        before = {"status": card.asset.status, "cost": card.cost}
        events.append(subledger.Said(pk, event, texts[pk], before=before))
    subledger.write_moves(moves, kind=kind, ctx=ctx)
    subledger.write_plans(plans, ctx=ctx)
    sql.run(GONE_SQL, [ctx.on, list(cards)])
    subledger.write_events(events, on=ctx.on, ctx=ctx)


def begin(cards: Sequence[NewCard], *, kind: str, month: Month, ctx: PostingContext) -> list[Asset]:
    """Put new cards on the books, numbered."""
    assets = Asset.objects.bulk_create([card.asset for card in cards])
    numbers = numbering.draw(assets, on=ctx.on)
    costs = [sum((line.standing.cost for line in card.lines), rules.ZERO) for card in cards]
    moves, plans, events = [], [], []
    for card in cards:
        pk, depreciated = card.asset.pk, card.asset.is_depreciated
        made = FundingLine.objects.bulk_create(
            FundingLine(
                asset_id=pk, source_id=line.source_id, project=line.project, cost=line.standing.cost,
                opening=line.standing.accumulated, opening_months=card.elapsed if depreciated else 0,
            )
            for line in card.lines
        )  # fmt: skip
        DepartmentShare.objects.bulk_create(
            DepartmentShare(
                asset_id=pk, org_unit_id=int(one.unit), ratio=one.ratio, valid_from=one.since, valid_to=one.until
            )
            for one in card.shares
        )  # fmt: skip
        for line, row in zip(card.lines, made, strict=True):
            moves.append(subledger.Moved(pk, row.pk, line.standing.cost, line.standing.accumulated))
            if depreciated:
                plan = line.standing.plan(month)
                plans.append(subledger.Planned(row.pk, month, plan, line.standing.residual))
        after = {"number": numbers[pk], "cost": card.asset.cost, "life_months": card.asset.life_months}
        events.append(subledger.Said(pk, "booked", card.text, after=after))
    keys = [asset.pk for asset in assets]
    states = [Status.IN_USE if asset.location_id else Status.IN_STORE for asset in assets]
    sql.run(BOOK_SQL, [ctx.on, keys, [numbers[pk] for pk in keys], states, costs])
    subledger.write_moves(moves, kind=kind, ctx=ctx)
    subledger.write_plans(plans, ctx=ctx)
    subledger.write_events(events, on=ctx.on, ctx=ctx)
    return assets


def undo(source: str, *, kind: str, event: str, month: Month, ctx: PostingContext) -> None:
    """Take it back while nothing has happened to the new cards since: the old ones go on, the new numbers are spent."""
    before = subledger.before(source, event)
    old, new = sorted(before), sorted(subledger.before(source, "booked"))
    subledger.lock([*old, *new], month=month)
    subledger.require_last([*old, *new], source)
    subledger.mirror_moves(kind=f"{kind}_reversal", ctx=ctx)
    subledger.restore_plans(ctx=ctx)
    sql.run(BACK_SQL, [old, [before[pk]["status"] for pk in old]])
    sql.run(GONE_SQL, [ctx.on, new])
    said = [subledger.Said(pk, f"un-{event}", "红冲，卡片恢复在账") for pk in old]
    said += [subledger.Said(pk, "un-booked", "红冲，卡片注销，编号不再使用") for pk in new]
    subledger.write_events(said, on=ctx.on, ctx=ctx)
