"""From what was collected to what each department costs: calls the pure engine, in department, item and fund codes."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import cast

from hrp.costing.rules import resolution
from hrp.costing.rules import three_level_fen as engine
from hrp.costing.subledger.collection import RunInputs
from hrp.platform.base.refusals import Invalid
from hrp.platform.org.models import UnitCategory


@dataclass(frozen=True)
class Computed:
    allocation: engine.Allocation
    warnings: tuple[str, ...]
    seconds: float


def compute(inputs: RunInputs, *, credit_pools: str) -> Computed:
    """Allocate. Refuses what the engine refuses, and any result whose certificate does not hold."""
    started = time.perf_counter()
    members = [d for d in inputs.departments if d.category != UnitCategory.EXCLUDED]
    code_of = {d.id: d.code for d in members}
    costs: dict[engine.Cell, int] = defaultdict(int)
    for row in inputs.collected:
        if row.participates and row.item_id is not None:
            costs[code_of[row.unit_id], inputs.items[row.item_id].code, row.fund] += row.amount_fen
    used = {cell[1] for cell in costs}
    steps = resolution.steps(
        [resolution.Unit(d.code, cast(engine.Category, d.category), d.setting) for d in members],
        sorted((item for item in inputs.items.values() if item.code in used), key=lambda item: item.code),
        inputs.rules,
        inputs.drivers,
    )
    allocation = engine.allocate(
        [engine.Department(d.code, cast(engine.Category, d.category), d.name) for d in members],
        costs,
        steps,
        credit_pools=cast(engine.CreditPools, credit_pools),
    )
    if not allocation.certificate.holds:
        raise Invalid(
            "分摊结果不守恒，未保存：" + "；".join(allocation.certificate.violations[:5]),
            way_out="这属于程序缺陷，请将分摊单编号报给运维；数据没有任何改动。", code="not_conserved",
        )  # fmt: skip
    return Computed(allocation, tuple(_warnings(inputs, allocation)), time.perf_counter() - started)


def _warnings(inputs: RunInputs, allocation: engine.Allocation) -> list[str]:
    """○ of the quality gate: allowed, but somebody should look."""
    names = {d.code: f"{d.code} {d.name}" for d in inputs.departments}
    fallbacks: dict[tuple[int, str, str], int] = {}
    for posting in allocation.postings:
        if posting.fallback_depth:
            fallbacks[posting.level, posting.source, posting.driver] = posting.fallback_depth
    found = [
        f"第 {level} 级 {names[source]} 使用了第 {depth} 备用参数 {driver}"
        for (level, source, driver), depth in sorted(fallbacks.items())
    ]
    totals: dict[tuple[str, str], int] = defaultdict(int)
    for (code, item, _), amount in allocation.final.items():
        totals[code, item] += amount
    found += [
        f"{names[code]} 的成本项目 {item} 为负数（{amount / 100:.2f} 元）"
        for (code, item), amount in sorted(totals.items())
        if amount < 0
    ]
    found += [f"红字挂账：{names[code]} {item}/{fund}" for code, item, fund in sorted(allocation.held)]
    return found
