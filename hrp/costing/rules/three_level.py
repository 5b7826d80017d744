"""三级分项逐级分步结转 in exact fractions, with staff kinds kept inside 人员经费.

The published workbook form: level 1 pools all 行政后勤 departments over the headcount of every other department,
levels 2 and 3 follow each department's own statistic. Personnel cost received at levels 1 and 2 is split again over
the *receiver's* staff kinds (``personnel_resplit``), so that 人员经费 as a whole is conserved but its kinds are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from hrp.platform.base.largest_remainder import Shares, Weight
from hrp.platform.base.refusals import Invalid

Category = Literal["clinical", "medtech", "auxiliary", "admin"]
Row = list[Fraction]


@dataclass(frozen=True)
class Department:
    """``direct`` is yuan per item; ``staff`` is heads per staff kind, aligned with the personnel items."""

    code: str
    category: Category
    direct: Mapping[str, Weight]
    staff: Mapping[str, Weight]


@dataclass(frozen=True)
class ThreeLevel:
    """What each department received at each level and what the clinical ones cost in full: rows in item order."""

    received: Mapping[int, Mapping[str, Row]]
    full: Mapping[str, Row]

    @property
    def total(self) -> Fraction:
        return sum((sum(row, Fraction(0)) for row in self.full.values()), Fraction(0))


def three_level(
    departments: Sequence[Department],
    *,
    items: Sequence[str],
    staff_kinds: Sequence[str],
    drivers: Mapping[int, Mapping[str, Mapping[str, Weight]]],
    personnel_resplit: bool = True,
) -> ThreeLevel:
    """``items`` begin with one item per staff kind; ``drivers[level][source]`` are the weights of levels 2 and 3."""
    by_code = {d.code: d for d in departments}
    cost = {d.code: [Fraction(d.direct.get(item, 0)) for item in items] for d in departments}
    heads = {
        d.code: sum((Fraction(n) for n in d.staff.values()), Fraction(0))
        for d in departments
        if d.category != "admin"
    }
    received: dict[int, dict[str, Row]] = {}
    for level, category in ((1, "admin"), (2, "auxiliary"), (3, "medtech")):
        arrived: dict[str, Row] = {}
        for department in sorted((d for d in departments if d.category == category), key=lambda d: d.code):
            weights = heads if level == 1 else drivers[level].get(department.code, {})
            pool, cost[department.code] = cost[department.code], [Fraction(0)] * len(items)
            for code, row in _share_out(department.code, pool, weights).items():
                if personnel_resplit and level < 3:
                    row = _resplit(row, by_code[code], staff_kinds)
                arrived[code] = _add(arrived[code], row) if code in arrived else row
        for code, row in arrived.items():
            cost[code] = _add(cost[code], row)
        received[level] = arrived
    clinical = sorted(d.code for d in departments if d.category == "clinical")
    return ThreeLevel(received=received, full={code: cost[code] for code in clinical})


def _share_out(source: str, pool: Row, weights: Mapping[str, Weight]) -> dict[str, Row]:
    shares = Shares(weights)
    if shares.total == 0:
        if not any(pool):
            return {}
        raise Invalid(
            f"科室 {source} 有待分摊成本，但没有分摊参数",
            code="no_driver",
            way_out=f"请为科室 {source} 补录统计量。",
        )
    return {
        code: [amount * weight / shares.denominator for amount in pool]
        for code, weight in shares.as_dict.items()
    }


def _resplit(row: Row, receiver: Department, staff_kinds: Sequence[str]) -> Row:
    """Personnel columns of ``row`` spread over the receiver's staff; a receiver without staff keeps them as sent."""
    kinds = len(staff_kinds)
    personnel = sum(row[:kinds], Fraction(0))
    heads = [Fraction(receiver.staff.get(kind, 0)) for kind in staff_kinds]
    if not any(heads):
        return row
    return [personnel * head / sum(heads) for head in heads] + row[kinds:]


def _add(left: Row, right: Row) -> Row:
    return [a + b for a, b in zip(left, right, strict=True)]
