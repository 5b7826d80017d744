"""From which value on the state counts a device, and in which bands."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hrp.platform.org import parameters
from hrp.platform.org.parameters import Spec

SPECS = (
    Spec("assets.large_device", "大型设备单价", "decimal", Decimal(1_000_000), "国有资产报告口径，单价 100 万元以上设备", unit="元", least=0),
    Spec("assets.counted_device", "卫健统计设备起点单价", "decimal", Decimal(10_000), "卫生健康统计调查制度：万元以上设备", unit="元", least=0),
    Spec(
        "assets.counted_bands", "卫健统计设备单价分档", "integers", (50, 100), "卫生健康统计调查制度：50 万元以下、50–99 万元、100 万元及以上",
        unit="万元", help="从小到大。",
    ),
)  # fmt: skip


def large_device(on: dt.date) -> Decimal:
    return Decimal(parameters.value("assets.large_device", on))


def counted_device(on: dt.date) -> Decimal:
    return Decimal(parameters.value("assets.counted_device", on))


def counted_bands(on: dt.date) -> tuple[Decimal, ...]:
    """Where the bands part, in yuan, ascending."""
    return tuple(Decimal(one) * 10_000 for one in sorted(parameters.value("assets.counted_bands", on)))
