"""三级分项逐级分步结转 in integer 分: the engine of the posted run.

A *cell* is the cost of one department in one item and one fund. A *step* clears some items of one source at one
level over a weight vector; the amount of a cell is split once, by largest remainder, and arrives at the receivers as
the same item and the same fund (分项：items never mix). All sources of a level send what they held when the level
began ("pooled"), so the order of sources inside a level does not matter.

Level 0 (公摊) moves shared cost before level 1 and counts as direct; level 1 is 行政后勤 → all others, level 2
医疗辅助 → 临床 and 医技, level 3 医疗技术 → 临床. Nothing flows upward and nobody serves itself.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from hrp.costing.rules.certificate import Certificate, LevelTotals
from hrp.platform.base.largest_remainder import Shares, Weight
from hrp.platform.base.refusals import Invalid

Category = Literal["clinical", "medtech", "auxiliary", "admin"]
CreditPools = Literal["allocate", "hold"]
Cell = tuple[str, str, str]  # department, item, fund

LEVELS = (0, 1, 2, 3)
SENDS: Mapping[int, Category] = {1: "admin", 2: "auxiliary", 3: "medtech"}
RECEIVES: Mapping[int, frozenset[Category]] = {
    1: frozenset({"clinical", "medtech", "auxiliary"}),
    2: frozenset({"clinical", "medtech"}),
    3: frozenset({"clinical"}),
}


@dataclass(frozen=True)
class Department:
    code: str
    category: Category
    name: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.name}".strip()


@dataclass(frozen=True)
class Step:
    """``source`` clears ``items`` (None: whatever no other step of this source and level names) by ``weights``."""

    level: int
    source: str
    weights: Mapping[str, Weight]
    items: frozenset[str] | None = None
    driver: str = ""
    rule: str = ""
    fallback_depth: int = 0


@dataclass(frozen=True, slots=True)
class Posting:
    """One hop: ``amount_fen`` = ``numerator`` / ``denominator`` × the pool, rounded by largest remainder."""

    level: int
    source: str
    receiver: str
    item: str
    fund: str
    amount_fen: int
    numerator: Fraction
    denominator: Fraction
    driver: str
    rule: str
    fallback_depth: int


@dataclass(frozen=True, slots=True)
class FullCost:
    """``direct`` includes level 0; the other three are what arrived by the last sender's category (by hop)."""

    direct: int = 0
    from_a: int = 0
    from_x: int = 0
    from_t: int = 0

    @property
    def full(self) -> int:
        return self.direct + self.from_a + self.from_x + self.from_t


@dataclass(frozen=True)
class Allocation:
    """``costs`` holds every department: what a source received before it sent everything on stays visible there.

    ``held`` are the cells of credit pools that were not allocated; ``final`` is what each cell holds at the end.
    """

    postings: Sequence[Posting]
    costs: Mapping[Cell, FullCost]
    final: Mapping[Cell, int]
    held: Mapping[Cell, int]
    certificate: Certificate


def allocate(
    departments: Sequence[Department],
    costs: Mapping[Cell, int],
    steps: Sequence[Step],
    *,
    credit_pools: CreditPools = "allocate",
) -> Allocation:
    """Clear levels 0 to 3. Refuses ``no_rule``, ``no_driver``, ``negative_driver``, ``upward``, ``unknown_department``.

    ``credit_pools="hold"`` keeps a source whose total in a fund is not positive at its turn on a hold line (CMS rule).
    """
    run = _Run({d.code: d for d in departments}, costs, steps, credit_pools)
    for level in LEVELS:
        run.clear(level)
    return run.result(input_hash(departments, costs, steps, credit_pools))


