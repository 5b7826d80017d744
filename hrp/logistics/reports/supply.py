"""Where goods came from and how fast they go: receipts by supplier, estimates without invoice, prices, turnover."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hrp.logistics.reports.queries import rows, where_units
from hrp.logistics.reports.stock import ITEM, STORE
from hrp.logistics.reports.usage import SPAN
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.reports import Asked, ReportScreen, Row
from hrp.platform.ui.screens import Column, Filter

SUPPLIER = Filter("supplier", title="供应商", kind="register", register="logistics.supplier")

RECEIVED = """
SELECT p.id AS supplier_id, p.code, p.name AS supplier, count(DISTINCT d.id) AS documents, count(DISTINCT m.item_id) AS items,
       sum(m.amount) AS amount, sum(m.amount) FILTER (WHERE d.invoice_number = '') AS estimated
FROM logistics_move m JOIN logistics_receipt d ON m.source = 'logistics.stock_receipt:' || d.id
JOIN logistics_supplier p ON p.id = d.supplier_id JOIN logistics_store s ON s.id = m.store_id
WHERE m.date BETWEEN %(first)s AND %(last)s AND (%(store)s::bigint IS NULL OR s.id = %(store)s) AND {units}
GROUP BY p.id HAVING sum(m.amount) <> 0 ORDER BY amount DESC
"""

ESTIMATES = """
SELECT d.id, d.number, d.business_date AS date, p.name AS supplier, s.name AS store, d.total AS amount,
       current_date - d.business_date AS days, d.delivery_note
FROM logistics_receipt d JOIN logistics_supplier p ON p.id = d.supplier_id JOIN logistics_store s ON s.id = d.store_id
WHERE d.state = 'posted' AND d.invoice_number = '' AND d.origin = 'purchase'
  AND (%(supplier)s::bigint IS NULL OR p.id = %(supplier)s) AND {units}
ORDER BY d.business_date, d.id
"""

PRICES = """
WITH lines AS (
    SELECT i.id, i.code, i.name, i.spec, p.name AS supplier, d.business_date AS date, d.id AS document,
           l.amount / l.quantity AS price,
           lag(l.amount / l.quantity) OVER (PARTITION BY i.id, p.id ORDER BY d.business_date, d.id, l.position) AS before
    FROM logistics_receipt_line l JOIN logistics_receipt d ON d.id = l.document_id AND d.state = 'posted'
    JOIN logistics_item i ON i.id = l.item_id JOIN logistics_supplier p ON p.id = d.supplier_id
    JOIN logistics_store s ON s.id = d.store_id
    WHERE l.quantity > 0 AND {units}
)
SELECT *, price - before AS change, (price - before) / before AS ratio FROM lines
WHERE date BETWEEN %(first)s AND %(last)s AND before > 0 AND round(price, 4) <> round(before, 4)
ORDER BY abs((price - before) / before) DESC, code
"""

# average stock = (opening + closing) / 2 of the span, by amount; days = length of the span / turnover
TURNOVER = """
SELECT s.id, s.name AS store, k.name AS class,
       sum(m.amount) FILTER (WHERE m.date < %(first)s) AS opening, sum(m.amount) AS closing,
       -sum(m.amount) FILTER (WHERE m.date >= %(first)s AND (m.source LIKE 'logistics.stock_issue:%%' OR m.source LIKE 'logistics.stock_transfer:%%')) AS issued
