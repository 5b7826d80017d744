"""At the patient: what could be charged and was not, what each operation and each doctor used, income and what it cost."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hrp.logistics.reports.queries import rows, where_units
from hrp.logistics.reports.usage import SPAN, UNIT
from hrp.logistics.rules import ratios
from hrp.platform.base import clock
from hrp.platform.org.parameters import Spec, value
from hrp.platform.ui.reports import Asked, ReportScreen, Row
from hrp.platform.ui.screens import Column, Filter

ZERO = Decimal(0)
MEDICAL = "logistics.report.medical_income"
DRUGS = "logistics.report.drug_income"
MATERIALS = "logistics.report.material_income"
COST = "logistics.report.material_cost"
CHART = "《政府会计制度》医院补充规定的科目，明细编码以本院账套为准"

SPECS = (
    Spec(MEDICAL, "医疗收入科目", "text", "4101", CHART, help="科目编码开头，用顿号隔开；用于耗占比与百元医疗收入消耗卫生材料"),
    Spec(DRUGS, "药品收入科目", "text", "4101.03", CHART, help="科目编码开头，用顿号隔开"),
    Spec(MATERIALS, "卫生材料收入科目", "text", "4101.04", CHART, help="科目编码开头，用顿号隔开"),
    Spec(COST, "卫生材料费科目", "text", "5001.02", CHART, help="科目编码开头，用顿号隔开"),
)  # fmt: skip

LIVING = """
FROM logistics_patient_use p JOIN logistics_unit n ON n.id = p.unit_id JOIN logistics_item i ON i.id = n.item_id
JOIN org_unit u ON u.id = p.org_unit_id LEFT JOIN logistics_use_charge c ON c.use_id = p.id
LEFT JOIN (SELECT l.use_id, l.amount FROM logistics_use_booking_line l JOIN logistics_use_booking d ON d.id = l.document_id AND d.state = 'posted') b
    ON b.use_id = p.id
WHERE p.used_on BETWEEN %(first)s AND %(last)s AND (%(unit)s::bigint IS NULL OR u.id = %(unit)s)
  AND NOT EXISTS (SELECT FROM logistics_use_cancel x WHERE x.use_id = p.id) AND {units}
"""

UNCHARGED = (
    """
SELECT u.name AS department, p.used_on AS date, p.visit_no, p.patient, p.operation, i.code, i.name, i.spec, n.uid, c.state, c.error,
       c.explanation, coalesce(b.amount, n.price) AS amount, current_date - p.used_on AS days
"""
    + LIVING
    + """ AND i.chargeable AND (c.state IS NULL OR c.state NOT IN ('charged', 'none', 'cancelled'))
ORDER BY u.code, p.used_on, p.id
"""
)

BY_OPERATION = (
    """
SELECT coalesce(nullif(p.diagnosis, ''), '未填诊断') AS diagnosis, p.operation, count(DISTINCT p.visit_no) AS cases, count(*) AS pieces,
       sum(coalesce(b.amount, n.price, 0)) AS amount, sum(coalesce(b.amount, n.price, 0)) FILTER (WHERE i.key_monitored) AS monitored
"""
    + LIVING
    + " GROUP BY 1, 2 ORDER BY amount DESC, 1, 2"
)

BY_OPERATOR = (
    """
SELECT p.operator, u.name AS department, count(DISTINCT p.visit_no) AS cases, count(*) AS pieces,
       sum(coalesce(b.amount, n.price, 0)) AS amount, sum(coalesce(b.amount, n.price, 0)) FILTER (WHERE i.key_monitored) AS monitored,
       count(*) FILTER (WHERE p.emergency) AS emergencies
"""
    + LIVING
    + " GROUP BY 1, 2 ORDER BY amount DESC, 1"
)

INCOME = """
SELECT to_char(e.date, 'YYYY-MM') AS month, u.id AS unit, coalesce(u.code, '') AS code, coalesce(u.name, '未分科室') AS department,
       -sum(l.amount) FILTER (WHERE a.code LIKE ANY(%(medical)s)) AS medical, -sum(l.amount) FILTER (WHERE a.code LIKE ANY(%(drugs)s)) AS drugs,
       -sum(l.amount) FILTER (WHERE a.code LIKE ANY(%(materials)s)) AS materials, sum(l.amount) FILTER (WHERE a.code LIKE ANY(%(cost)s)) AS cost
FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id JOIN ledger_account a ON a.id = l.account_id
LEFT JOIN org_unit u ON u.id = l.org_unit_id
WHERE e.date BETWEEN %(first)s AND %(last)s AND a.code LIKE ANY(%(all)s) AND {units}
GROUP BY 1, u.id ORDER BY 1, 3
"""
CHARGES = {"waiting": "待收费", "told": "已通知未回", "failed": "收费失败", None: "未生成收费"}
BY = (("month", "按月"), ("unit", "按科室"))


def _uses(asked: Asked, statement: str) -> list[Row]:
    first, last = asked.span("date")
    given = {"first": first, "last": last, "unit": asked["unit"]}
    return rows(statement.format(units=where_units(asked, "u.id")), given)


def _uncharged(asked: Asked) -> list[Row]:
    return [
        {**row, "state": CHARGES.get(row["state"], row["state"]), "why": row["explanation"] or row["error"]}
        for row in _uses(asked, UNCHARGED)
    ]


def _shared(found: list[Row]) -> list[Row]:
    total = sum((row["amount"] for row in found), ZERO)
    return [
        {**row, "mean": row["amount"] / row["cases"] if row["cases"] else None, "share": row["amount"] / total if total else None,
         "monitored_share": (row["monitored"] or ZERO) / row["amount"] if row["amount"] else None, "place": place}
        for place, row in enumerate(found, start=1)
    ]  # fmt: skip


def _prefixes(key: str, on: dt.date) -> list[str]:
    """LIKE patterns of account codes; an empty parameter matches nothing."""
    return [f"{part.strip()}%" for part in str(value(key, on)).replace(",", "、").split("、") if part.strip()]


def _income(asked: Asked) -> list[Row]:
    first, last = asked.values.get("date") or (None, None)
    today = clock.today()
    last = last or today
    first = first or last.replace(month=1, day=1)
    codes = {
        name: _prefixes(key, last)
        for name, key in (("medical", MEDICAL), ("drugs", DRUGS), ("materials", MATERIALS), ("cost", COST))
    }
    given = codes | {
        "all": sorted({code for one in codes.values() for code in one}),
        "first": first,
        "last": last,
    }
    sums: dict[str, dict[str, Decimal]] = {}
    titles: dict[str, str] = {}
    units = "true" if asked.units is None else where_units(asked, "u.id")
    for row in rows(INCOME.format(units=units), given):
        key, title = (
            (row["code"], row["department"]) if asked["by"] == "unit" else (row["month"], row["month"])
        )
        titles[key] = title
        line = sums.setdefault(key, dict.fromkeys(codes, ZERO))
        for name in codes:
            line[name] += row[name] or ZERO
    return [_ratios(titles[key], line) for key, line in sorted(sums.items())]


def _ratios(title: str, sums: dict[str, Decimal]) -> Row:
    """Both ratios as the kernel makes them; without income there is none."""
    base = sums["medical"] - sums["drugs"]
    return {
        "title": title, **sums, "base": base,
        "share": ratios.material_income_share(material_income=sums["materials"], medical_income=sums["medical"]) / 100
        if sums["medical"] > 0 else None,
        "hundred": ratios.materials_per_hundred(material_cost=sums["cost"], medical_income=sums["medical"], drug_income=sums["drugs"])
        if base > 0 else None,
    }  # fmt: skip


NOT_CHARGED = ReportScreen(
    key="logistics.not_charged",
    title="可收费未收费",
    icon="receipt-off",
    url="logistics/reports/not-charged",
    permission="logistics.patient_use.view",
    export="logistics.patient_use.export",
    menu=("logistics", "报表"),
    order=120,
    rows=_uncharged,
    group=lambda row: row["department"],
    link=lambda row: f"/logistics/trace?q={row['uid']}",
    filters=(SPAN, UNIT),
    columns=(
        Column("date", title="使用日期", kind="date"), Column("visit_no", title="就诊号", kind="text"), Column("patient", title="患者", kind="text"),
        Column("operation", title="手术", kind="text"), Column("code", title="物资编码", kind="code"), Column("name", title="物资名称", kind="text"),
        Column("uid", title="唯一码", kind="text"), Column("amount", title="金额（元）", kind="money", total=True), Column("days", title="已过天数", kind="integer"),
        Column("state", title="收费状态", kind="text"), Column("why", title="原因 / 说明", kind="text"),
    ),
    note="可单独收费的高值耗材，已用于患者而 HIS 尚未收费的；撤销的使用不列。金额取入账金额，未入账取协议价。",
)  # fmt: skip

OPERATIONS = ReportScreen(
    key="logistics.by_diagnosis",
    title="单病种耗材",
    icon="heartbeat",
    url="logistics/reports/diagnoses",
    permission="logistics.patient_use.view",
    export="logistics.patient_use.export",
    menu=("logistics", "报表"),
    order=122,
    rows=lambda asked: _shared(_uses(asked, BY_OPERATION)),
    filters=(SPAN, UNIT),
    columns=(
        Column("diagnosis", title="诊断", kind="text"), Column("operation", title="手术名称", kind="text"), Column("cases", title="例数", kind="integer", total=True),
        Column("pieces", title="件数", kind="integer", total=True), Column("amount", title="耗材金额（元）", kind="money", total=True), Column("mean", title="例均（元）", kind="money"),
        Column("share", title="占比", kind="percent"), Column("monitored", title="其中重点监控（元）", kind="money", total=True), Column("monitored_share", title="重点监控占比", kind="percent"),
    ),
    note="一物一码登记到患者的高值耗材，按诊断与手术汇总；例数按就诊号计。",
)  # fmt: skip

OPERATORS = ReportScreen(
    key="logistics.by_operator",
    title="高值使用排名",
    icon="stethoscope",
    url="logistics/reports/operators",
    permission="logistics.patient_use.view",
    export="logistics.patient_use.export",
    menu=("logistics", "报表"),
    order=124,
    rows=lambda asked: _shared(_uses(asked, BY_OPERATOR)),
    filters=(SPAN, UNIT),
    columns=(
        Column("place", title="名次", kind="integer"), Column("operator", title="手术医生", kind="text"), Column("department", title="科室", kind="text"),
        Column("cases", title="例数", kind="integer", total=True), Column("pieces", title="件数", kind="integer", total=True),
        Column("amount", title="耗材金额（元）", kind="money", total=True), Column("mean", title="例均（元）", kind="money"), Column("share", title="占比", kind="percent"),
        Column("monitored", title="其中重点监控（元）", kind="money", total=True), Column("emergencies", title="紧急使用", kind="integer", total=True),
    ),
    note="一物一码登记到患者的高值耗材，按手术医生与使用科室汇总，金额从大到小。",
)  # fmt: skip

RATIOS = ReportScreen(
    key="logistics.material_ratios",
    title="耗占比分析",
    icon="percentage",
    url="logistics/reports/ratios",
    permission="logistics.stock_issue.view",
    export="logistics.stock_issue.export",
    menu=("logistics", "报表"),
    order=114,
    rows=_income,
    filters=(Filter("date", title="期间", kind="date_range"), Filter("by", title="汇总", kind="choice", choices=BY, default="month")),
    columns=(
        Column("title", title="月份 / 科室", kind="text"), Column("medical", title="医疗收入（元）", kind="money", total=True), Column("drugs", title="其中药品收入", kind="money", total=True),
        Column("materials", title="其中卫生材料收入", kind="money", total=True), Column("cost", title="卫生材料费（元）", kind="money", total=True),
        Column("share", title="耗占比", kind="percent"), Column("hundred", title="百元消耗（元）", kind="money"),
    ),
    note="取自总账。耗占比 = 卫生材料收入 ÷ 医疗收入；百元消耗（百元医疗收入消耗卫生材料，不含药品）= 卫生材料费 ÷（医疗收入 − 药品收入）× 100。科目在业务参数中指定；总账没有收入的期间不计比率。期间空着时为本年至今。",
)  # fmt: skip

ALL = (RATIOS, NOT_CHARGED, OPERATIONS, OPERATORS)
