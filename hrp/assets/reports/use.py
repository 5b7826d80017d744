"""Whose cost and whose care: 折旧汇总, 科室资产清单, 闲置资产, 暂估资产, 使用年限分布, 大型设备."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hrp.assets.reports import parameters
from hrp.assets.reports.books import CARD, STATUS, VALUES, card_url
from hrp.assets.reports.queries import (
    CLASS,
    EXPORT,
    HELD,
    MONTH,
    STANDING,
    UNIT,
    VIEW,
    as_of,
    last_run,
    rows,
    where_units,
)
from hrp.platform.ui.reports import Asked, ReportScreen, Row
from hrp.platform.ui.screens import Column, Filter

ZERO = Decimal(0)

SUMMARY = """
SELECT k.code, k.name AS class, u.name AS department, f.name AS fund, r.name AS paid_by, count(DISTINCT l.asset_id) AS cards,
    sum(d.amount) AS amount,
    sum(CASE WHEN d.month = %(month)s THEN d.amount ELSE 0 END) AS this,
    sum(CASE WHEN d.month = %(month)s - 1 THEN d.amount ELSE 0 END) AS last
FROM assets_depreciation d JOIN assets_funding l ON l.id = d.line_id JOIN assets_asset a ON a.id = l.asset_id
JOIN assets_class k ON k.id = a.asset_class_id JOIN org_unit u ON u.id = d.org_unit_id
JOIN assets_source r ON r.id = l.source_id JOIN ledger_fund f ON f.id = r.fund_id
WHERE d.month BETWEEN %(month)s - 1 AND %(month)s AND (%(class)s::bigint IS NULL OR k.id = %(class)s)
  AND (%(unit)s::bigint IS NULL OR u.id = %(unit)s) AND {units}
GROUP BY k.id, u.id, f.id, r.id HAVING sum(abs(d.amount)) <> 0 ORDER BY k.code, u.code, r.code
"""

DEPARTMENT = (
    "WITH "
    + STANDING
    + """
SELECT a.id, u.code AS unit_code, u.name AS department, a.number, a.name, a.model, a.serial_number, o.name AS place, p.display_name AS keeper,
    a.status, a.quantity, a.booked_on, coalesce(c.cost, 0) AS cost, coalesce(c.accumulated, 0) AS accumulated, coalesce(c.cost - c.accumulated, 0) AS net
FROM assets_asset a JOIN org_unit u ON u.id = a.org_unit_id LEFT JOIN card c ON c.asset_id = a.id
LEFT JOIN assets_location o ON o.id = a.location_id LEFT JOIN access_user p ON p.id = a.keeper_id
WHERE a.status NOT IN ('draft', 'disposed') AND {held} AND (%(unit)s::bigint IS NULL OR u.id = %(unit)s) AND {units} ORDER BY u.code, a.number
"""
)

IDLE = (
    "WITH "  # noqa: S608 - our own text
    + STANDING
    + """
SELECT a.id, a.number, a.name, a.model, k.name AS class, u.name AS department, a.status, a.booked_on,
    coalesce((SELECT max(e.date) FROM assets_card_event e WHERE e.asset_id = a.id), a.booked_on) AS since,
    coalesce(c.cost, 0) AS cost, coalesce(c.accumulated, 0) AS accumulated, coalesce(c.cost - c.accumulated, 0) AS net
FROM assets_asset a JOIN assets_class k ON k.id = a.asset_class_id JOIN org_unit u ON u.id = a.org_unit_id
LEFT JOIN card c ON c.asset_id = a.id
WHERE a.status IN ('idle', 'sealed', 'stopped', 'in_store') AND {held} AND {units} ORDER BY net DESC, a.number
"""
)

ESTIMATES = (
    "WITH "
    + STANDING
    + """
SELECT a.id, a.number, a.name, a.model, u.name AS department, a.supplier, a.contract_number, a.booked_on, %(day)s::date - a.booked_on AS days,
    c.cost, c.accumulated, c.cost - c.accumulated AS net
FROM assets_asset a JOIN org_unit u ON u.id = a.org_unit_id JOIN card c ON c.asset_id = a.id
WHERE a.value_kind = 'estimate' AND {held} AND {units} ORDER BY days DESC, a.number
"""
)

AGES = (
    "WITH "  # noqa: S608 - our own text
    + STANDING
    + """
SELECT least(floor((%(day)s::date - coalesce(a.produced_on, a.accepted_on, a.booked_on)) / 365.25), 99)::int AS years, a.life_months,
    (SELECT max(p.first + p.months - 1) FROM assets_funding l JOIN LATERAL (
        SELECT * FROM assets_plan WHERE line_id = l.id AND effective <= %(month)s ORDER BY id DESC LIMIT 1) p ON p.base > 0
     WHERE l.asset_id = a.id) - %(month)s AS left, c.cost, c.accumulated, c.cost - c.accumulated AS net
