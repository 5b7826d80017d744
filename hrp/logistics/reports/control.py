"""Control: what stocktakes found, quotas and how they are kept, importance against money, projects."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from hrp.logistics.counting.documents.stocktake import Reason
from hrp.logistics.reports.queries import rows, where_units
from hrp.logistics.reports.stock import ITEM, STORE
from hrp.logistics.reports.usage import ISSUED, MONTH, SPAN, UNIT
from hrp.logistics.requesting.documents.limits import used_in_month
from hrp.logistics.rules.abc_classes import classify
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.reports import Asked, ReportScreen, Row
from hrp.platform.ui.screens import Column, Filter

ZERO = Decimal(0)
MARKS = (("V", "V"), ("E", "E"), ("D", "D"), ("", "N"))
LIMITS = (("A", Decimal("0.80")), ("B", Decimal("0.95")))
REASONS = dict(Reason.choices)

COUNTED = """
SELECT d.id, d.number, d.business_date AS date, s.name AS store, i.code, i.name, i.spec, i.unit, t.lot, t.expiry,
       l.book + l.moved AS book, l.counted, l.difference, l.amount, l.reason, l.reason_note
FROM logistics_stocktake d JOIN logistics_stocktake_line l ON l.document_id = d.id JOIN logistics_store s ON s.id = d.store_id
JOIN logistics_item i ON i.id = l.item_id JOIN logistics_batch t ON t.id = l.batch_id
WHERE d.state = 'posted' AND d.business_date BETWEEN %(first)s AND %(last)s AND (%(store)s::bigint IS NULL OR s.id = %(store)s) AND {units}
ORDER BY d.business_date, d.id, l.position
"""

QUOTAS = """
SELECT q.org_unit_id AS unit_id, u.code AS unit_code, u.name AS department, i.id AS item_id, i.code, i.name, i.spec, i.unit, q.quantity AS quota
FROM logistics_department_quota q JOIN org_unit u ON u.id = q.org_unit_id JOIN logistics_item i ON i.id = q.item_id
WHERE q.valid_from <= %(last)s AND (q.valid_to IS NULL OR q.valid_to >= %(last)s)
  AND (%(unit)s::bigint IS NULL OR u.id = %(unit)s) AND {units}
ORDER BY u.code, i.code
"""

IMPORTANCE = (
    ISSUED
    + """
SELECT i.code, i.ved, -sum(x.amount) AS amount FROM used x JOIN org_unit u ON u.id = x.org_unit_id
JOIN logistics_item i ON i.id = x.item_id WHERE {units} GROUP BY i.id HAVING -sum(x.amount) > 0
"""
)

PROJECTS = """
SELECT p.code AS project, p.name AS title, p.leader, f.name AS fund, u.name AS department, k.name AS class, -sum(m.amount) AS amount,
       count(DISTINCT m.source) AS documents
FROM logistics_move m
JOIN (SELECT 'logistics.stock_issue:' || id AS source, project_id, org_unit_id FROM logistics_issue WHERE project_id IS NOT NULL
      UNION ALL
      SELECT 'logistics.department_return:' || r.id, o.project_id, r.org_unit_id FROM logistics_department_return r
      JOIN logistics_issue o ON o.id = r.issue_id WHERE o.project_id IS NOT NULL) d ON d.source = m.source
