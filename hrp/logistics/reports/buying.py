"""Buying: how far orders have come, what suppliers are owed, volume contracts, papers that end."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hrp.logistics.catalogue import selectors as catalogue
from hrp.logistics.catalogue.models import Authorisation, License, VolumeContract
from hrp.logistics.reports.queries import rows, where_units
from hrp.logistics.reports.stock import ITEM
from hrp.logistics.reports.supply import SUPPLIER
from hrp.logistics.reports.usage import SPAN
from hrp.logistics.settlement import parameters
from hrp.logistics.settlement.selectors import owed
from hrp.platform.base import clock
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.reports import Asked, ReportScreen, Row
from hrp.platform.ui.screens import Column, Filter

ZERO = Decimal(0)

# of the versions in force; an invoice and its payment are followed down to the line of the receipt
EXECUTION = """
WITH ordered AS (
    SELECT o.id, o.number, o.business_date, o.due_on, o.supplier_id, l.item_id, l.position, l.quantity, l.amount, coalesce(l.root_id, l.id) AS root,
           EXISTS (SELECT FROM logistics_order_event e WHERE e.order_id = o.id AND e.kind = 'closed') AS closed
    FROM logistics_order o JOIN logistics_order_line l ON l.document_id = o.id
    WHERE o.state = 'posted' AND o.business_date BETWEEN %(first)s AND %(last)s
      AND (%(supplier)s::bigint IS NULL OR o.supplier_id = %(supplier)s)
      AND NOT EXISTS (SELECT FROM logistics_order v WHERE v.replaces_id = o.id AND v.state = 'posted') AND {units}
), got AS (
    SELECT coalesce(x.root_id, x.id) AS root, rl.id, rl.quantity, rl.amount, r.invoice_number <> '' AS with_invoice, r.id AS receipt
    FROM logistics_receipt_line rl JOIN logistics_receipt r ON r.id = rl.document_id AND r.state = 'posted'
    JOIN logistics_store s ON s.id = r.store_id AND s.kind <> 'quarantine' JOIN logistics_order_line x ON x.id = rl.order_line
    WHERE coalesce(x.root_id, x.id) IN (SELECT root FROM ordered)
), billed AS (
    SELECT il.receipt_line_id AS id, sum(il.amount) AS amount,
           sum(il.amount * CASE WHEN p.amount <> 0 THEN least(greatest(-coalesce(s.amount, 0) / p.amount, 0), 1) ELSE 0 END) AS paid
    FROM logistics_supplier_invoice_line il JOIN logistics_supplier_invoice d ON d.id = il.document_id AND d.state = 'posted'
    LEFT JOIN logistics_payable p ON p.source = 'logistics.supplier_invoice:' || d.id AND p.settles_id IS NULL
    LEFT JOIN LATERAL (SELECT sum(amount) AS amount FROM logistics_payable s WHERE s.settles_id = p.id) s ON true
    WHERE il.receipt_line_id IN (SELECT id FROM got) GROUP BY 1
)
SELECT o.id AS order_id, o.number, o.business_date AS date, o.due_on, v.name AS supplier, i.code, i.name, i.spec, i.unit, o.quantity, o.amount,
       g.quantity AS received, g.amount AS received_amount, g.invoiced, g.paid, o.closed
FROM ordered o JOIN logistics_supplier v ON v.id = o.supplier_id JOIN logistics_item i ON i.id = o.item_id
LEFT JOIN LATERAL (
    SELECT sum(g.quantity) AS quantity, sum(g.amount) AS amount,
           sum(CASE WHEN g.with_invoice THEN g.amount ELSE coalesce(b.amount, 0) END) AS invoiced, sum(coalesce(b.paid, 0)) AS paid
    FROM got g LEFT JOIN billed b ON b.id = g.id WHERE g.root = o.root) g ON true
ORDER BY v.name, o.business_date, o.id, o.position
"""

BALANCES = """
SELECT v.id AS supplier_id, v.code, v.name AS supplier, sum(p.amount) FILTER (WHERE p.date < %(first)s) AS opening,
       sum(p.amount) FILTER (WHERE p.date >= %(first)s AND NOT paid) AS owed,
       -sum(p.amount) FILTER (WHERE p.date >= %(first)s AND paid) AS paid, sum(p.amount) AS closing
FROM (SELECT p.*, p.kind = 'payment' OR (p.kind = 'reversal' AND p.source LIKE 'logistics.payment_request:%%') AS paid
      FROM logistics_payable p) p