FROM assets_asset a JOIN card c ON c.asset_id = a.id
WHERE {held} AND (%(class)s::bigint IS NULL OR a.asset_class_id = %(class)s) AND {units}
"""
)

LARGE = (
    "WITH "
    + STANDING
    + """
SELECT a.id, a.number, a.name, a.model, a.manufacturer, a.country, a.registration_number, k.name AS class, u.name AS department, a.booked_on,
    a.life_months, a.status, c.cost, c.accumulated, c.cost - c.accumulated AS net
FROM assets_asset a JOIN assets_class k ON k.id = a.asset_class_id AND k.group = 'A02' JOIN org_unit u ON u.id = a.org_unit_id JOIN card c ON c.asset_id = a.id
WHERE {held} AND c.cost / a.quantity >= %(least)s AND (NOT %(medical)s OR k.is_medical) AND {units} ORDER BY c.cost DESC, a.number
"""
)

BANDS = (
    (0, 1, "1 年以内"),
    (1, 3, "1–3 年"),
    (3, 5, "3–5 年"),
    (5, 8, "5–8 年"),
    (8, 10, "8–10 年"),
    (10, 100, "10 年以上"),
)


def _summary(asked: Asked) -> list[Row]:
    given = {**as_of(asked), "class": asked["asset_class"], "unit": asked["unit"]}
    found = rows(SUMMARY.format(units=where_units(asked, "d.org_unit_id")), given)
    return [{**row, "change": row["this"] - row["last"]} for row in found]


def _department(asked: Asked) -> list[Row]:
    given = {**as_of(asked), "unit": asked["unit"]}
    found = rows(DEPARTMENT.format(held=HELD, units=where_units(asked)), given)
    return [{**row, "state": STATUS[row["status"]], "sign": ""} for row in found]


def _idle(asked: Asked) -> list[Row]:
    found = rows(IDLE.format(held=HELD, units=where_units(asked)), as_of(asked))
    return [{**row, "state": STATUS[row["status"]]} for row in found]


def _estimates(asked: Asked) -> list[Row]:
    return rows(ESTIMATES.format(held=HELD, units=where_units(asked)), as_of(asked))


def _ages(asked: Asked) -> list[Row]:
    found = rows(
        AGES.format(held=HELD, units=where_units(asked)), {**as_of(asked), "class": asked["asset_class"]}
    )
    total = sum((row["cost"] for row in found), ZERO)
    lines: list[Row] = []
    for low, high, title in BANDS:
        here = [row for row in found if low <= max(row["years"], 0) < high]
        cost = sum((row["cost"] for row in here), ZERO)
        worn = sum((row["accumulated"] for row in here), ZERO)
        lines.append({
            "band": title, "cards": len(here), "cost": cost, "accumulated": worn, "net": cost - worn,
            "share": cost / total if total else None, "newness": (cost - worn) / cost if cost else None,
            "over": sum(1 for row in here if row["left"] is not None and row["left"] <= 0),
            "due": sum(1 for row in here if row["left"] is not None and 0 < row["left"] <= 12),
            "renewal": sum((row["cost"] for row in here if row["left"] is not None and row["left"] <= 12), ZERO),
        })  # fmt: skip
    return lines if found else []


def _large(asked: Asked) -> list[Row]:
    given: dict[str, Any] = {**as_of(asked), "medical": asked["medical"] is not False}
    given["least"] = parameters.large_device(given["day"])
    found = rows(LARGE.format(held=HELD, units=where_units(asked)), given)
    return [{**row, "state": STATUS[row["status"]]} for row in found]


DEPRECIATION = ReportScreen(
    key="assets.depreciation_summary",
    title="折旧汇总",
    icon="calculator",
    url="assets/reports/depreciation",
    permission=VIEW,
    export=EXPORT,
    menu=("assets", "报表"),
    order=20,
    rows=_summary,
    group=lambda row: f"{row['code']} {row['class']}",
    filters=(Filter("month", title="折旧月", kind="month", default=last_run), CLASS, UNIT),
    columns=(
        Column("department", title="承担科室", kind="text"), Column("fund", title="经费性质", kind="text"), Column("paid_by", title="资金来源", kind="text"),
        Column("cards", title="卡片数", kind="integer"), Column("this", title="本月折旧（元）", kind="money", total=True),
        Column("last", title="上月折旧（元）", kind="money", total=True), Column("change", title="比上月", kind="money", total=True),
    ),
    note="按 分类 × 承担科室 × 资金来源 汇总已过账的折旧；合计与折旧计提单及总账一致。",
    signatures=("制表", "资产会计", "财务负责人"),
)  # fmt: skip

DEPARTMENTS = ReportScreen(
    key="assets.department_list",
    title="科室资产清单",
    icon="building-hospital",
    url="assets/reports/departments",
    permission=VIEW,
    export=EXPORT,
    menu=("assets", "报表"),
    order=40,
    rows=_department,
    link=card_url,
    group=lambda row: f"{row['unit_code']} {row['department']}",
    filters=(MONTH, UNIT),
    columns=(
        *CARD, Column("serial_number", title="出厂编号", kind="text"), Column("place", title="存放地点", kind="text"), Column("keeper", title="保管人", kind="text"),
        Column("state", title="状态", kind="text"), Column("quantity", title="数量", kind="integer", total=True), Column("cost", title="原值（元）", kind="money", total=True),
        Column("net", title="净值（元）", kind="money", total=True), Column("sign", title="核对", kind="text"),
    ),
    note="现由各科室保管的在账资产，供科室逐项核对并签字确认。",
    signatures=("科室资产管理员", "科室负责人", "资产管理办公室"),
)  # fmt: skip

IDLE_ASSETS = ReportScreen(
    key="assets.idle",
    title="闲置资产",
    icon="zzz",
    url="assets/reports/idle",
    permission=VIEW,
    export=EXPORT,
    menu=("assets", "报表"),
    order=42,
    rows=_idle,
    link=card_url,
    filters=(MONTH,),
    columns=(
        *CARD, Column("class", title="分类", kind="text"), Column("department", title="科室", kind="text"), Column("state", title="状态", kind="text"),
        Column("since", title="最近业务", kind="date"), *VALUES,
    ),
    note="状态为闲置、封存、停用或在库未领用的资产，按净值从大到小；可调剂使用的请办理资产调拨。",
)  # fmt: skip

ESTIMATED = ReportScreen(
    key="assets.estimated",
    title="暂估资产",
    icon="clock-question",
    url="assets/reports/estimated",
    permission=VIEW,
    export=EXPORT,
    menu=("assets", "报表"),
    order=44,
    rows=_estimates,
    link=card_url,
    filters=(MONTH,),
    columns=(
        *CARD, Column("department", title="使用科室", kind="text"), Column("supplier", title="供应商", kind="text"), Column("contract_number", title="合同号", kind="text"),
        Column("booked_on", title="入账日期", kind="date"), Column("days", title="暂估天数", kind="integer"), *VALUES,
    ),
    note="按暂估价值入账、尚未决算的资产；办理决算请用资产变动单（暂估转决算）。",
)  # fmt: skip

AGE_BANDS = ReportScreen(
    key="assets.ages",
    title="使用年限分布",
    icon="chart-histogram",
    url="assets/reports/ages",
    permission=VIEW,
    export=EXPORT,
    menu=("assets", "报表"),
    order=46,
    rows=_ages,
    filters=(MONTH, CLASS),
    columns=(
        Column("band", title="已用年限", kind="text"), Column("cards", title="卡片数", kind="integer", total=True), *VALUES,
        Column("share", title="原值占比", kind="percent"), Column("newness", title="成新率", kind="percent"),
        Column("over", title="已超期", kind="integer", total=True), Column("due", title="一年内到期", kind="integer", total=True),
        Column("renewal", title="更新测算（元）", kind="money", total=True),
    ),
    note="年限自出厂、验收或入账日期（取最早已填者）起算；更新测算为已超期与一年内到期资产的原值。",
)  # fmt: skip

LARGE_DEVICES = ReportScreen(
    key="assets.large_devices",
    title="大型设备",
    icon="building-factory-2",
    url="assets/reports/large",
    permission=VIEW,
    export=EXPORT,
    menu=("assets", "报表"),
    order=48,
    rows=_large,
    link=card_url,
    filters=(MONTH, Filter("medical", title="只看医疗设备", kind="bool")),
    columns=(
        *CARD, Column("manufacturer", title="生产厂家", kind="text"), Column("country", title="产地", kind="text"), Column("registration_number", title="注册证号", kind="text"),
        Column("department", title="使用科室", kind="text"), Column("booked_on", title="入账日期", kind="date"), Column("state", title="状态", kind="text"), *VALUES,
    ),
    note="单价达到业务参数“大型设备单价”（默认 100 万元）的设备。",
)  # fmt: skip

ALL = (DEPRECIATION, DEPARTMENTS, IDLE_ASSETS, ESTIMATED, AGE_BANDS, LARGE_DEVICES)
