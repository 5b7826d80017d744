"""The statistics costing itself posts (through 统计量录入单) until a module that knows better takes one over."""

from __future__ import annotations

from hrp.costing.documents.stat_entry import KIND
from hrp.platform.ledger.stat import Measure, register

MEASURES = (
    Measure("P01", "职工人数", "人", "STAT.P01", KIND),
    Measure("P02", "占用面积", "平方米", "STAT.P02", KIND),
    Measure("P03.1", "门急诊收入", "元", "STAT.P03.1", KIND),
    Measure("P03.2", "住院收入", "元", "STAT.P03.2", KIND),
    Measure("P03.3", "开单收入", "元", "STAT.P03.3", KIND, pair=True),
    Measure("P04.1", "门急诊人次", "人次", "STAT.P04.1", KIND),
    Measure("P04.2", "出院人次", "人次", "STAT.P04.2", KIND),
    Measure("P04.3", "实际占用床日", "床日", "STAT.P04.3", KIND),
    Measure("P04.4", "开单工作量", "例", "STAT.P04.4", KIND, pair=True),
    Measure("P05", "内部服务量", "件", "STAT.P05", KIND, pair=True),
    Measure("P07", "固定资产原值", "元", "STAT.P07", KIND),
)


def register_all() -> None:
    for measure in MEASURES:
        register(measure)