JOIN logistics_supplier v ON v.id = p.supplier_id
WHERE p.date <= %(last)s AND (%(supplier)s::bigint IS NULL OR v.id = %(supplier)s)
GROUP BY v.id ORDER BY v.code
"""


def _execution(asked: Asked) -> list[Row]:
    first, last = asked.span("date")
    given = {"first": first, "last": last, "supplier": asked["supplier"]}
    found: list[Row] = []
    for row in rows(EXECUTION.format(units=where_units(asked, "o.org_unit_id")), given):
        received = row["received"] or ZERO
        state = (
            "已到齐"
            if received >= row["quantity"]
            else "已关闭"
            if row["closed"]
            else "部分到货"
            if received
            else "未到货"
        )
        if state in ("部分到货", "未到货") and row["due_on"] < clock.today():
            state += "（逾期）"
        rate = received / row["quantity"] if row["quantity"] else None
        found.append({**row, "state": state, "rate": rate})
    return found


def _balances(asked: Asked) -> list[Row]:
    first, last = asked.span("date")
    given = {"first": first, "last": last, "supplier": asked["supplier"]}
    if asked.units is not None:
        return []
    return [
        row
        for row in rows(BALANCES, given)
        if any(row[name] for name in ("opening", "owed", "paid", "closing"))
    ]


def _limits(day: dt.date) -> tuple[int, ...]:
    return tuple(parameters.ageing(day))


def _aged(asked: Asked) -> list[Row]:
    day = asked.day("day")
    if asked.units is not None:
        return []
    return [
        {"supplier": one.name, "code": one.code, "supplier_id": one.supplier_id, "ages": one.by_age, "total": one.total, "estimated": one.estimated}
        for one in owed.aged(day, _limits(day))
    ]  # fmt: skip


def _age_columns(asked: Asked, found: Any) -> tuple[Column, ...]:
    titles = owed.age_titles(_limits(asked.day("day")))
    return (
        Column("supplier", title="供应商", kind="text"),
        *(
            Column(f"age{place}", title=title, kind="money", total=True, value=_of_age(place))
            for place, title in enumerate(titles)
        ),
        Column("total", title="应付合计（元）", kind="money", total=True),
        Column("estimated", title="另有暂估（元）", kind="money", total=True),
    )


def _of_age(place: int) -> Any:
    return lambda row: row["ages"][place] or None


def _volumes(asked: Asked) -> list[Row]:
    day = asked.day("day")
    contracts = VolumeContract.objects.filter(is_active=True, valid_from__lte=day, valid_to__gte=day)
    found: list[Row] = []
    for contract in contracts.order_by("valid_to", "code"):
        progress, selected = catalogue.volume_progress(contract, day)
        state = [text for text, on in (("落后", progress.behind), ("非中选超限", progress.over_cap)) if on]
        found.append({
            "id": contract.pk, "code": contract.code, "name": contract.name, "round": contract.round_name, "until": contract.valid_to,
            "unit": contract.unit, "agreed": contract.agreed, "done": selected, "left": max(contract.agreed - selected, ZERO),
            "rate": progress.done_percent / 100, "gone": progress.time_percent / 100, "other": progress.unselected_percent / 100,
            "state": "、".join(state) or "正常",
        })  # fmt: skip
    return found


PAPERS = (("0", "已到期"), ("30", "30 天内"), ("90", "90 天内"), ("180", "180 天内"))


def _papers(asked: Asked) -> list[Row]:
    """What ends within the days asked, and what has ended, unless a later paper took its place."""
    today, within = clock.today(), int(asked["within"] or 90)
    until = today + dt.timedelta(days=within)
    found: list[Row] = []
    held: dict[tuple[Any, ...], dt.date] = {}
    papers = list(License.objects.filter(is_active=True).select_related("supplier"))
    for paper in papers:
        key = (
            paper.kind,
            paper.supplier_id,
            paper.manufacturer,
            paper.number if paper.supplier_id is None else "",
        )
        held[key] = max(held.get(key, dt.date.min), paper.valid_to or dt.date.max)
    for paper in papers:
        key = (
            paper.kind,
            paper.supplier_id,
            paper.manufacturer,
            paper.number if paper.supplier_id is None else "",
        )
        if paper.valid_to is None or paper.valid_to > until or held[key] > paper.valid_to:
            continue
        found.append(
            {"owner": paper.owner, "kind": paper.get_kind_display(), "number": paper.number, "until": paper.valid_to,
             "renewing": "延续受理中" if paper.renewing else "", "url": f"/logistics/licenses/{paper.pk}"}
        )  # fmt: skip
    for grant in Authorisation.objects.filter(is_active=True, valid_to__lte=until).select_related("grantee"):
        later = Authorisation.objects.filter(
            manufacturer=grant.manufacturer, grantor=grant.grantor_id, grantee=grant.grantee_id, is_active=True, valid_to__gt=grant.valid_to
        )  # fmt: skip
        if not later.exists():
            found.append(
                {"owner": str(grant.grantee), "kind": f"授权书（{grant.manufacturer}）", "number": grant.number, "until": grant.valid_to,
                 "renewing": "", "url": f"/logistics/authorisations/{grant.pk}"}
            )  # fmt: skip
    rated = [{**row, "days": (row["until"] - today).days} for row in found]
    return sorted(
        ({**row, "state": "已到期" if row["days"] < 0 else f"剩 {row['days']} 天"} for row in rated),
        key=lambda row: (row["until"], row["owner"], row["kind"]),
    )


def _today(actor: Any) -> str:
    return f"{clock.today():%Y-%m-%d}"


ORDERS = ReportScreen(
    key="logistics.order_execution",
    title="采购执行",
    icon="progress-check",
    url="logistics/reports/orders",
    permission="logistics.purchase_order.view",
    export="logistics.purchase_order.export",
    menu=("logistics", "报表"),
    order=82,
    rows=_execution,
    group=lambda row: row["supplier"],
    link=lambda row: url_for(f"logistics.purchase_order:{row['order_id']}"),
    filters=(SPAN, SUPPLIER),
    columns=(
        Column("number", title="订单", kind="code"), Column("date", title="订货日期", kind="date"), *ITEM[1:], Column("unit", title="单位", kind="text"),
        Column("quantity", title="订货数量", kind="quantity"), Column("received", title="已到数量", kind="quantity"), Column("rate", title="到货率", kind="percent"),
        Column("amount", title="订货金额", kind="money", total=True), Column("received_amount", title="到货金额", kind="money", total=True),
        Column("invoiced", title="已开票", kind="money", total=True), Column("paid", title="已付款", kind="money", total=True),
        Column("state", title="状态", kind="text"),
    ),
    note="现行版次的订单行；到货不含退入不合格品库的。票到入库的按入库金额计已开票；已付款按发票核销的比例计。",
)  # fmt: skip

SUPPLIER_BALANCES = ReportScreen(
    key="logistics.supplier_balances",
    title="供应商往来",
    icon="arrows-exchange",
    url="logistics/reports/supplier-balances",
    permission="logistics.payable.view",
    export="logistics.payable.export",
    menu=("logistics", "报表"),
    order=84,
    rows=_balances,
    link=lambda row: f"/logistics/payables/{row['supplier_id']}",
    filters=(SPAN, SUPPLIER),
    columns=(
        Column("code", title="编码", kind="code"), Column("supplier", title="供应商", kind="text"), Column("opening", title="期初应付（元）", kind="money", total=True),
        Column("owed", title="本期增加（元）", kind="money", total=True), Column("paid", title="本期付款（元）", kind="money", total=True),
        Column("closing", title="期末应付（元）", kind="money", total=True),
    ),
    note="期末 = 期初 + 本期增加 − 本期付款。退货与红字发票计入本期增加（负数）；暂估不在内。点供应商看对账单。仅全院范围的用户可见。",
    signatures=("制表", "审核", "供应商确认"),
)  # fmt: skip

AGEING = ReportScreen(
    key="logistics.payable_ageing",
    title="应付账龄",
    icon="hourglass",
    url="logistics/reports/ageing",
    permission="logistics.payable.view",
    export="logistics.payable.export",
    menu=("logistics", "报表"),
    order=86,
    rows=_aged,
    columns=_age_columns,
    link=lambda row: f"/logistics/payables/{row['supplier_id']}",
    filters=(Filter("day", title="截至", kind="date", default=_today),),
    note="所选日期日终未付清的应付，按发生日起的天数分段，其后的付款不影响。仅全院范围的用户可见。",
)

VOLUME_RATE = ReportScreen(
    key="logistics.volume_rate",
    title="集采执行率",
    icon="chart-bar",
    url="logistics/reports/volume",
    permission="logistics.volume_contract.view",
    export="logistics.volume_contract.export",
    menu=("logistics", "报表"),
    order=104,
    rows=_volumes,
    link=lambda row: f"/logistics/volume-contracts/{row['id']}",
    filters=(Filter("day", title="截至", kind="date", default=_today),),
    columns=(
        Column("code", title="编号", kind="code"), Column("name", title="合同", kind="text"), Column("round", title="批次", kind="text"),
        Column("until", title="执行止", kind="date"), Column("unit", title="单位", kind="text"), Column("agreed", title="约定量", kind="quantity"),
        Column("done", title="已完成", kind="quantity"), Column("left", title="尚差", kind="quantity"), Column("rate", title="执行率", kind="percent"),
        Column("gone", title="时间进度", kind="percent"), Column("other", title="非中选占比", kind="percent"), Column("state", title="状态", kind="text"),
    ),
    note="执行率 = 中选产品完成量 ÷ 约定采购量；完成量按参数取入库量或领用量。落后与超限的界限见业务参数。",
)  # fmt: skip

ENDING = ReportScreen(
    key="logistics.ending_papers",
    title="资质到期",
    icon="certificate",
    url="logistics/reports/papers",
    permission="logistics.license.view",
    export="logistics.license.export",
    menu=("logistics", "报表"),
    order=106,
    rows=_papers,
    link=lambda row: row["url"],
    filters=(Filter("within", title="到期", kind="choice", choices=PAPERS, default="90"),),
    columns=(
        Column("owner", title="供应商 / 生产企业", kind="text"), Column("kind", title="种类", kind="text"), Column("number", title="证号", kind="text"),
        Column("until", title="有效期至", kind="date"), Column("state", title="到期", kind="text"), Column("renewing", title="延续", kind="text"),
    ),
    note="所选天数内到期与已到期的证照、注册证和授权书；已有新证接续的不列，长期有效的不列。",
)  # fmt: skip

ALL = (ORDERS, SUPPLIER_BALANCES, AGEING, VOLUME_RATE, ENDING)
