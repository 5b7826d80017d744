"""The depreciation of a card: month by month as planned and as booked, and its value at the end of any month."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hrp.assets.models import Asset
from hrp.assets.rules.months import Month
from hrp.assets.subledger.cards import read
from hrp.platform.base import clock, sql

ZERO = Decimal(0)
BOOKED_SQL = """
SELECT d.month, sum(d.amount) FROM assets_depreciation d JOIN assets_funding l ON l.id = d.line_id
WHERE l.asset_id = %s GROUP BY 1 HAVING sum(d.amount) <> 0 ORDER BY 1
"""
PLANNED_SQL = "SELECT max(p.effective) FROM assets_plan p JOIN assets_funding l ON l.id = p.line_id WHERE l.asset_id = %s"
# what a card cost while it was held: not what took it off the books
COSTS_SQL = """
SELECT m.date, sum(m.cost) FROM assets_move m WHERE m.asset_id = %s AND NOT EXISTS (
    SELECT FROM assets_card_event e
    WHERE e.asset_id = m.asset_id AND e.source = m.source AND e.kind IN ('written_off', 'split', 'merged'))
GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True)
class Row:
    """One month of a card, in yuan; ``booked`` says that it stands in the ledger."""

    month: Month
    amount: Decimal
    accumulated: Decimal
    net: Decimal
    booked: bool


def schedule(asset: Asset) -> list[Row]:
    """What was depreciated and what will be, to the end of the card's life."""
    booked = sql.rows(BOOKED_SQL, [asset.pk])
    [(planned,)] = sql.rows(PLANNED_SQL, [asset.pk])
    # a plan that begins next month (enterprise, or business dated ahead) is already what is to come
    now = max(Month.holding(clock.today()), *(Month(number) for number, _ in [*booked, (planned or 0, None)]))
    card = read([asset.pk], month=now)[asset.pk]
    costs = [(Month.holding(date), cost) for date, cost in sql.rows(COSTS_SQL, [asset.pk])]
    reached, rows, last = sum((line.opening for line in card.lines), ZERO), [], None
    for number, amount in booked:
        reached += amount
        last = Month(number)
        rows.append(Row(last, amount, reached, _cost(costs, last) - reached, booked=True))
    plans = [
        line.plan for line in card.lines if line.plan is not None and line.units is None and line.plan.base
    ]
    if not plans or not asset.is_held:
        return rows
    month = last + 1 if last is not None else min(plan.first for plan in plans)
    while month <= max(plan.last for plan in plans):
        amount = sum((plan.charge(month) for plan in plans), ZERO)
        reached += amount
        rows.append(Row(month, amount, reached, card.cost - reached, booked=False))
        month = month + 1
    return rows


def _cost(costs: list[tuple[Month, Decimal]], month: Month) -> Decimal:
    """What had been paid by the end of a month."""
    return sum((cost for since, cost in costs if since <= month), ZERO)


@dataclass(frozen=True)
class Standing:
    """Yuan as booked: cost, accumulated depreciation, and what is left."""

    cost: Decimal
    accumulated: Decimal

    @property
    def net(self) -> Decimal:
        return self.cost - self.accumulated


STANDING_SQL = """
SELECT coalesce(sum(cost), 0), coalesce(sum(accumulated), 0)
    + coalesce((SELECT sum(d.amount) FROM assets_depreciation d JOIN assets_funding l ON l.id = d.line_id WHERE l.asset_id = %s), 0)
FROM assets_move WHERE asset_id = %s
"""


def standing(asset_id: int) -> Standing:
    """What the ledger says of a card today."""
    [(cost, accumulated)] = sql.rows(STANDING_SQL, [asset_id, asset_id])
    return Standing(cost, accumulated)
