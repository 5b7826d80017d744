"""Who used what: issues by department, by class, by item, against last month and last year."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from hrp.logistics.reports.queries import rows, where_units
from hrp.logistics.reports.stock import CLASS, ITEM, KIND, STORE, WORDS
from hrp.platform.base import clock
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.reports import Asked, ReportScreen, Row
from hrp.platform.ui.screens import Column, Filter

ZERO = Decimal(0)

# an issue and its mirror carry the same source; returns of a department reduce what it used. Of a booked use of
# high-value goods what went out counts, not what came in for it
ISSUED = """
WITH used AS (
    SELECT m.*, d.org_unit_id FROM logistics_move m JOIN logistics_issue d ON m.source = 'logistics.stock_issue:' || d.id
    WHERE m.date BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT m.*, d.org_unit_id FROM logistics_move m
    JOIN logistics_department_return d ON m.source = 'logistics.department_return:' || d.id
    WHERE m.date BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT m.*, d.org_unit_id FROM logistics_move m JOIN logistics_use_booking d ON m.source = 'logistics.use_booking:' || d.id
    WHERE m.date BETWEEN %(first)s AND %(last)s AND (m.quantity < 0) = (m.reverses_id IS NULL)
)
"""

BY_DEPARTMENT = (
    ISSUED
    + """
SELECT u.code, u.name AS department, u.id AS unit, -sum(x.amount) AS amount, count(DISTINCT x.source) AS documents
FROM used x JOIN org_unit u ON u.id = x.org_unit_id
WHERE (%(store)s::bigint IS NULL OR x.store_id = %(store)s) AND {units} GROUP BY u.id ORDER BY u.code
"""
)

MATRIX = (
    ISSUED
    + """
SELECT u.code, u.name AS department, k.code AS class_code, k.name AS class_name, -sum(x.amount) AS amount
FROM used x JOIN org_unit u ON u.id = x.org_unit_id JOIN logistics_item i ON i.id = x.item_id
JOIN logistics_class k ON k.id = i.material_class_id
WHERE {units} GROUP BY u.id, k.id ORDER BY u.code, k.code
"""
)

DETAIL = (
    ISSUED
    + """
SELECT u.name AS department, i.code, i.name, i.spec, i.unit, t.lot, x.date, x.source, s.name AS store,
       i.chargeable, -x.quantity AS quantity, -x.amount AS amount
FROM used x JOIN org_unit u ON u.id = x.org_unit_id JOIN logistics_item i ON i.id = x.item_id
JOIN logistics_batch t ON t.id = x.batch_id JOIN logistics_store s ON s.id = x.store_id
WHERE (%(store)s::bigint IS NULL OR x.store_id = %(store)s) AND (%(unit)s::bigint IS NULL OR x.org_unit_id = %(unit)s)
  AND (%(kind)s = '' OR i.kind = %(kind)s) AND (%(class)s::bigint IS NULL OR i.material_class_id = %(class)s)
  AND (%(q)s = '' OR i.code LIKE %(q)s || '%%' OR i.name LIKE '%%' || %(q)s || '%%' OR i.pinyin LIKE '%%' || %(q)s || '%%' OR t.lot = %(q)s)
  AND {units}
ORDER BY u.code, x.date, x.id
"""
)

BY_ITEM = (
    ISSUED
    + """
