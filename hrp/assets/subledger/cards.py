"""Cards as a posting sees them: locked, with their funding lines, the plans in force and what was depreciated so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hrp.assets.models import Asset
from hrp.assets.rules.months import Month
from hrp.assets.rules.plans import Plan
from hrp.platform.base import sql
from hrp.platform.base.refusals import Conflict

LOCK_SQL = "SELECT id FROM assets_asset WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
# the plan that holds in a month, and what units of work have taken (straight lines are a closed form of the month)
LINES_SQL = """
SELECT l.asset_id, l.id, l.source_id, s.name, f.code, l.project, l.cost, l.opening, l.opening_months,
    p.first, p.months, p.base, p.before, p.monthly, p.residual, p.units,
    CASE WHEN p.units IS NULL THEN 0
         ELSE coalesce((SELECT sum(d.amount) FROM assets_depreciation d WHERE d.line_id = l.id AND d.month >= p.effective), 0) END,
    p.units - coalesce((SELECT sum(u.units) FROM assets_usage u WHERE u.asset_id = l.asset_id
        AND u.month >= make_date(p.effective / 12, p.effective %% 12 + 1, 1)
        AND u.month < make_date(%s / 12, %s %% 12 + 1, 1)), 0)
FROM assets_funding l JOIN assets_source s ON s.id = l.source_id JOIN ledger_fund f ON f.id = s.fund_id
LEFT JOIN LATERAL (SELECT * FROM assets_plan p WHERE p.line_id = l.id AND p.effective <= %s ORDER BY p.id DESC LIMIT 1) p ON true
WHERE l.asset_id = ANY(%s) ORDER BY l.asset_id, l.id
"""


@dataclass(frozen=True)
class Line:
    """A funding line as of a month. ``plan`` is None while it is not depreciated."""

    id: int
    source_id: int
    source: str
    fund: str
    project: str
    cost: Decimal
    opening: Decimal
    opening_months: int
    plan: Plan | None
    residual: Decimal
    units: Decimal | None
    by_units: Decimal
    units_left: Decimal | None

    def accumulated(self, month: Month) -> Decimal:
        """累计折旧 at the end of ``month``, in yuan."""
        if self.plan is None:
            return self.opening
        if self.units is not None:
            return self.plan.before + self.by_units
        return self.plan.accumulated(month)


@dataclass
class Card:
    """A locked card. ``elapsed`` months of its life are over at the end of the month before the one asked about."""

    asset: Asset
    lines: list[Line] = field(default_factory=list)

    @property
    def cost(self) -> Decimal:
        return sum((line.cost for line in self.lines), Decimal(0))

    def accumulated(self, month: Month) -> Decimal:
        return sum((line.accumulated(month) for line in self.lines), Decimal(0))

    def net(self, month: Month) -> Decimal:
        """净值 at the end of ``month``."""
        return self.cost - self.accumulated(month)


def lock(asset_ids: Sequence[int], *, month: Month) -> dict[int, Card]:
    """Lock cards in the order of their keys; the plans are those in force in ``month``."""
    keys = sorted(set(asset_ids))
    found = {pk for (pk,) in sql.rows(LOCK_SQL, [keys])}
    if len(found) != len(keys):
        raise Conflict("有资产卡片已不存在", code="asset_gone", way_out="请刷新后重试。")
    return read(keys, month=month)


def read(asset_ids: Sequence[int], *, month: Month) -> dict[int, Card]:
    """Cards with their lines as of ``month``, without a lock."""
    query = Asset.objects.select_related("asset_class", "org_unit", "campus").in_bulk(asset_ids)
    cards = {pk: Card(query[pk]) for pk in sorted(query)}
    for row in sql.rows(LINES_SQL, [month.number, month.number, month.number, list(cards)]):
        cards[row[0]].lines.append(_line(row[1:]))
    return cards


def _line(row: Sequence[Any]) -> Line:
    pk, source_id, source, fund, project, cost, opening, opening_months, *planned = row
    first, months, base, before, monthly, residual, units, taken, left = planned
    rate = monthly if units is None else None
    return Line(
        pk, source_id, source, fund, project, cost, opening, opening_months,
        None if first is None else Plan(Month(first), months, base, before, rate), residual or Decimal(0), units, taken, left,
    )  # fmt: skip
