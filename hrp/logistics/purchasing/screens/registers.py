"""库存定额 and 特批 as registers."""

from __future__ import annotations

from typing import Any

from hrp.logistics.purchasing.models import Concession, StockingRule
from hrp.logistics.purchasing.services import replenishing
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.screens import Action, Column, Field, Filter, RegisterScreen

PERMISSIONS = {
    "logistics.stocking_rule.view": "查看库存定额",
    "logistics.stocking_rule.edit": "维护库存定额、登记空卡",
    "logistics.stocking_rule.export": "导出库存定额",
    "logistics.concession.view": "查看到货特批",
    "logistics.concession.decide": "到货特批",
    "logistics.inspection.sign": "验收签字",
    "logistics.supplier_score.view": "查看供应商评价",
}


def _cards(*, actor: Any, obj: StockingRule, values: dict[str, Any]) -> str:
    text = str(values.get("cards") or "").strip()
    scanned = replenishing.scan_cards(actor=actor, rule=obj, cards=int(text) if text.isdecimal() else 0)
    return f"已登记 {scanned} 张空卡"


RULES = RegisterScreen(
    key="logistics.stocking_rule",
    model=StockingRule,
    title="库存定额",
    icon="adjustments",
    url="logistics/stocking-rules",
    menu=("logistics", "采购"),
    order=60,
    queryset=lambda actor: StockingRule.objects.select_related("item", "store", "supplier"),
    ordering=("store__code", "item__code"),
    columns=(
        Column("store", card="meta"), Column("item__code", title="物资编码", sort="item__code", card="meta"),
        Column("item", card="title"), Column("method", card="tag"), Column("least"), Column("most"), Column("safety"),
        Column("lead_days", hidden=True), Column("supplier", card="line"), "is_active",
    ),
    filters=(
        Filter("q", title="物资", kind="text", lookups=("item__code__istartswith", "item__name__icontains", "item__pinyin__icontains"), placeholder="编码 / 名称 / 拼音码"),
        Filter("store", kind="register", register="logistics.store"), Filter("method", kind="choice"),
        Filter("supplier", kind="register", register="logistics.supplier"),
    ),
    fields=(
        Field("item", immutable=True, span=2), Field("store", immutable=True), Field("method"), Field("least"), Field("most"),
        Field("safety"), Field("pack", help="空着用物资字典的采购包装"), Field("lead_days", help="空着用物资字典的采购周期"),
        Field("review_days"), Field("service_factor", help="1.65 约为 95% 不缺货"), Field("forecast_model"),
        Field("supplier"), Field("is_active"),
    ),
    actions=(
        Action("cards", "登记空卡", _cards, permission="logistics.stocking_rule.edit", icon="cards", fields=(Field("cards", title="空卡数", kind="integer", required=True),), shown=lambda rule: rule.method in ("fixed_pack", "two_bin")),
    ),
    scope_field="store__org_unit",
    search=(),
    exact=(),
)  # fmt: skip

CONCESSIONS = RegisterScreen(
    key="logistics.concession",
    model=Concession,
    title="特批记录",
    icon="license",
    url="logistics/concessions",
    menu=("logistics", "采购"),
    order=56,
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: Concession.objects.select_related("item", "supplier", "asked_by", "decided_by"),
    ordering=("-id",),
    columns=(
        Column("decided_at", sort=True, fixed=True, card="meta"), Column("kind", card="tag"), Column("item", card="title"),
        Column("supplier", card="line"), "lot", "expiry", "price",
        Column("source", link=lambda row: url_for(row.source)), "reason", "asked_by", Column("decided_by", card="meta"),
    ),
    filters=(
        Filter("kind", kind="choice"), Filter("supplier", kind="register", register="logistics.supplier"),
        Filter("decided_at", title="时间", kind="date_range"),
    ),
    search=(),
    exact=(),
)  # fmt: skip

ALL = (RULES, CONCESSIONS)
