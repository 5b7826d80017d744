"""The books as of any past month: 资产总账, 资产明细账, 增减变动, 提足折旧, 资金来源结构."""

from __future__ import annotations

from hrp.assets.models.cards import Status
from hrp.assets.reports.queries import (
    CLASS,
    EXPORT,
    HELD,
    MONTH,
    SPAN,
    STANDING,
    UNIT,
    VIEW,
    as_of,
    month_end,
    rows,
    where_units,
)
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.reports import Asked, ReportScreen, Row
from hrp.platform.ui.screens import Column, Filter

STATUS = dict(Status.choices)
KINDS = {
    "booking": "入账", "booking_reversal": "红冲入账", "revision": "变动", "revision_reversal": "红冲变动", "write_off": "核销",
    "write_off_reversal": "红冲核销", "split": "拆分", "split_reversal": "红冲拆分", "merge": "合并", "merge_reversal": "红冲合并",
    "reclass": "分类变更", "reclass_reversal": "红冲分类变更",
}  # fmt: skip

# facts dated: a month's depreciation stands on the last day of its month
LEDGER = """
WITH facts AS (
    SELECT m.asset_id, m.date, m.cost, m.accumulated FROM assets_move m WHERE m.date <= %(last)s AND m.kind NOT LIKE 'reclass%%'
    UNION ALL
    SELECT l.asset_id, (make_date(d.month / 12, d.month %% 12 + 1, 1) + interval '1 month - 1 day')::date, 0, d.amount
    FROM assets_depreciation d JOIN assets_funding l ON l.id = d.line_id WHERE d.month <= %(month)s
), money AS (
    SELECT a.asset_class_id,
        coalesce(sum(f.cost) FILTER (WHERE f.date < %(first)s), 0) AS cost_before,
        coalesce(sum(f.cost) FILTER (WHERE f.date >= %(first)s AND f.cost > 0), 0) AS cost_in,
        -coalesce(sum(f.cost) FILTER (WHERE f.date >= %(first)s AND f.cost < 0), 0) AS cost_out,
        coalesce(sum(f.cost), 0) AS cost_after,
        coalesce(sum(f.accumulated) FILTER (WHERE f.date < %(first)s), 0) AS worn_before,
        coalesce(sum(f.accumulated) FILTER (WHERE f.date >= %(first)s AND f.accumulated > 0), 0) AS worn_in,
        -coalesce(sum(f.accumulated) FILTER (WHERE f.date >= %(first)s AND f.accumulated < 0), 0) AS worn_out,
        coalesce(sum(f.accumulated), 0) AS worn_after
    FROM facts f JOIN assets_asset a ON a.id = f.asset_id WHERE {units} GROUP BY 1
), cards AS (
    SELECT a.asset_class_id,
        count(*) FILTER (WHERE a.booked_on < %(first)s AND (a.disposed_on IS NULL OR a.disposed_on >= %(first)s)) AS count_before,
        count(*) FILTER (WHERE a.booked_on >= %(first)s) AS count_in,
        count(*) FILTER (WHERE a.disposed_on BETWEEN %(first)s AND %(last)s) AS count_out,
        count(*) FILTER (WHERE a.disposed_on IS NULL OR a.disposed_on > %(last)s) AS count_after
    FROM assets_asset a WHERE a.booked_on <= %(last)s AND {units} GROUP BY 1
)
SELECT k.code, k.name, k.group, m.*, coalesce(c.count_before, 0) AS count_before, coalesce(c.count_in, 0) AS count_in,
    coalesce(c.count_out, 0) AS count_out, coalesce(c.count_after, 0) AS count_after,
    m.cost_before - m.worn_before AS net_before, m.cost_after - m.worn_after AS net_after
FROM money m JOIN assets_class k ON k.id = m.asset_class_id LEFT JOIN cards c ON c.asset_class_id = k.id ORDER BY k.code
"""

REGISTER = (
    "WITH "  # noqa: S608 - our own text
    + STANDING
    + """
, share AS (
    SELECT DISTINCT ON (asset_id) asset_id, org_unit_id FROM assets_share
    WHERE valid_from <= %(day)s AND (valid_to IS NULL OR valid_to >= %(day)s) ORDER BY asset_id, ratio DESC, org_unit_id
)
SELECT a.id, a.number, a.name, a.model, k.name AS class, u.name AS department, a.booked_on, a.quantity, a.unit, a.life_months,
    c.cost, c.accumulated, c.cost - c.accumulated AS net
FROM assets_asset a JOIN assets_class k ON k.id = a.asset_class_id
JOIN share s ON s.asset_id = a.id JOIN org_unit u ON u.id = s.org_unit_id LEFT JOIN card c ON c.asset_id = a.id
WHERE {held} AND (%(class)s::bigint IS NULL OR k.id = %(class)s) AND (%(unit)s::bigint IS NULL OR u.id = %(unit)s)
  AND (%(q)s = '' OR a.number LIKE %(q)s || '%%' OR a.name LIKE '%%' || %(q)s || '%%' OR a.pinyin LIKE '%%' || %(q)s || '%%')
  AND {units}
ORDER BY a.number
"""
)

