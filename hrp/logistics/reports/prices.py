"""Sale prices: the stock adjustments met (交接清单), and what was charged before and after."""

from __future__ import annotations

from hrp.logistics.reports.queries import rows, where_units
from hrp.logistics.reports.stock import ITEM, STORE
from hrp.logistics.reports.usage import SPAN
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.reports import Asked, ReportScreen, Row
from hrp.platform.ui.screens import Column, Filter

# written down when the day began; until then as the present stock would be taken over
TAKE_OVER = """
SELECT d.id, d.number, d.effective_on AS day, '已执行' AS state, s.name AS store, i.code, i.name, i.spec, i.unit, t.quantity,
       t.old_price, t.new_price, t.difference
FROM logistics_price_adjustment d JOIN logistics_price_effect e ON e.source = 'logistics.price_adjustment:' || d.id
JOIN logistics_price_take_over t ON t.effect_id = e.id JOIN logistics_store s ON s.id = t.store_id
JOIN logistics_item i ON i.id = t.item_id
WHERE {asked}
UNION ALL
SELECT d.id, d.number, d.effective_on, '待执行', s.name, i.code, i.name, i.spec, i.unit, m.quantity, l.old_price, l.new_price,
       round(m.quantity * (l.new_price - l.old_price), 2)
FROM logistics_price_adjustment d JOIN logistics_price_adjustment_line l ON l.document_id = d.id
JOIN (SELECT store_id, item_id, sum(quantity) AS quantity FROM logistics_move GROUP BY 1, 2 HAVING sum(quantity) <> 0) m
    ON m.item_id = l.item_id
JOIN logistics_store s ON s.id = m.store_id JOIN logistics_item i ON i.id = l.item_id
WHERE {asked} AND d.state = 'posted'
  AND NOT EXISTS (SELECT FROM logistics_price_effect e WHERE e.source = 'logistics.price_adjustment:' || d.id)
ORDER BY day DESC, id DESC, store, code
"""

ASKED = """(%(number)s = '' OR d.number = %(number)s) AND (%(store)s::bigint IS NULL OR s.id = %(store)s)
  AND (%(number)s <> '' OR d.effective_on BETWEEN %(first)s AND %(last)s) AND {units} AND {stores}"""

CHANGES = """
WITH standing AS (
    SELECT s.*, lag(s.price) OVER (PARTITION BY s.item_id ORDER BY s.valid_from) AS before,
           lag(s.valid_from) OVER (PARTITION BY s.item_id ORDER BY s.valid_from) AS since
    FROM logistics_sale_price s
    WHERE s.reverses_id IS NULL AND NOT EXISTS (SELECT FROM logistics_sale_price r WHERE r.reverses_id = s.id)
)
SELECT i.code, i.name, i.spec, i.unit, i.charge_item, s.since, s.before, s.valid_from AS day, s.price, s.price - s.before AS change,
       (s.price - s.before) / nullif(s.before, 0) AS ratio, d.number, d.basis, s.source
FROM standing s JOIN logistics_item i ON i.id = s.item_id
JOIN logistics_price_adjustment d ON s.source = 'logistics.price_adjustment:' || d.id
WHERE s.valid_from BETWEEN %(first)s AND %(last)s AND {units}
ORDER BY s.valid_from DESC, i.code
"""


def _taken(asked: Asked) -> list[Row]:
    first, last = asked.span("effective")
    given = {"number": asked["number"] or "", "store": asked["store"], "first": first, "last": last}
    narrowed = ASKED.format(
        units=where_units(asked, "d.org_unit_id"), stores=where_units(asked, "s.org_unit_id")
    )
    return rows(TAKE_OVER.format(asked=narrowed), given)


def _changes(asked: Asked) -> list[Row]:
    first, last = asked.span("date")
    return rows(CHANGES.format(units=where_units(asked, "d.org_unit_id")), {"first": first, "last": last})


TAKE_OVERS = ReportScreen(
    key="logistics.price_take_over",
    title="调价库存交接清单",
    icon="tag",
    url="logistics/reports/price-take-over",
    permission="logistics.price_adjustment.view",
    export="logistics.price_adjustment.export",
    menu=("logistics", "报表"),
    order=102,
    rows=_taken,
    group=lambda row: f"{row['number']}　自 {row['day']} 执行　{row['state']}",
    link=lambda row: url_for(f"logistics.price_adjustment:{row['id']}"),
    filters=(
        Filter("number", title="调价单号", kind="text"),
        Filter("effective", title="执行日期", kind="date_range"),
        STORE,
    ),
    columns=(
        *ITEM,
        Column("store", title="库房", kind="text"),
        Column("unit", title="单位", kind="text"),
        Column("quantity", title="结存数量", kind="quantity"),
        Column("old_price", title="原销售价", kind="price"),
        Column("new_price", title="新销售价", kind="price"),
        Column("difference", title="差额（元）", kind="money", total=True),
    ),
    note="执行日零时各库房（含在途）的结存按原价、新价列示，供 HIS 改价时核对；库存成本不变。待执行的按现存量预计。",
    signatures=("制表", "库房", "物价", "财务"),
)

SALE_CHANGES = ReportScreen(
    key="logistics.sale_price_changes",
    title="销售价变动",
    icon="tags",
    url="logistics/reports/sale-prices",
    permission="logistics.price_adjustment.view",
    export="logistics.price_adjustment.export",
    menu=("logistics", "报表"),
    order=101,
    rows=_changes,
    link=lambda row: url_for(row["source"]),
    filters=(SPAN,),
    columns=(
        *ITEM,
        Column("charge_item", title="收费编码", kind="text"),
        Column("since", title="原价自", kind="date"),
        Column("before", title="原销售价", kind="price"),
        Column("day", title="新价自", kind="date"),
        Column("price", title="新销售价", kind="price"),
        Column("change", title="差额", kind="price"),
        Column("ratio", title="变动", kind="percent"),
        Column("number", title="调价单", kind="text"),
        Column("basis", title="依据", kind="text"),
    ),
    note="已过账调价单的销售价，首次定价没有原价；撤回的不列。",
)

ALL = (SALE_CHANGES, TAKE_OVERS)
