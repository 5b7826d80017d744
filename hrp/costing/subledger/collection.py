"""成本归集: the month's costs and drivers out of the journal, as the run will snapshot them.

Every expense account of the journal is either mapped to a cost item or known not to be a cost; every department with
cost has a category on the last day of the month; every amount has a department and a fund. What is missing is refused
all at once, by name. Nothing is guessed.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from hrp.costing.models import AccountItemMap, AllocationRule, CostItem, Driver, RuleSet
from hrp.costing.models.drivers import Grain
from hrp.costing.rules import resolution
from hrp.platform.base.money import to_cents
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.ledger.turnover import Turnover, turnover
from hrp.platform.org import selectors as org
from hrp.platform.org.models import OrgUnit, UnitCategory, valid_on


@dataclass(frozen=True)
class Department:
    """A department that takes part in the run (``excluded`` ones only tie out)."""

    id: int
    code: str
    name: str
    category: str
    setting: str


@dataclass(frozen=True)
class Collected:
    """Net cost of one account in one department and fund, in 分; ``item_id`` None: not a cost."""

    unit_id: int
    account_id: int
    item_id: int | None
    fund: str
    amount_fen: int
    participates: bool


@dataclass(frozen=True)
class DriverReading:
    driver: str
    source_id: int | None
    receiver_id: int
    value: Decimal


@dataclass(frozen=True)
class RunInputs:
    """Everything a run reads, and nothing else."""

    first_day: dt.date
    last_day: dt.date
    departments: tuple[Department, ...]
    items: Mapping[int, resolution.Item]
    collected: tuple[Collected, ...]
    readings: tuple[DriverReading, ...]
    drivers: Mapping[str, resolution.DriverTable]
    rules: tuple[resolution.Rule, ...]
    warnings: list[str] = field(default_factory=list)


def collect(hospital_id: int, first_day: dt.date, last_day: dt.date, *, rule_set: RuleSet) -> RunInputs:
    """Read one month of one hospital. Raises Invalid naming everything that is unmapped, Conflict when it is empty."""
    places = _Places(hospital_id, last_day)
    expenses = turnover(hospital_id, first_day, last_day, element="expense")
    if not expenses:
        raise Conflict(
            f"{first_day:%Y年%m月}没有任何费用，无可分摊",
            way_out="请先将出库单、成本费用归集单等过账到该月，再进行分摊。", code="no_cost",
        )  # fmt: skip
    problems: list[Problem] = []
    collected = _costs(expenses, places, last_day, problems)
    drivers, readings = _drivers(turnover(hospital_id, first_day, last_day, element="stat"), places, problems)
    if problems:
        raise Invalid(
            f"{first_day:%Y年%m月}成本归集有 {len(problems)} 处问题，未生成任何分摊结果",
            problems=problems, way_out="请逐项处理后重新过账分摊单。", code="not_collectable",
        )  # fmt: skip
    items = {
        pk: resolution.Item(code, item7)
        for pk, code, item7 in CostItem.objects.values_list("pk", "code", "item7")
    }
    return RunInputs(
        first_day=first_day,
        last_day=last_day,
        departments=tuple(places.departments()),
        items=items,
        collected=tuple(collected),
        readings=tuple(readings),
        drivers=drivers,
        rules=tuple(_rules(rule_set)),
    )


class _Places:
    """Departments of the month: one snapshot, on its last day; a merged unit stands for what it was merged into."""

    def __init__(self, hospital_id: int, on: dt.date) -> None:
        self.units = OrgUnit.objects.filter(campus__hospital_id=hospital_id).in_bulk()
        self.categories = org.category_map(on)

    def resolve(self, unit_id: int) -> int:
        seen: set[int] = set()
        while unit_id not in self.categories and unit_id not in seen:
            seen.add(unit_id)
            into = self.units[unit_id].merged_into_id if unit_id in self.units else None
            if into is None:
                break
            unit_id = into
        return unit_id

    def category(self, unit_id: int) -> str | None:
        known = self.categories.get(unit_id)
        return known.category if known else None

    def name(self, unit_id: int) -> str:
        unit = self.units.get(unit_id)
        return f"{unit.code} {unit.name}" if unit else f"#{unit_id}"

    def code(self, unit_id: int) -> str:
        return self.units[unit_id].code

    def departments(self) -> Iterable[Department]:
        for unit in sorted(self.units.values(), key=lambda unit: unit.code):
            known = self.categories.get(unit.pk)
            if known is not None:
                yield Department(unit.pk, unit.code, unit.name, known.category, known.setting)


def _costs(
    expenses: Iterable[Turnover], places: _Places, on: dt.date, problems: list[Problem]
) -> list[Collected]:
    mapped = dict(AccountItemMap.objects.filter(valid_on(on)).values_list("account_id", "item_id"))
    sums: dict[tuple[int, int, str], int] = defaultdict(int)
    unmapped: dict[str, Decimal] = defaultdict(Decimal)
    homeless: dict[str, Decimal] = defaultdict(Decimal)
    for row in expenses:
        if not row.amount:
            continue
        account = f"{row.account_code} {row.account_name}"
        if row.account_id not in mapped:
            unmapped[account] += row.amount
        elif row.org_unit_id is None or row.fund is None:
            problems.append(
                Problem(
                    f"科目 {account} 有 {row.amount} 元没有{'科室' if row.org_unit_id is None else '经费性质'}",
                    way_out="请红冲来源单据并补填后重新过账。",
                )
            )
        else:
            unit_id = places.resolve(row.org_unit_id)
            if places.category(unit_id) is None:
                homeless[places.name(unit_id)] += row.amount
            sums[unit_id, row.account_id, row.fund] += to_cents(row.amount)
    for account, amount in sorted(unmapped.items()):
        problems.append(
            Problem(
                f"费用科目 {account} 本期 {amount} 元没有对应的成本项目",
                way_out="请在“科目与成本项目对照”中为该科目指定成本项目，或注明不计入成本的原因。",
            )
        )
    for unit, amount in sorted(homeless.items()):
        problems.append(
            Problem(
                f"科室 {unit} 本期有成本 {amount} 元，但在 {on} 没有科室类别",
                way_out="请在组织机构中设置该科室的类别；不参与核算的科室请设为“不参与核算”。",
            )
        )
    return [
        Collected(
            unit_id, account_id, mapped.get(account_id), fund, fen,
            mapped.get(account_id) is not None and places.category(unit_id) != UnitCategory.EXCLUDED,
        )
        for (unit_id, account_id, fund), fen in sorted(sums.items())
        if fen
    ]  # fmt: skip


def _drivers(
    stats: Iterable[Turnover], places: _Places, problems: list[Problem]
) -> tuple[dict[str, resolution.DriverTable], list[DriverReading]]:
    by_account = {driver.account_id: driver for driver in Driver.objects.all()}
    sums: dict[tuple[str, int | None, int], Decimal] = defaultdict(Decimal)
    for row in stats:
        driver = by_account.get(row.account_id)
        if driver is None or row.org_unit_id is None or not row.quantity:
            continue
        server = places.resolve(row.counter_unit_id) if row.counter_unit_id is not None else None
        if driver.grain == Grain.PAIR and server is None:
            problems.append(
                Problem(
                    f"分摊参数 {driver} 在科室 {places.name(row.org_unit_id)} 有未填服务科室的统计量",
                    way_out="请红冲该统计量并补填服务科室。",
                )
            )
            continue
        if driver.grain == Grain.DEPARTMENT:
            server = None
        sums[driver.code, server, places.resolve(row.org_unit_id)] += row.quantity
    readings = [
        DriverReading(code, source, receiver, value)
        for (code, source, receiver), value in sorted(
            sums.items(), key=lambda entry: (entry[0][0], entry[0][1] or 0, entry[0][2])
        )
        if value and receiver in places.units and (source is None or source in places.units)
    ]
    tables: dict[str, dict[tuple[str | None, str], Decimal]] = defaultdict(dict)
    for r in readings:
        tables[r.driver][places.code(r.source_id) if r.source_id else None, places.code(r.receiver_id)] = (
            r.value
        )
    return {
        driver.code: resolution.DriverTable(
            driver.code, driver.grain == Grain.PAIR, tables.get(driver.code, {})
        )
        for driver in by_account.values()
    }, readings


def _rules(rule_set: RuleSet) -> Iterable[resolution.Rule]:
    rows = (
        AllocationRule.objects.filter(rule_set=rule_set)
        .select_related("source_unit", "item", "driver")
        .prefetch_related("fallbacks__driver")
        .order_by("pk")
    )
    for row in rows:
        yield resolution.Rule(
            id=str(row.pk),
            level=row.level,
            driver=row.driver.code,
            source=row.source_unit.code if row.source_unit else None,
            item=row.item.code if row.item else "",
            item7=row.item7,
            rank=row.rank,
            fallbacks=tuple(fallback.driver.code for fallback in row.fallbacks.all()),
            receiver_category=row.receiver_category,
            receiver_setting=row.receiver_setting,
        )
