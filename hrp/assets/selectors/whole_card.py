"""Everything that is known of one card, for its page and its paper."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hrp.assets.models import Asset, CardEvent, DepartmentShare
from hrp.assets.rules.months import Month
from hrp.assets.selectors import schedules
from hrp.assets.subledger import cards as reading
from hrp.platform.base import clock, sql
from hrp.platform.documents.registry import load, url_for

ZERO = Decimal(0)
WORN_SQL = """
SELECT x.line_id, sum(x.accumulated) FROM (
    SELECT line_id, accumulated FROM assets_move WHERE asset_id = %s
    UNION ALL SELECT d.line_id, d.amount FROM assets_depreciation d JOIN assets_funding l ON l.id = d.line_id WHERE l.asset_id = %s) x
GROUP BY 1
"""
BORNE_SQL = """
SELECT o.code, o.name, sum(d.amount), min(d.month), max(d.month) FROM assets_depreciation d JOIN assets_funding l ON l.id = d.line_id
JOIN org_unit o ON o.id = d.org_unit_id WHERE l.asset_id = %s GROUP BY o.id HAVING sum(d.amount) <> 0 ORDER BY 3 DESC
"""


@dataclass(frozen=True)
class Paid:
    """One funding line as it stands."""

    source: str
    fund: str
    project: str
    cost: Decimal
    accumulated: Decimal
    monthly: Decimal
    left: int

    @property
    def net(self) -> Decimal:
        return self.cost - self.accumulated


@dataclass(frozen=True)
class Happened:
    """One event, with the document behind it."""

    date: dt.date
    text: str
    kind: str
    title: str
    url: str
    actor: str


@dataclass(frozen=True)
class Borne:
    """What a department bore of a card so far, from month to month."""

    code: str
    name: str
    amount: Decimal
    first: Month
    last: Month


@dataclass(frozen=True)
class Whole:
    """A card. ``chart`` is JSON data of shape bars for the house's charts."""

    standing: schedules.Standing
    lines: list[Paid]
    shares: list[DepartmentShare]
    borne: list[Borne]
    events: list[Happened]
    documents: list[Happened]
    rows: list[schedules.Row]
    chart: Mapping[str, Any] | None
    monthly: Decimal
    left: int

    @property
    def newness(self) -> Decimal | None:
        """成新率 in per cent."""
        return self.standing.net / self.standing.cost * 100 if self.standing.cost else None


def read(asset: Asset) -> Whole:
    month = Month.holding(clock.today())
    card = reading.read([asset.pk], month=month)[asset.pk]
    worn = dict(sql.rows(WORN_SQL, [asset.pk, asset.pk]))
    lines = [_paid(line, worn.get(line.id, line.opening), month) for line in card.lines]
    events = [
        _happened(event)
        for event in CardEvent.objects.filter(asset=asset).select_related("actor").order_by("-id")
    ]
    seen: dict[str, Happened] = {}
    for event in events:
        if event.url:
            seen.setdefault(event.url, event)
    rows = schedules.schedule(asset) if asset.booked_on else []
    standing = schedules.standing(asset.pk)
    if asset.booked_on is None:
        standing = schedules.Standing(card.cost, sum((line.opening for line in card.lines), ZERO))
    return Whole(
        standing=standing, lines=lines,
        shares=list(DepartmentShare.objects.filter(asset=asset).select_related("org_unit").order_by("-valid_from", "org_unit__code")),
        borne=[Borne(code, name, amount, Month(a), Month(b)) for code, name, amount, a, b in sql.rows(BORNE_SQL, [asset.pk])],
        events=events, documents=list(seen.values()), rows=rows, chart=_chart(rows),
        monthly=sum((line.monthly for line in lines), ZERO), left=max((line.left for line in lines), default=0),
    )  # fmt: skip


def _paid(line: reading.Line, worn: Decimal, month: Month) -> Paid:
    plan = line.plan if line.plan is not None and line.plan.base and line.units is None else None
    left = (
        0
        if plan is None
        else max(plan.last - month + (0 if plan.through(month) == worn - plan.before else 1), 0)
    )
    return Paid(
        line.source, line.fund, line.project, line.cost, worn, ZERO if plan is None else plan.charge(max(month, plan.first)), left
    )  # fmt: skip


def _happened(event: CardEvent) -> Happened:
    document = load(event.source) if event.source else None
    title = f"{document.spec.title} {document.number or ''}".strip() if document is not None else ""
    return Happened(
        event.date,
        event.text,
        event.kind,
        title,
        url_for(event.source) if event.source else "",
        str(event.actor),
    )


def _chart(rows: list[schedules.Row]) -> Mapping[str, Any] | None:
    """Depreciation by year, booked and still to come, with the net value at the end of each."""
    if not rows:
        return None
    booked: dict[int, Decimal] = defaultdict(Decimal)
    planned: dict[int, Decimal] = defaultdict(Decimal)
    net: dict[int, Decimal] = {}
    for row in rows:
        (booked if row.booked else planned)[row.month.year] += row.amount
        net[row.month.year] = row.net
    years = sorted(net)
    return {
        "labels": [str(year) for year in years],
        "bars": [
            {"name": "已提折旧", "data": [float(booked[year]) for year in years]},
            {"name": "计划折旧", "data": [float(planned[year]) for year in years]},
        ],
        "lines": [{"name": "年末净值", "data": [float(net[year]) for year in years]}],
        "stacked": True,
        "line_unit": "元",
    }