CHANGES = """
SELECT m.date, a.id, a.number, a.name, k.name AS class, m.kind, m.source, s.name AS paid_by, m.cost, m.accumulated
FROM assets_move m JOIN assets_asset a ON a.id = m.asset_id JOIN assets_class k ON k.id = a.asset_class_id
JOIN assets_funding l ON l.id = m.line_id JOIN assets_source s ON s.id = l.source_id
WHERE m.date BETWEEN %(first)s AND %(last)s AND (%(class)s::bigint IS NULL OR k.id = %(class)s) AND {units}
ORDER BY m.date, m.id
"""

WORN_OUT = (
    "WITH "  # noqa: S608 - our own text
    + STANDING
    + """
, planned AS (SELECT DISTINCT ON (p.line_id) p.line_id, p.residual, p.first + p.months - 1 AS last
              FROM assets_plan p WHERE p.effective <= %(month)s ORDER BY p.line_id, p.id DESC),
whole AS (
    SELECT s.asset_id, sum(s.cost) AS cost, sum(s.accumulated) AS accumulated, max(p.last) AS last
    FROM standing s JOIN planned p ON p.line_id = s.line_id
    GROUP BY 1 HAVING bool_and(s.accumulated >= s.cost - p.residual) AND sum(s.cost) > 0
)
SELECT a.id, a.number, a.name, a.model, k.name AS class, u.name AS department, a.booked_on, a.life_months, w.cost, w.accumulated,
    w.cost - w.accumulated AS net, greatest(%(month)s - w.last, 0) AS over
FROM whole w JOIN assets_asset a ON a.id = w.asset_id JOIN assets_class k ON k.id = a.asset_class_id
JOIN org_unit u ON u.id = a.org_unit_id
WHERE {held} AND (%(unit)s::bigint IS NULL OR u.id = %(unit)s) AND {units} ORDER BY u.code, a.number
"""
)

FUNDING = (
    "WITH "
    + STANDING
    + """
SELECT r.code, r.name, f.name AS fund, count(DISTINCT s.asset_id) AS cards, sum(s.cost) AS cost, sum(s.accumulated) AS accumulated,
    sum(s.cost - s.accumulated) AS net
FROM standing s JOIN assets_funding l ON l.id = s.line_id JOIN assets_source r ON r.id = l.source_id
JOIN ledger_fund f ON f.id = r.fund_id JOIN assets_asset a ON a.id = s.asset_id
WHERE {held} AND (%(class)s::bigint IS NULL OR a.asset_class_id = %(class)s) AND {units} GROUP BY r.id, f.id ORDER BY r.code
"""
)


def _ledger(asked: Asked) -> list[Row]:
    first, last = asked.span("date")
    month = last.year * 12 + last.month - (1 if last == month_end(last) else 2)
    return rows(LEDGER.format(units=where_units(asked)), {"first": first, "last": last, "month": month})


def _register(asked: Asked) -> list[Row]:
    given = {**as_of(asked), "class": asked["asset_class"], "unit": asked["unit"], "q": asked["q"] or ""}
    return rows(REGISTER.format(held=HELD, units=where_units(asked)), given)


def _changes(asked: Asked) -> list[Row]:
    first, last = asked.span("date")
    found = rows(
        CHANGES.format(units=where_units(asked)),
        {"first": first, "last": last, "class": asked["asset_class"]},
    )
    return [
        {**row, "what": KINDS.get(row["kind"], row["kind"]), "net": row["cost"] - row["accumulated"]}
        for row in found
    ]


def _worn_out(asked: Asked) -> list[Row]:
    return rows(WORN_OUT.format(held=HELD, units=where_units(asked)), {**as_of(asked), "unit": asked["unit"]})


def _funding(asked: Asked) -> list[Row]:
    found = rows(
        FUNDING.format(held=HELD, units=where_units(asked)), {**as_of(asked), "class": asked["asset_class"]}
    )
    total = sum(row["cost"] for row in found)
    return [{**row, "share": row["cost"] / total if total else None} for row in found]


def card_url(row: Row) -> str:
    return f"/assets/cards/{row['id']}"


CARD = (
    Column("number", title="资产编号", kind="code"), Column("name", title="名称", kind="text"), Column("model", title="型号", kind="text"),
)  # fmt: skip
VALUES = (
    Column("cost", title="原值（元）", kind="money", total=True),
    Column("accumulated", title="累计折旧（元）", kind="money", total=True),
    Column("net", title="净值（元）", kind="money", total=True),
)

