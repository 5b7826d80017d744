"""From a cell of a report to the documents behind it: hops, origins and journal lines, with each hop explained."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hrp.costing.documents.allocation_run import AllocationRun
from hrp.costing.models import (
    AllocationPosting,
    CollectedCost,
    CostItem,
    DepartmentFullCost,
    RunCertificate,
    RunDepartment,
)
from hrp.costing.models.rulesets import Level
from hrp.costing.rules.origins import Hop, origins
from hrp.costing.selectors.ranges import Range
from hrp.platform.base.money import from_cents
from hrp.platform.ledger.models import Fund
from hrp.platform.ledger.turnover import JournalLine, lines_behind
from hrp.platform.org.models import OrgUnit

LINE_LIMIT = 500


@dataclass(frozen=True)
class CellKey:
    """A department, one of the seven items ("" for all of them) and a range, in one run."""

    unit_id: int
    item7: str
    range: Range


@dataclass(frozen=True)
class HopLine:
    """One posting into the cell. ``text`` is 金额 = 分子 / 分母 × 池."""

    level: int
    level_title: str
    source_id: int
    source: str
    item: str
    item7: str
    fund: str
    amount: Decimal
    text: str
    driver: str
    rule_id: int
    fallback_depth: int


@dataclass(frozen=True)
class OriginLine:
    """Own cost of ``unit_id`` that ended up in the cell. ``item7`` opens that department's direct cost."""

    unit_id: int
    unit: str
    category: str
    amount: Decimal


@dataclass(frozen=True)
class Drill:
    """Everything behind a cell, in yuan."""

    department: RunDepartment
    direct: Decimal
    from_a: Decimal
    from_x: Decimal
    from_t: Decimal
    hops: Sequence[HopLine]
    origins: Sequence[OriginLine]
    lines: Sequence[JournalLine]
    lines_cut: bool

    @property
    def full(self) -> Decimal:
        return self.direct + self.from_a + self.from_x + self.from_t


def items_of(key: CellKey) -> dict[int, CostItem]:
    """The leaf items the cell sums up."""
    rows = CostItem.objects.all()
    if key.item7:
        rows = rows.filter(item7=key.item7)
    if not key.range.hospital_only:
        rows = rows.filter(hospital_only=False)
    return {item.pk: item for item in rows}


def drill(run: AllocationRun, key: CellKey) -> Drill:
    """Open one cell: a bounded number of queries."""
    items = items_of(key)
    funds = {fund.pk: fund.code for fund in Fund.objects.filter(code__in=key.range.funds)}
    departments = {d.unit_id: d for d in RunDepartment.objects.filter(run_id=run.pk)}
    totals = [0, 0, 0, 0]
    for cost in DepartmentFullCost.objects.filter(
        run_id=run.pk, unit_id=key.unit_id, item_id__in=items, fund_id__in=funds
    ):
        for place, fen in enumerate((cost.direct_fen, cost.from_a_fen, cost.from_x_fen, cost.from_t_fen)):
            totals[place] += fen
    lines = direct_lines(run, key, items, list(funds.values()))
    direct, from_a, from_x, from_t = (from_cents(fen) for fen in totals)
    return Drill(
        department=departments[key.unit_id],
        direct=direct,
        from_a=from_a,
        from_x=from_x,
        from_t=from_t,
        hops=explain(run, key, items=items, funds=funds, departments=departments),
        origins=_origins(run, key, items, funds, departments),
        lines=lines[:LINE_LIMIT],
        lines_cut=len(lines) > LINE_LIMIT,
    )


