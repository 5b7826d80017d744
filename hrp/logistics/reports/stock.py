"""What lies where: stock as of any day, near expiry and idle goods."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hrp.logistics.models import Item
from hrp.logistics.reports.queries import rows, where_units
from hrp.platform.base import clock
from hrp.platform.ui.reports import Asked, ReportScreen, Row
from hrp.platform.ui.screens import Column, Filter

STORE = Filter("store", title="库房", kind="register", register="logistics.store")
KIND = Filter("kind", title="类别", kind="choice", choices=tuple(Item.Kind.choices))
CLASS = Filter("material_class", title="财务分类", kind="register", register="logistics.material_class")
WORDS = Filter("q", title="物资", kind="text", placeholder="编码 / 名称 / 拼音码 / 批号")

AS_OF = """
SELECT s.name AS store, i.id AS item_id, i.code, i.name, i.spec, i.unit, t.lot, t.expiry, p.name AS supplier,
       sum(m.quantity) AS quantity, sum(m.amount) AS amount
FROM logistics_move m JOIN logistics_store s ON s.id = m.store_id JOIN logistics_item i ON i.id = m.item_id
JOIN logistics_batch t ON t.id = m.batch_id JOIN logistics_supplier p ON p.id = t.supplier_id
WHERE m.date <= %(day)s AND (%(store)s::bigint IS NULL OR s.id = %(store)s) AND (%(kind)s = '' OR i.kind = %(kind)s)
  AND (%(class)s::bigint IS NULL OR i.material_class_id = %(class)s)
  AND (%(q)s = '' OR i.code LIKE %(q)s || '%%' OR i.name LIKE '%%' || %(q)s || '%%' OR i.pinyin LIKE '%%' || %(q)s || '%%' OR t.lot = %(q)s)
  AND {units}
GROUP BY s.code, s.name, i.id, t.id, p.name HAVING sum(m.quantity) <> 0 OR sum(m.amount) <> 0
ORDER BY s.code, i.code, t.expiry, t.id
"""

EXPIRING = """
SELECT s.name AS store, i.code, i.name, i.spec, i.unit, t.lot, least(t.expiry, t.sterile_expiry) AS expiry,
       least(t.expiry, t.sterile_expiry) - %(day)s::date AS days, b.quantity, b.amount, t.hold, p.name AS supplier
FROM logistics_balance b JOIN logistics_store s ON s.id = b.store_id JOIN logistics_item i ON i.id = b.item_id
JOIN logistics_batch t ON t.id = b.batch_id JOIN logistics_supplier p ON p.id = t.supplier_id
WHERE b.quantity > 0 AND least(t.expiry, t.sterile_expiry) <= %(day)s::date + %(within)s
  AND (%(store)s::bigint IS NULL OR s.id = %(store)s) AND {units}
ORDER BY expiry, s.code, i.code
"""

IDLE = """
SELECT s.name AS store, i.code, i.name, i.spec, i.unit, b.quantity, b.amount, l.last, %(day)s::date - l.last AS days
FROM (SELECT store_id, item_id, sum(quantity) AS quantity, sum(amount) AS amount FROM (
          SELECT store_id, item_id, quantity, amount FROM logistics_balance
          UNION ALL SELECT store_id, item_id, 0, amount FROM logistics_valuation) h
      GROUP BY 1, 2 HAVING sum(quantity) > 0) b
JOIN logistics_store s ON s.id = b.store_id AND s.kind <> 'transit' JOIN logistics_item i ON i.id = b.item_id
JOIN LATERAL (SELECT max(m.date) AS last FROM logistics_move m
              WHERE m.store_id = b.store_id AND m.item_id = b.item_id AND m.quantity < 0 OR
                    (m.store_id = b.store_id AND m.item_id = b.item_id AND m.quantity > 0)) l ON true
