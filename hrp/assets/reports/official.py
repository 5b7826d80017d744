"""What the state asks for: 卫健统计 万元以上设备, 国有资产年度报告."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hrp.assets.models.classes import Group
from hrp.assets.reports import parameters
from hrp.assets.reports.queries import EXPORT, HELD, MONTH, SPAN, STANDING, VIEW, as_of, rows, where_units
from hrp.assets.rules.months import Month
from hrp.platform.ui.reports import Asked, ReportScreen, Row
from hrp.platform.ui.screens import Column

ZERO = Decimal(0)
GROUPS = dict(Group.choices)

DEVICES = (
    "WITH "
    + STANDING
    + """
SELECT k.code, k.name AS class, c.cost / a.quantity AS price, a.quantity, c.cost, c.cost - c.accumulated AS net
FROM assets_asset a JOIN assets_class k ON k.id = a.asset_class_id AND k.is_medical JOIN card c ON c.asset_id = a.id
WHERE {held} AND c.cost / a.quantity >= %(least)s AND {units} ORDER BY k.code
"""
)

# 存量 by class, 使用 by status, 配置 by way, 处置 by way: one line each, in the order of the report
ANNUAL = (
    "WITH "  # noqa: S608 - our own text
    + STANDING
    + """
, gone AS (
    SELECT l.asset_id, w.way, l.cost, l.accumulated, l.net FROM assets_write_off_line l JOIN assets_write_off w ON w.id = l.document_id
    WHERE w.state = 'posted' AND w.business_date BETWEEN %(first)s AND %(last)s
)
SELECT 1 AS part, k.group AS code, NULL AS name, count(*) AS cards, sum(a.quantity) AS quantity, sum(c.cost) AS cost,
    sum(c.accumulated) AS accumulated, sum(c.cost - c.accumulated) AS net
FROM assets_asset a JOIN assets_class k ON k.id = a.asset_class_id JOIN card c ON c.asset_id = a.id WHERE {held} AND {units} GROUP BY k.group
UNION ALL
SELECT 2, a.way, NULL, count(*), sum(a.quantity), sum(m.cost), sum(m.accumulated), sum(m.cost - m.accumulated)
FROM assets_asset a JOIN (SELECT asset_id, sum(cost) AS cost, sum(accumulated) AS accumulated FROM assets_move
    WHERE kind IN ('booking', 'booking_reversal') GROUP BY 1) m ON m.asset_id = a.id
WHERE a.booked_on BETWEEN %(first)s AND %(last)s AND a.way <> 'opening' AND {units} GROUP BY a.way
UNION ALL
SELECT 3, a.status, NULL, count(*), sum(a.quantity), sum(c.cost), sum(c.accumulated), sum(c.cost - c.accumulated)
FROM assets_asset a JOIN card c ON c.asset_id = a.id WHERE {held} AND {units} GROUP BY a.status
UNION ALL
SELECT 4, g.way, NULL, count(*), sum(a.quantity), sum(g.cost), sum(g.accumulated), sum(g.net)
FROM gone g JOIN assets_asset a ON a.id = g.asset_id WHERE {units} GROUP BY g.way
ORDER BY 1, 2
"""
)
PARTS = {1: "一、资产存量", 2: "二、本期配置", 3: "三、资产使用", 4: "四、本期处置"}


def _bands(bounds: Sequence[Decimal]) -> list[tuple[Decimal, Decimal | None, str]]:
    edges = [ZERO, *bounds]
    found: list[tuple[Decimal, Decimal | None, str]] = []
    for low, high in zip(edges, [*edges[1:], None], strict=True):
        if high is None:
            title = f"{low / 10_000:.0f} 万元及以上"
        elif not low:
            title = f"{high / 10_000:.0f} 万元以下"
        else:
            title = f"{low / 10_000:.0f}–{high / 10_000 - 1:.0f} 万元"
        found.append((low, high, title))
    return found


def _devices(asked: Asked) -> list[Row]:
    given = as_of(asked)
    given["least"] = parameters.counted_device(given["day"])
    found = rows(DEVICES.format(held=HELD, units=where_units(asked)), given)
    lines: list[Row] = []
    for low, high, title in _bands(parameters.counted_bands(given["day"])):
        here = [row for row in found if row["price"] >= low and (high is None or row["price"] < high)]
        lines.append({
            "band": title, "quantity": sum(row["quantity"] for row in here), "cost": sum((row["cost"] for row in here), ZERO),
            "net": sum((row["net"] for row in here), ZERO),
        })  # fmt: skip
    return lines if found else []


def _annual(asked: Asked) -> list[Row]:
    from hrp.assets.documents.write_off import Way as Disposal
    from hrp.assets.models.cards import Status, Way

    names: dict[int, dict[Any, Any]] = {
        1: GROUPS, 2: dict(Way.choices), 3: dict(Status.choices), 4: dict(Disposal.choices),
    }  # fmt: skip
    first, last = asked.span("date")
    month = Month.holding(last + dt.timedelta(days=1)) + -1
    given = {"first": first, "last": last, "day": last, "month": month.number}
    found = rows(ANNUAL.format(held=HELD, units=where_units(asked)), given)
    return [{**row, "name": names[row["part"]].get(row["code"], row["code"])} for row in found]


COUNTED = ReportScreen(
    key="assets.counted_devices",
    title="卫健统计 万元以上设备",
    icon="report-medical",
    url="assets/reports/counted-devices",
    permission=VIEW,
    export=EXPORT,
    menu=("assets", "报表"),
    order=60,
    rows=_devices,
    filters=(MONTH,),
    columns=(
        Column("band", title="单价", kind="text"), Column("quantity", title="台数", kind="integer", total=True),
        Column("cost", title="总价值（元）", kind="money", total=True), Column("net", title="净值（元）", kind="money", total=True),
    ),
    note="医疗设备按单价分档，起点与分档为业务参数；批量卡片按单价与数量计。",
    signatures=("制表", "统计", "单位负责人"),
)  # fmt: skip

ANNUAL_REPORT = ReportScreen(
    key="assets.annual_report",
    title="国有资产年度报告",
    icon="report",
    url="assets/reports/annual",
    permission=VIEW,
    export=EXPORT,
    menu=("assets", "报表"),
    order=62,
    rows=_annual,
    group=lambda row: PARTS[row["part"]],
    filters=(SPAN,),
    columns=(
        Column("name", title="项目", kind="text"), Column("cards", title="卡片数", kind="integer"), Column("quantity", title="数量", kind="integer"),
        Column("cost", title="原值（元）", kind="money"), Column("accumulated", title="累计折旧（元）", kind="money"), Column("net", title="净值（元）", kind="money"),
    ),
    note="期末存量与使用状况、本期配置与处置，导出后填入资产年报系统；100 万元以上设备明细见大型设备表。",
    signatures=("制表", "资产管理部门", "财务部门", "单位负责人"),
)  # fmt: skip

ALL = (COUNTED, ANNUAL_REPORT)