def explain(
    run: AllocationRun,
    key: CellKey,
    *,
    items: Mapping[int, CostItem],
    funds: Mapping[int, str],
    departments: Mapping[int, RunDepartment],
) -> list[HopLine]:
    """Each hop into the cell as ``¥x = numerator / denominator × pool``, largest first within a level."""
    into = list(
        AllocationPosting.objects.filter(
            run_id=run.pk, receiver_id=key.unit_id, item_id__in=items, fund_id__in=funds
        )
    )
    pools: dict[tuple[int, int, int, int], int] = defaultdict(int)
    sources = {posting.source_id for posting in into}
    sent = AllocationPosting.objects.filter(
        run_id=run.pk, source_id__in=sources, item_id__in=items, fund_id__in=funds
    )
    for level, source, item, fund, fen in sent.values_list(
        "level", "source_id", "item_id", "fund_id", "amount_fen"
    ):
        pools[level, source, item, fund] += fen
    into.sort(key=lambda p: (p.level, -abs(p.amount_fen), p.pk))
    return [
        HopLine(
            level=p.level,
            level_title=Level(p.level).label,
            source_id=p.source_id,
            source=_name(departments, p.source_id),
            item=items[p.item_id].name,
            item7=items[p.item_id].item7,
            fund=funds[p.fund_id],
            amount=from_cents(p.amount_fen),
            text=(
                f"{from_cents(p.amount_fen):,} = {_trim(p.numerator)} / {_trim(p.denominator)} × "
                f"{from_cents(pools[p.level, p.source_id, p.item_id, p.fund_id]):,}"
            ),
            driver=p.driver_code,
            rule_id=p.rule_id,
            fallback_depth=p.fallback_depth,
        )
        for p in into
    ]


def _origins(
    run: AllocationRun,
    key: CellKey,
    items: Mapping[int, CostItem],
    funds: Mapping[int, str],
    departments: Mapping[int, RunDepartment],
) -> list[OriginLine]:
    slices: dict[tuple[int, int], tuple[dict[int, int], list[Hop]]] = {}
    collected = CollectedCost.objects.filter(
        run_id=run.pk, item_id__in=items, fund_id__in=funds, participates=True
    )
    for unit, item, fund, fen in collected.values_list("unit_id", "item_id", "fund_id", "amount_fen"):
        own = slices.setdefault((item, fund), ({}, []))[0]
        own[unit] = own.get(unit, 0) + fen
    postings = AllocationPosting.objects.filter(run_id=run.pk, item_id__in=items, fund_id__in=funds)
    for item, fund, *hop in postings.values_list(
        "item_id", "fund_id", "level", "source_id", "receiver_id", "amount_fen"
    ):
        slices.setdefault((item, fund), ({}, []))[1].append(Hop(*hop))
    totals: dict[int, int] = defaultdict(int)
    for own, hops in slices.values():
        for origin, fen in origins(key.unit_id, own, hops).items():
            totals[origin] += fen
    ordered = sorted(totals.items(), key=lambda entry: (entry[0] != key.unit_id, -abs(entry[1]), entry[0]))
    return [
        OriginLine(unit, _name(departments, unit), departments[unit].category, from_cents(fen))
        for unit, fen in ordered
        if fen
    ]


def direct_lines(
    run: AllocationRun, key: CellKey, items: Mapping[int, CostItem], funds: Sequence[str]
) -> list[JournalLine]:
    """The journal lines that were collected into the cell, departments merged into it included."""
    accounts = CollectedCost.objects.filter(run_id=run.pk, unit_id=key.unit_id, item_id__in=items)
    account_ids = sorted(set(accounts.values_list("account_id", flat=True)))
    units = [key.unit_id, *OrgUnit.objects.filter(merged_into_id=key.unit_id).values_list("pk", flat=True)]
    days = RunCertificate.objects.values_list("first_day", "last_day").get(run_id=run.pk)
    lines = [
        line
        for unit_id in units
        for line in lines_behind(
            run.hospital_id, *days, unit_id=unit_id, account_ids=account_ids, funds=list(funds),
            limit=LINE_LIMIT + 1,
        )
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (line.date, line.entry_id))


def _name(departments: Mapping[int, RunDepartment], unit_id: int) -> str:
    department = departments.get(unit_id)
    return f"{department.code} {department.name}" if department else f"#{unit_id}"


def _trim(value: Decimal) -> str:
    return f"{value.normalize():,f}"