LEDGER_BOOK = ReportScreen(
    key="assets.ledger_book",
    title="资产总账",
    icon="book-2",
    url="assets/reports/ledger",
    permission=VIEW,
    export=EXPORT,
    menu=("assets", "报表"),
    order=10,
    rows=_ledger,
    filters=(SPAN,),
    columns=(
        Column("code", title="分类编码", kind="code"), Column("name", title="分类", kind="text"),
        *(
            Column(f"{what}_{when}", title=f"{at}{name}", kind="integer" if what == "count" else "money", total=True)
            for what, name, moments in (
                ("count", "数量", (("before", "期初"), ("in", "增加"), ("out", "减少"), ("after", "期末"))),
                ("cost", "原值", (("before", "期初"), ("in", "增加"), ("out", "减少"), ("after", "期末"))),
                ("worn", "累计折旧", (("before", "期初"), ("in", "增加"), ("out", "减少"), ("after", "期末"))),
                ("net", "净值", (("before", "期初"), ("after", "期末"))),
            )
            for when, at in moments
        ),
    ),
    note="期初 + 增加 − 减少 = 期末；全部由价值变动与折旧明细重算，任何过去期间都可查；分类按卡片现在的分类。月折旧记在当月最后一天。",
    signatures=("制表", "资产会计", "财务负责人"),
)  # fmt: skip

AS_OF = ReportScreen(
    key="assets.as_of",
    title="资产明细账",
    icon="list-details",
    url="assets/reports/as-of",
    permission=VIEW,
    export=EXPORT,
    menu=("assets", "报表"),
    order=12,
    rows=_register,
    link=card_url,
    filters=(MONTH, CLASS, UNIT, Filter("q", title="资产", kind="text", placeholder="编号 / 名称 / 拼音码")),
    columns=(
        *CARD, Column("class", title="分类", kind="text"), Column("department", title="使用科室", kind="text"),
        Column("booked_on", title="入账日期", kind="date"), Column("quantity", title="数量", kind="integer", total=True), *VALUES,
    ),
    note="所选月末在账的每张卡片，科室为当日承担比例最大者；原值、累计折旧由事实重算。",
)  # fmt: skip

CHANGE_LIST = ReportScreen(
    key="assets.change_list",
    title="资产增减变动",
    icon="arrows-diff",
    url="assets/reports/changes",
    permission=VIEW,
    export=EXPORT,
    menu=("assets", "报表"),
    order=14,
    rows=_changes,
    link=lambda row: url_for(row["source"]),
    filters=(SPAN, CLASS),
    columns=(
        Column("date", title="日期", kind="date"), Column("what", title="业务", kind="text"), *CARD[:2], Column("class", title="分类", kind="text"),
        Column("paid_by", title="资金来源", kind="text"), *VALUES,
    ),
    note="单据过账形成的价值变动，红冲为负数行；折旧见折旧汇总表。",
)  # fmt: skip

FULLY = ReportScreen(
    key="assets.fully_depreciated",
    title="提足折旧资产",
    icon="hourglass-empty",
    url="assets/reports/fully-depreciated",
    permission=VIEW,
    export=EXPORT,
    menu=("assets", "报表"),
    order=30,
    rows=_worn_out,
    link=card_url,
    filters=(MONTH, UNIT),
    columns=(
        *CARD, Column("class", title="分类", kind="text"), Column("department", title="使用科室", kind="text"), Column("booked_on", title="入账日期", kind="date"),
        Column("life_months", title="使用月数", kind="integer"), Column("over", title="超期月数", kind="integer"), *VALUES,
    ),
    note="所有资金来源都已提足的在账资产；提足后不再计提，仍应继续使用和管理。",
)  # fmt: skip

SOURCES = ReportScreen(
    key="assets.funding_structure",
    title="资金来源结构",
    icon="chart-pie",
    url="assets/reports/funding",
    permission=VIEW,
    export=EXPORT,
    menu=("assets", "报表"),
    order=22,
    rows=_funding,
    filters=(MONTH, CLASS),
    columns=(
        Column("code", title="编码", kind="code"), Column("name", title="资金来源", kind="text"), Column("fund", title="经费性质", kind="text"),
        Column("cards", title="卡片数", kind="integer"), *VALUES, Column("share", title="原值占比", kind="percent"),
    ),
    note="按资金构成逐行统计；一张卡片有几个来源时在每个来源各计一次卡片数。",
)  # fmt: skip

ALL = (LEDGER_BOOK, AS_OF, CHANGE_LIST, SOURCES, FULLY)