SELECT i.id AS item_id, i.code, i.name, i.spec, i.unit, i.abc, -sum(x.quantity) AS quantity, -sum(x.amount) AS amount
FROM used x JOIN org_unit u ON u.id = x.org_unit_id JOIN logistics_item i ON i.id = x.item_id
WHERE (%(store)s::bigint IS NULL OR x.store_id = %(store)s) AND {units}
GROUP BY i.id HAVING sum(x.amount) <> 0 ORDER BY amount DESC, i.code
"""
)


def _this_month(actor: Any) -> str:
    return f"{clock.today():%Y-%m}"


MONTH = Filter("month", title="月份", kind="month", default=_this_month)
SPAN = Filter("date", title="日期", kind="date_range")
UNIT = Filter("unit", title="科室", kind="register", register="org.unit")


def _year_before(day: dt.date) -> dt.date:
    return day.replace(
        year=day.year - 1, day=min(day.day, 28) if (day.month, day.day) == (2, 29) else day.day
    )


def _totals(asked: Asked, first: dt.date, last: dt.date) -> dict[int, Row]:
    found = rows(
        BY_DEPARTMENT.format(units=where_units(asked, "u.id")),
        {"first": first, "last": last, "store": asked["store"]},
    )
    return {row["unit"]: row for row in found}


def _compared(asked: Asked) -> list[Row]:
    first, last = asked.span("month")
    before = (first - dt.timedelta(days=1)).replace(day=1), first - dt.timedelta(days=1)
    # a month that is not over is compared with as many days of the others
    until = min(last, clock.today())
    spans = (
        (first, until),
        (before[0], min(before[1], before[0] + (until - first))),
        (_year_before(first), _year_before(until)),
    )
    now, month, year = (_totals(asked, *span) for span in spans)
    names = {unit: row for one in (year, month, now) for unit, row in one.items()}
    total = sum((row["amount"] for row in now.values()), ZERO)
    found: list[Row] = []
    for unit, row in sorted(names.items(), key=lambda entry: entry[1]["code"]):
        amount, then, ago = (one[unit]["amount"] if unit in one else ZERO for one in (now, month, year))
        found.append({
            "unit": unit, "code": row["code"], "department": row["department"], "amount": amount, "month": then, "year": ago,
            "documents": now[unit]["documents"] if unit in now else 0,
            "on_month": (amount - then) / then if then else None, "on_year": (amount - ago) / ago if ago else None,
            "share": amount / total if total else None, "first": spans[0][0], "last": spans[0][1],
        })  # fmt: skip
    return found


def _matrix(asked: Asked) -> Sequence[Row]:
    first, last = asked.span("month")
    found = rows(MATRIX.format(units=where_units(asked, "u.id")), {"first": first, "last": last})
    lines: dict[str, dict[str, Any]] = {}
    for row in found:
        line = lines.setdefault(
            row["code"], {"code": row["code"], "department": row["department"], "classes": {}, "all": ZERO}
        )
        line["classes"][row["class_code"], row["class_name"]] = row["amount"]
        line["all"] += row["amount"]
    return list(lines.values())


def _matrix_columns(asked: Asked, found: Sequence[Row]) -> tuple[Column, ...]:
    classes = sorted({key for row in found for key in row["classes"]})
    return (
        Column("department", title="科室", kind="text"),
        *(
            Column(f"c{code}", title=name, kind="money", total=True, value=_of_class((code, name)))
            for code, name in classes
        ),
        Column("all", title="合计", kind="money", total=True),
    )  # fmt: skip


def _of_class(key: tuple[str, str]) -> Callable[[Row], Decimal | None]:
    return lambda row: row["classes"].get(key)


def _detail(asked: Asked) -> list[Row]:
    first, last = asked.span("date")
    return rows(
        DETAIL.format(units=where_units(asked, "u.id")),
        {
            "first": first, "last": last, "store": asked["store"], "unit": asked["unit"], "kind": asked["kind"] or "",
            "class": asked["material_class"], "q": asked["q"] or "",
        },
    )  # fmt: skip


def _ranked(asked: Asked) -> list[Row]:
    first, last = asked.span("date")
    found = rows(
        BY_ITEM.format(units=where_units(asked, "u.id")),
        {"first": first, "last": last, "store": asked["store"]},
    )
    total = sum((row["amount"] for row in found), ZERO)
    before: dict[str, Decimal] = defaultdict(Decimal)
    ranked: list[Row] = []
    for place, row in enumerate(found, start=1):
        begun = before["sum"] / total if total else ZERO
        before["sum"] += row["amount"]
        until = before["sum"] / total if total else ZERO
        rank = "A" if begun < Decimal("0.80") else "B" if begun < Decimal("0.95") else "C"
        ranked.append(
            {
                **row,
                "place": place,
                "share": row["amount"] / total if total else None,
                "until": until,
                "rank": rank,
            }
        )
    return ranked


DEPARTMENTS = ReportScreen(
    key="logistics.usage_by_department",
    title="科室领用汇总",
    icon="building-community",
    url="logistics/reports/departments",
    permission="logistics.stock_issue.view",
    export="logistics.stock_issue.export",
    menu=("logistics", "报表"),
    order=40,
    rows=_compared,
    link=lambda row: (
        f"/logistics/reports/usage?unit={row['unit']}&date_from={row['first']}&date_to={row['last']}"
    ),
    filters=(MONTH, STORE),
    columns=(
        Column("department", title="科室", kind="text"),
        Column("documents", title="单据数", kind="integer", total=True),
        Column("amount", title="本期（元）", kind="money", total=True),
        Column("share", title="占比", kind="percent"),
        Column("month", title="上月同期（元）", kind="money", total=True),
        Column("on_month", title="环比", kind="percent"),
        Column("year", title="上年同期（元）", kind="money", total=True),
        Column("on_year", title="同比", kind="percent"),
    ),
    note="已过账出库单与高值使用单，减红冲与科室退库；当月未满时，与上月、上年同样天数比较。点科室看明细。",
)

CLASSES = ReportScreen(
    key="logistics.usage_matrix",
    title="科室×类别领用",
    icon="grid-dots",
    url="logistics/reports/matrix",
    permission="logistics.stock_issue.view",
    export="logistics.stock_issue.export",
    menu=("logistics", "报表"),
    order=50,
    rows=_matrix,
    columns=_matrix_columns,
    filters=(MONTH,),
    note="按财务分类列示各科室领用金额（元），合计等于当月计入费用的物资。",
)

USAGE = ReportScreen(
    key="logistics.usage",
    title="科室领用明细",
    icon="list-details",
    url="logistics/reports/usage",
    permission="logistics.stock_issue.view",
    export="logistics.stock_issue.export",
    menu=("logistics", "报表"),
    order=60,
    rows=_detail,
    group=lambda row: row["department"],
    link=lambda row: url_for(row["source"]),
    filters=(SPAN, UNIT, STORE, KIND, CLASS, WORDS),
    columns=(
        *ITEM,
        Column("lot", title="批号", kind="text"),
        Column("date", title="日期", kind="date"),
        Column("store", title="库房", kind="text"),
        Column("chargeable", title="可收费", kind="bool"),
        Column("unit", title="单位", kind="text"),
        Column("quantity", title="数量", kind="quantity"),
        Column("amount", title="金额（元）", kind="money", total=True),
    ),
    note="每行是一条库存流水，红冲为负数。点编码打开单据。",
)

RANKING = ReportScreen(
    key="logistics.abc_ranking",
    title="领用排名（ABC）",
    icon="sort-descending",
    url="logistics/reports/ranking",
    permission="logistics.stock_issue.view",
    export="logistics.stock_issue.export",
    menu=("logistics", "报表"),
    order=70,
    rows=_ranked,
    filters=(SPAN, STORE),
    columns=(
        *ITEM,
        Column("place", title="名次", kind="integer"),
        Column("unit", title="单位", kind="text"),
        Column("quantity", title="数量", kind="quantity"),
        Column("amount", title="金额（元）", kind="money", total=True),
        Column("share", title="占比", kind="percent"),
        Column("until", title="累计占比", kind="percent"),
        Column("rank", title="应归类", kind="text"),
        Column("abc", title="现归类", kind="text"),
    ),
    note="按领用金额从大到小累计：80% 以内为 A，95% 以内为 B，其余为 C。",
)

ALL = (DEPARTMENTS, CLASSES, USAGE, RANKING)