def input_hash(
    departments: Iterable[Department], costs: Mapping[Cell, int], steps: Iterable[Step], credit_pools: str
) -> str:
    """SHA-256 over a canonical form of everything the engine reads: the same hash means the same postings (I9)."""
    canonical = {
        "departments": sorted([d.code, d.category] for d in departments),
        "costs": sorted([*cell, amount] for cell, amount in costs.items() if amount),
        "steps": sorted(
            [
                [s.level, s.source, sorted(s.items) if s.items is not None else "*", s.driver, s.rule, s.fallback_depth,
                 sorted([code, str(Fraction(weight))] for code, weight in s.weights.items())]
                for s in steps
            ],
            key=json.dumps,
        ),
        "credit_pools": credit_pools,
    }  # fmt: skip
    text = json.dumps(canonical, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class _Run:
    def __init__(
        self,
        departments: Mapping[str, Department],
        costs: Mapping[Cell, int],
        steps: Sequence[Step],
        credit_pools: CreditPools,
    ) -> None:
        self.departments = departments
        self.credit_pools = credit_pools
        self.now: dict[Cell, int] = defaultdict(int)
        for cell, amount in costs.items():
            self._known(cell[0], "成本归集")
            if amount:
                self.now[cell] += amount
        self.direct: dict[Cell, int] = dict(self.now)
        self.arrived: dict[int, dict[Cell, int]] = {level: defaultdict(int) for level in LEVELS}
        self.postings: list[Posting] = []
        self.held: dict[Cell, int] = {}
        self.totals: list[LevelTotals] = []
        self.steps: dict[int, dict[str, list[tuple[Step, Shares]]]] = {level: {} for level in LEVELS}
        for step in steps:
            self._admit(step)

    def _known(self, code: str, where: str) -> Department:
        if code not in self.departments:
            raise Invalid(
                f"{where}中的科室 {code} 不在参与核算的科室名单中",
                code="unknown_department",
                way_out="请在组织机构中为该科室设置本期有效的科室类别，或更正来源单据的科室。",
            )
        return self.departments[code]

    def _admit(self, step: Step) -> None:
        source = self._known(step.source, "分摊规则")
        if step.level not in LEVELS:
            raise Invalid(
                f"分摊级次 {step.level} 无效", code="bad_level", way_out="分摊级次只能是 0、1、2、3。"
            )
        if step.level and source.category != SENDS[step.level]:
            raise Invalid(
                f"科室 {source} 不能在第 {step.level} 级分摊中作为分摊方",
                code="upward",
                way_out="行政后勤只在一级、医疗辅助只在二级、医疗技术只在三级向下分摊。请检查科室类别与规则级次。",
            )
        try:
            shares = Shares(step.weights)
        except Invalid as refusal:
            raise Invalid(
                f"第 {step.level} 级分摊、分摊科室 {source}、参数 {step.driver}：{refusal.reason}",
                code=refusal.code,
                way_out=refusal.way_out,
            ) from refusal
        for code in shares.codes:
            receiver = self._known(code, f"科室 {source} 的分摊参数")
            below = receiver.category in RECEIVES[step.level] if step.level else True
            if code == step.source or not below:
                raise Invalid(
                    f"第 {step.level} 级分摊中，科室 {source} 不能向科室 {receiver} 分摊",
                    code="upward",
                    way_out="成本只能向下一级分摊，且不能分摊给自己。请检查接收科室的类别与规则。",
                )
        self.steps[step.level].setdefault(step.source, []).append((step, shares))

    def clear(self, level: int) -> None:
        before = dict(self.now)
        sources = sorted(
            self.steps[0]
            if level == 0
            else (code for code, d in self.departments.items() if d.category == SENDS[level])
        )
        cells: dict[str, list[Cell]] = {code: [] for code in sources}
        for cell in sorted(before):
            if cell[0] in cells:
                cells[cell[0]].append(cell)
        count = len(self.postings)
        for source in sources:
            self._send(level, source, cells[source], before)
        for cell, amount in self.arrived[level].items():
            self.now[cell] += amount
        self.totals.append(LevelTotals.measure(level, before, self.now, len(self.postings) - count))

    def _send(self, level: int, source: str, cells: Sequence[Cell], before: Mapping[Cell, int]) -> None:
        on_hold = self._funds_on_hold(cells, before) if level else frozenset[str]()
        for cell in cells:
            amount = before[cell]
            if not amount:
                continue
            if cell[2] in on_hold:
                self.held[cell] = amount
                continue
            chosen = self._choose(level, source, cell[1])
            if chosen is None:
                continue
            self._post(level, cell, amount, *chosen)

    def _funds_on_hold(self, cells: Sequence[Cell], before: Mapping[Cell, int]) -> frozenset[str]:
        if self.credit_pools != "hold":
            return frozenset()
        totals: dict[str, int] = defaultdict(int)
        for cell in cells:
            totals[cell[2]] += before[cell]
        return frozenset(fund for fund, total in totals.items() if total <= 0)

    def _choose(self, level: int, source: str, item: str) -> tuple[Step, Shares] | None:
        general = None
        for step, shares in self.steps[level].get(source, ()):
            if step.items is None:
                general = (step, shares)
            elif item in step.items:
                return step, shares
        if general is None and level:
            raise Invalid(
                f"第 {level} 级分摊：科室 {self.departments[source]} 的成本项目“{item}”没有适用的分摊规则",
                code="no_rule",
                way_out="请为该科室或该科室类别补充分摊规则。",
            )
        return general

    def _post(self, level: int, cell: Cell, amount: int, step: Step, shares: Shares) -> None:
        source, item, fund = cell
        if shares.total == 0:
            raise Invalid(
                f"第 {level} 级分摊：科室 {self.departments[source]} 的“{item}”有待分摊成本 {Decimal(amount).scaleb(-2)} 元，"
                f"但分摊参数 {step.driver or '（未命名）'} 合计为 0",
                code="no_driver",
                way_out="请补录该参数的统计量，或在规则上设置经批准的备用参数后重新计算。",
            )
        weights = shares.as_dict
        arrived = self.arrived[level]
        for code, part in zip(shares.codes, shares.split(amount), strict=True):
            if not part:
                continue
            arrived[code, item, fund] += part
            self.postings.append(
                Posting(
                    level, source, code, item, fund, part, weights[code], shares.denominator,
                    step.driver, step.rule, step.fallback_depth,
                )
            )  # fmt: skip
        self.now[cell] -= amount

    def result(self, digest: str) -> Allocation:
        direct: dict[Cell, int] = defaultdict(int, self.direct)
        for posting in self.postings:
            if posting.level == 0:
                direct[posting.source, posting.item, posting.fund] -= posting.amount_fen
                direct[posting.receiver, posting.item, posting.fund] += posting.amount_fen
        cells = sorted(set(direct).union(*(self.arrived[level] for level in (1, 2, 3))))
        costs = {
            cell: FullCost(direct.get(cell, 0), *(self.arrived[level].get(cell, 0) for level in (1, 2, 3)))
            for cell in cells
        }
        final = {cell: amount for cell, amount in sorted(self.now.items()) if amount}
        certificate = Certificate.examine(
            departments={code: d.category for code, d in self.departments.items()},
            opening=self.direct,
            costs=costs,
            final=final,
            held=self.held,
            postings=self.postings,
            levels=self.totals,
            input_hash=digest,
        )
        return Allocation(self.postings, costs, final, dict(sorted(self.held.items())), certificate)