FROM logistics_move m JOIN logistics_store s ON s.id = m.store_id AND s.kind <> 'transit'
JOIN logistics_item i ON i.id = m.item_id JOIN logistics_class k ON k.id = i.material_class_id
WHERE m.date <= %(last)s AND {units} GROUP BY s.id, k.id ORDER BY s.code, k.code
"""


def _received(asked: Asked) -> Sequence[Row]:
    first, last = asked.span("date")
    found = rows(
        RECEIVED.format(units=where_units(asked, "s.org_unit_id")),
        {"first": first, "last": last, "store": asked["store"]},
    )
    total = sum((row["amount"] for row in found), Decimal(0))
    return [{**row, "share": row["amount"] / total if total else None} for row in found]


def _estimates(asked: Asked) -> list[Row]:
    return rows(ESTIMATES.format(units=where_units(asked, "s.org_unit_id")), {"supplier": asked["supplier"]})


def _prices(asked: Asked) -> list[Row]:
    first, last = asked.span("date")
    return rows(PRICES.format(units=where_units(asked, "s.org_unit_id")), {"first": first, "last": last})


def _turnover(asked: Asked) -> list[Row]:
    first, last = asked.span("date")
    found: list[Row] = []
    for row in rows(
        TURNOVER.format(units=where_units(asked, "s.org_unit_id")), {"first": first, "last": last}
    ):
        opening, issued = row["opening"] or Decimal(0), row["issued"] or Decimal(0)
        average = (opening + row["closing"]) / 2
        turns = issued / average if average else None
        days = Decimal((last - first).days + 1) / turns if turns else None
        found.append(
            {**row, "opening": opening, "issued": issued, "average": average, "turns": turns, "days": days}
        )
    return found


SUPPLIERS = ReportScreen(
    key="logistics.received_by_supplier",
    title="供应商入库汇总",
    icon="building-store",
    url="logistics/reports/suppliers",
    permission="logistics.stock_receipt.view",
    export="logistics.stock_receipt.export",
    menu=("logistics", "报表"),
    order=80,
    rows=_received,
    link=lambda row: f"/logistics/stock-receipts/?supplier={row['supplier_id']}",
    filters=(SPAN, STORE),
    columns=(
        Column("supplier", title="供应商", kind="text"),
        Column("documents", title="单据数", kind="integer", total=True),
        Column("items", title="品种数", kind="integer"),
        Column("amount", title="入库金额（元）", kind="money", total=True),
        Column("share", title="占比", kind="percent"),
        Column("estimated", title="其中暂估（元）", kind="money", total=True),
    ),
    note="已过账入库单减红冲；没有发票号码的为暂估。",
)

ESTIMATED = ReportScreen(
    key="logistics.estimated_receipts",
    title="暂估明细",
    icon="file-time",
    url="logistics/reports/estimates",
    permission="logistics.stock_receipt.view",
    export="logistics.stock_receipt.export",
    menu=("logistics", "报表"),
    order=90,
    rows=_estimates,
    group=lambda row: row["supplier"],
    link=lambda row: url_for(f"logistics.stock_receipt:{row['id']}"),
    filters=(SUPPLIER,),
    columns=(
        Column("number", title="入库单", kind="code"),
        Column("date", title="入库日期", kind="date"),
        Column("days", title="已过天数", kind="integer"),
        Column("store", title="库房", kind="text"),
        Column("delivery_note", title="送货单号", kind="text"),
        Column("amount", title="暂估金额（元）", kind="money", total=True),
    ),
    note="货到票未到的采购入库，收到发票后单到回冲。",
)

PRICE_CHANGES = ReportScreen(
    key="logistics.price_changes",
    title="进价变动",
    icon="trending-up",
    url="logistics/reports/prices",
    permission="logistics.stock_receipt.view",
    export="logistics.stock_receipt.export",
    menu=("logistics", "报表"),
    order=100,
    rows=_prices,
    link=lambda row: url_for(f"logistics.stock_receipt:{row['document']}"),
    filters=(SPAN,),
    columns=(
        *ITEM,
        Column("supplier", title="供应商", kind="text"),
        Column("date", title="入库日期", kind="date"),
        Column("before", title="上次单价", kind="price"),
        Column("price", title="本次单价", kind="price"),
        Column("change", title="差额", kind="price"),
        Column("ratio", title="变动", kind="percent"),
    ),
    note="同一物资、同一供应商相邻两次入库的单价（金额÷数量）比较。",
)

STOCK_TURNOVER = ReportScreen(
    key="logistics.turnover",
    title="库存周转",
    icon="rotate-clockwise",
    url="logistics/reports/turnover",
    permission="logistics.stock.view",
    export="logistics.stock.export",
    menu=("logistics", "报表"),
    order=110,
    rows=_turnover,
    group=lambda row: row["store"],
    filters=(SPAN,),
    columns=(
        Column("class", title="财务分类", kind="text"),
        Column("opening", title="期初（元）", kind="money", total=True),
        Column("closing", title="期末（元）", kind="money", total=True),
        Column("average", title="平均库存（元）", kind="money", total=True),
        Column("issued", title="发出成本（元）", kind="money", total=True),
        Column("turns", title="周转次数", kind="quantity"),
        Column("days", title="周转天数", kind="quantity"),
    ),
    note="周转次数 = 发出成本 ÷ 平均库存（期初与期末之和的一半）；周转天数 = 所选天数 ÷ 周转次数。",
)

ALL = (SUPPLIERS, ESTIMATED, PRICE_CHANGES, STOCK_TURNOVER)
