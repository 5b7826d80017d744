"""The limits in force for this hospital on a day, and what its departments disposed of in the same span."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import Q

from hrp.assets.disposal import parameters as mine
from hrp.assets.disposal.models import DisposalRule
from hrp.assets.disposal.rules import Basis, Limit, Split, required, split
from hrp.assets.documents.write_off import Way, WriteOffLine
from hrp.assets.models import Asset
from hrp.platform.base.refusals import Problem
from hrp.platform.documents.models import State
from hrp.platform.org import parameters
from hrp.platform.org.models import OrgUnit
from hrp.platform.org.models.units import valid_on

MONTHS = {"month": 1, "quarter": 3, "year": 12}


def in_force(way: str, on: dt.date) -> list[Limit]:
    """Rules of the hospital's level for a way of disposal: those of its region where there are any, else the general ones."""
    region = parameters.value(mine.REGION, on).strip()
    rows = list(
        DisposalRule.objects.filter(
            valid_on(on), Q(kind="") | Q(kind=way), level=parameters.value(mine.LEVEL, on)
        )
    )
    local = [row for row in rows if region and row.region == region]
    chosen = local or [row for row in rows if not row.region]
    return [
        Limit(Basis(row.basis), row.amount_from, row.amount_to, row.approver, row.rank, row.source)
        for row in chosen
    ]


def span(on: dt.date) -> tuple[dt.date, dt.date]:
    """The days whose disposals are added up against splitting."""
    months = MONTHS[parameters.value(mine.SPAN, on)]
    first = dt.date(on.year, (on.month - 1) // months * months + 1, 1)
    after = first.month - 1 + months
    return first, dt.date(first.year + after // 12, after % 12 + 1, 1) - dt.timedelta(days=1)


def disposed(
    unit_ids: Iterable[int], way: str, on: dt.date, *, but: Sequence[int]
) -> dict[int, list[Decimal]]:
    """Original costs of what each department had written off in the span, other ``way`` of loss aside."""
    first, last = span(on)
    rows = WriteOffLine.objects.filter(
        document__state=State.POSTED,
        document__business_date__range=(first, last),
        asset__org_unit__in=list(unit_ids),
    ).exclude(asset__in=but)
    rows = (
        rows.filter(document__way=Way.LOSS)
        if way == Way.LOSS
        else rows.exclude(document__way__in=(Way.LOSS, Way.RETURN))
    )
    found: dict[int, list[Decimal]] = defaultdict(list)
    for unit, cost in rows.values_list("asset__org_unit_id", "cost"):
        found[unit].append(cost or Decimal(0))
    return found


def needed(assets: Sequence[Asset], way: str, on: dt.date) -> Limit | None:
    """Who must approve these together."""
    return required(in_force(way, on), [asset.cost for asset in assets])


def splits(assets: Sequence[Asset], way: str, on: dt.date, *, rank: int) -> list[tuple[OrgUnit, Split]]:
    """Departments whose disposals of the span together need more than ``rank``."""
    limits = in_force(way, on)
    by_unit: dict[OrgUnit, list[Decimal]] = defaultdict(list)
    for asset in assets:
        by_unit[asset.org_unit].append(asset.cost)
    before = disposed([unit.pk for unit in by_unit], way, on, but=[asset.pk for asset in assets])
    found = [
        (unit, cut)
        for unit, costs in by_unit.items()
        if (cut := split(limits, before.get(unit.pk, []), costs, rank=rank)) is not None
    ]
    return sorted(found, key=lambda one: one[0].code)


def split_problems(assets: Sequence[Asset], way: str, on: dt.date, *, rank: int) -> list[Problem]:
    """In words with the figures."""
    first, last = span(on)
    return [
        Problem(
            f"{unit} {first} 至 {last} 已处置 {cut.before:,.2f} 元，本次 {cut.now:,.2f} 元，合计 {cut.together:,.2f} 元，"
            f"达到 {cut.limit.low:,.2f} 元须由{cut.limit.approver}审批，不得拆分", field="asset", line=0,
            way_out=f"请合并报{cut.limit.approver}审批。依据：{cut.limit.source}",
        )
        for unit, cut in splits(assets, way, on, rank=rank)
    ]  # fmt: skip