WHERE %(day)s::date - l.last >= %(idle)s AND (%(store)s::bigint IS NULL OR s.id = %(store)s) AND {units}
ORDER BY days DESC, b.amount DESC
"""

HOLDS = {"": "", "frozen": "冻结", "quarantine": "待检", "recalled": "召回"}
WITHIN = (("30", "30 天内"), ("90", "90 天内"), ("180", "180 天内"), ("0", "已过期"))
IDLE_DAYS = (("90", "90 天"), ("180", "180 天"), ("365", "一年"))


def _as_of(asked: Asked) -> list[Row]:
    return rows(
        AS_OF.format(units=where_units(asked, "s.org_unit_id")),
        {
            "day": asked.day("day"), "store": asked["store"], "kind": asked["kind"] or "", "q": asked["q"] or "",
            "class": asked["material_class"],
        },
    )  # fmt: skip


def _expiring(asked: Asked) -> list[Row]:
    found = rows(
        EXPIRING.format(units=where_units(asked, "s.org_unit_id")),
        {"day": clock.today(), "within": int(asked["within"] or 90), "store": asked["store"]},
    )
    return [{**row, "hold": HOLDS[row["hold"]], "state": _band(row["days"])} for row in found]


def _band(days: int) -> str:
    return "已过期" if days < 0 else "30 天内" if days <= 30 else "90 天内" if days <= 90 else "180 天内"


def _idle(asked: Asked) -> list[Row]:
    return rows(
        IDLE.format(units=where_units(asked, "s.org_unit_id")),
        {"day": clock.today(), "idle": int(asked["idle"] or 90), "store": asked["store"]},
    )


def _price(row: Row) -> Decimal | None:
    return row["amount"] / row["quantity"] if row["quantity"] else None


def _today(actor: Any) -> str:
    return dt.date.strftime(clock.today(), "%Y-%m-%d")


ITEM = (
    Column("code", title="物资编码", kind="code"),
    Column("name", title="物资名称", kind="text"),
    Column("spec", title="规格型号", kind="text"),
)

AS_OF_DAY = ReportScreen(
    key="logistics.stock_as_of",
    title="库存现存量",
    icon="packages",
    url="logistics/reports/stock",
    permission="logistics.stock.view",
    export="logistics.stock.export",
    menu=("logistics", "报表"),
    order=10,
    rows=_as_of,
    group=lambda row: row["store"],
    filters=(Filter("day", title="截至", kind="date", default=_today), STORE, KIND, CLASS, WORDS),
    columns=(
        *ITEM,
        Column("lot", title="批号", kind="text"),
        Column("expiry", title="有效期至", kind="date"),
        Column("supplier", title="供应商", kind="text"),
        Column("unit", title="单位", kind="text"),
        Column("quantity", title="数量", kind="quantity"),
        Column("price", title="单价", kind="price", value=_price),
        Column("amount", title="金额（元）", kind="money", total=True),
    ),
    note="截至所选日期（含当日）全部库存流水之和，任何一天都可精确重算；按平均或先进先出计价的物资，批次金额为流水金额之和。",
    signatures=("制表", "库房", "财务"),
)  # fmt: skip

NEAR_EXPIRY = ReportScreen(
    key="logistics.near_expiry",
    title="效期预警",
    icon="calendar-exclamation",
    url="logistics/reports/expiry",
    permission="logistics.stock.view",
    export="logistics.stock.export",
    menu=("logistics", "报表"),
    order=20,
    rows=_expiring,
    filters=(Filter("within", title="到期", kind="choice", choices=WITHIN, default="90"), STORE),
    columns=(
        *ITEM,
        Column("store", title="库房", kind="text"),
        Column("lot", title="批号", kind="text"),
        Column("expiry", title="可用至", kind="date"),
        Column("days", title="剩余天数", kind="integer"),
        Column("state", title="预警", kind="text"),
        Column("hold", title="限制", kind="text"),
        Column("unit", title="单位", kind="text"),
        Column("quantity", title="数量", kind="quantity"),
        Column("amount", title="金额（元）", kind="money", total=True),
        Column("supplier", title="供应商", kind="text"),
    ),
    note="器械有效期与灭菌效期取较早者；已过期的批次只能退货、报损或移入不合格品库。",
)

IDLE_GOODS = ReportScreen(
    key="logistics.idle_goods",
    title="呆滞物资",
    icon="zzz",
    url="logistics/reports/idle",
    permission="logistics.stock.view",
    export="logistics.stock.export",
    menu=("logistics", "报表"),
    order=30,
    rows=_idle,
    filters=(Filter("idle", title="未动", kind="choice", choices=IDLE_DAYS, default="90"), STORE),
    columns=(
        *ITEM,
        Column("store", title="库房", kind="text"),
        Column("last", title="最近变动", kind="date"),
        Column("days", title="未动天数", kind="integer"),
        Column("unit", title="单位", kind="text"),
        Column("quantity", title="数量", kind="quantity"),
        Column("amount", title="金额（元）", kind="money", total=True),
    ),
    note="仍有存量，而在所选天数内没有任何收发的物资。",
)

ALL = (AS_OF_DAY, NEAR_EXPIRY, IDLE_GOODS)