JOIN logistics_project p ON p.id = d.project_id JOIN ledger_fund f ON f.id = p.fund_id JOIN org_unit u ON u.id = d.org_unit_id
JOIN logistics_item i ON i.id = m.item_id JOIN logistics_class k ON k.id = i.material_class_id
WHERE m.date BETWEEN %(first)s AND %(last)s AND (%(project)s::bigint IS NULL OR p.id = %(project)s) AND {units}
GROUP BY p.id, f.id, u.id, k.id HAVING sum(m.amount) <> 0 ORDER BY p.code, u.code, k.code
"""


def _counted(asked: Asked) -> list[Row]:
    first, last = asked.span("date")
    found = rows(
        COUNTED.format(units=where_units(asked, "s.org_unit_id")),
        {"first": first, "last": last, "store": asked["store"]},
    )
    return [
        {**row, "why": row["reason_note"] or REASONS[row["reason"]],
         "over": max(row["amount"] or ZERO, ZERO), "short": max(-(row["amount"] or ZERO), ZERO)}
        for row in found
    ]  # fmt: skip


def _quotas(asked: Asked) -> list[Row]:
    first, last = asked.span("month")
    quotas = rows(QUOTAS.format(units=where_units(asked, "u.id")), {"last": last, "unit": asked["unit"]})
    items: dict[int, list[int]] = defaultdict(list)
    for row in quotas:
        items[row["unit_id"]].append(row["item_id"])
    used = {unit: used_in_month(ids, org_unit_id=unit, on=first) for unit, ids in items.items()}
    found: list[Row] = []
    for row in quotas:
        taken = used[row["unit_id"]][row["item_id"]]
        over = max(taken - row["quota"], ZERO)
        rate = taken / row["quota"] if row["quota"] else None
        found.append(
            {**row, "used": taken, "left": max(row["quota"] - taken, ZERO), "over": over, "rate": rate}
        )
    return found


def _important(asked: Asked) -> list[Row]:
    """Money (A, B, C by what was used) against importance (V, E, D as registered)."""
    first, last = asked.span("date")
    found = rows(IMPORTANCE.format(units=where_units(asked, "u.id")), {"first": first, "last": last})
    total = sum((row["amount"] for row in found), ZERO)
    ranks = classify({row["code"]: row["amount"] for row in found}, limits=LIMITS, rest="C")
    cells: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for row in found:
        cells[ranks[row["code"]], row["ved"]].append(row["amount"])
    lines: list[Row] = []
    for rank in "ABC":
        kept = [amount for (of, _), amounts in cells.items() if of == rank for amount in amounts]
        line: dict[str, Any] = {"rank": rank, "items": len(kept), "amount": sum(kept, ZERO)}
        line["share"] = line["amount"] / total if total else None
        for ved, mark in MARKS:
            amounts = cells.get((rank, ved), [])
            line[f"items{mark}"], line[f"amount{mark}"] = len(amounts), sum(amounts, ZERO)
        lines.append(line)
    return lines if found else []


def _projects(asked: Asked) -> list[Row]:
    first, last = asked.span("date")
    given = {"first": first, "last": last, "project": asked["project"]}
    return rows(PROJECTS.format(units=where_units(asked, "u.id")), given)


DIFFERENCES = ReportScreen(
    key="logistics.count_differences",
    title="盘点差异",
    icon="clipboard-x",
    url="logistics/reports/count-differences",
    permission="logistics.stocktake.view",
    export="logistics.stocktake.export",
    menu=("logistics", "报表"),
    order=112,
    rows=_counted,
    group=lambda row: f"{row['store']}　{row['date']}　{row['number']}",
    link=lambda row: url_for(f"logistics.stocktake:{row['id']}"),
    filters=(SPAN, STORE),
    columns=(
        *ITEM, Column("lot", title="批号", kind="text"), Column("expiry", title="有效期至", kind="date"), Column("unit", title="单位", kind="text"),
        Column("book", title="账面数量", kind="quantity"), Column("counted", title="实盘数量", kind="quantity"), Column("difference", title="差异", kind="quantity"),
        Column("over", title="盘盈（元）", kind="money", total=True), Column("short", title="盘亏（元）", kind="money", total=True), Column("why", title="原因", kind="text"),
    ),
    note="已过账盘点单的差异行；账面数量为冻结时点账面加其后收发，与实盘时点一致。",
    signatures=("制表", "盘点", "库房", "财务"),
)  # fmt: skip

QUOTA_USE = ReportScreen(
    key="logistics.quota_use",
    title="定额执行",
    icon="gauge",
    url="logistics/reports/quotas",
    permission="logistics.department_quota.view",
    export="logistics.department_quota.export",
    menu=("logistics", "报表"),
    order=52,
    rows=_quotas,
    group=lambda row: row["department"],
    filters=(MONTH, UNIT),
    columns=(
        *ITEM, Column("unit", title="单位", kind="text"), Column("quota", title="本月定额", kind="quantity"), Column("used", title="已领（含待领）", kind="quantity"),
        Column("left", title="剩余", kind="quantity"), Column("over", title="超出", kind="quantity"), Column("rate", title="执行率", kind="percent"),
    ),
    note="与申领时核对定额同一口径：已核发与直接领用，减科室退库。",
)  # fmt: skip

ABC_VED = ReportScreen(
    key="logistics.abc_ved",
    title="ABC×VED 分析",
    icon="layout-grid",
    url="logistics/reports/abc-ved",
    permission="logistics.stock_issue.view",
    export="logistics.stock_issue.export",
    menu=("logistics", "报表"),
    order=72,
    rows=_important,
    filters=(SPAN,),
    columns=(
        Column("rank", title="ABC", kind="text"), Column("items", title="品种数", kind="integer", total=True), Column("amount", title="金额（元）", kind="money", total=True),
        Column("share", title="金额占比", kind="percent"),
        *(
            column
            for ved, title in (("V", "V 生命必需"), ("E", "E 重要"), ("D", "D 一般"), ("N", "未分类"))
            for column in (Column(f"items{ved}", title=f"{title}品种", kind="integer", total=True), Column(f"amount{ved}", title=f"{title}金额", kind="money", total=True))
        ),
    ),
    note="A、B、C 按所选期间的耗用金额累计 80%、95% 划分，V、E、D 取物资字典。A 类 D 级宜压减，C 类 V 级宜保障。",
)  # fmt: skip

PROJECT_USE = ReportScreen(
    key="logistics.project_use",
    title="科教项目领用",
    icon="flask",
    url="logistics/reports/projects",
    permission="logistics.stock_issue.view",
    export="logistics.stock_issue.export",
    menu=("logistics", "报表"),
    order=54,
    rows=_projects,
    group=lambda row: f"{row['project']} {row['title']}　{row['leader']}　{row['fund']}",
    filters=(SPAN, Filter("project", title="科教项目", kind="register", register="logistics.project")),
    columns=(
        Column("department", title="领用科室", kind="text"), Column("class", title="财务分类", kind="text"), Column("documents", title="单据数", kind="integer", total=True),
        Column("amount", title="金额（元）", kind="money", total=True),
    ),
    note="选了项目的出库单减红冲与科室退库；凭证按项目的经费性质列支。",
)  # fmt: skip

ALL = (QUOTA_USE, PROJECT_USE, ABC_VED, DIFFERENCES)
