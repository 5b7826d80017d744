"""资产卡片, 资产分类, 折旧年限, 资金来源, 存放地点, 工作量."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hrp.assets.models import (
    Asset,
    AssetClass,
    CardEvent,
    DepartmentShare,
    FundingLine,
    FundingSource,
    LifeRule,
    Location,
    UsageReading,
)
from hrp.assets.models.cards import Status
from hrp.assets.selectors import schedules
from hrp.assets.services import cards
from hrp.platform.documents.registry import url_for
from hrp.platform.org.models import OrgUnit
from hrp.platform.ui.screens import Action, Column, Field, Filter, Output, Panel, RegisterScreen, Tab

PERMISSIONS = {
    f"assets.{noun}.{act}": f"{title}{name}"
    for noun, name in (
        ("asset", "资产卡片"), ("asset_class", "资产分类"), ("life_rule", "折旧年限"), ("source", "资金来源"),
        ("location", "存放地点"), ("usage", "工作量"),
    )
    for act, title in (("view", "查看"), ("edit", "维护"), ("import", "导入"), ("export", "导出"))
}  # fmt: skip

TONES = {
    "draft": "draft", "in_store": "wait", "in_use": "done", "idle": "check", "repair": "back", "stopped": "back",
    "sealed": "void", "lent": "check", "pending": "back", "disposed": "void",
}  # fmt: skip


def _booked(asset: Asset) -> bool:
    return asset.status != Status.DRAFT


def _pay(*, actor: Any, obj: Asset, values: Mapping[str, Any]) -> Any:
    return cards.pay(
        actor=actor, asset=obj, source=FundingSource.objects.get(pk=values["source"]), project=values.get("project") or "",
        cost=Decimal(values["cost"]), opening=Decimal(values.get("opening") or 0),
        opening_months=int(values.get("opening_months") or 0),
    )  # fmt: skip


def _share(*, actor: Any, obj: Asset, values: Mapping[str, Any]) -> Any:
    return cards.share(
        actor=actor,
        asset=obj,
        unit=OrgUnit.objects.get(pk=values["org_unit"]),
        ratio=Decimal(values["ratio"]),
    )


def _discard(*, actor: Any, obj: Asset, **_: Any) -> str:
    cards.discard(actor=actor, asset=obj)
    return "/assets/cards/"


def _standing(asset: Asset, actor: Any) -> list[dict[str, Any]]:
    if asset.status == Status.DRAFT:
        return []
    found = schedules.standing(asset.pk)
    return [{"cost": found.cost, "accumulated": found.accumulated, "net": found.net}]


PANELS = (
    Panel(
        "standing", "账面价值", _standing,
        (
            Column("cost", title="原值（元）", kind="money"), Column("accumulated", title="累计折旧（元）", kind="money"),
            Column("net", title="净值（元）", kind="money"),
        ),
        empty="入账后在此显示原值、累计折旧与净值",
    ),
    Panel(
        "funding", "资金构成", lambda asset, actor: FundingLine.objects.filter(asset=asset).select_related("source"),
        ("source", "project", "cost", "opening", "opening_months"), model=FundingLine,
        fields=(
            "source", Field("project", required=False), Field("cost", help="填 0 取消这一来源"),
            Field("opening", required=False, help="期初建账时填写"), Field("opening_months", required=False),
        ),
        add=_pay, add_title="登记来源", permission=cards.EDIT, empty="还没有登记资金来源", closed=_booked,
    ),
    Panel(
        "shares", "使用科室", lambda asset, actor: DepartmentShare.objects.filter(asset=asset).select_related("org_unit").order_by("-valid_from", "org_unit__code"),
        ("org_unit", Column("ratio", title="比例（%）"), "valid_from", "valid_to"), model=DepartmentShare,
        fields=("org_unit", Field("ratio", help="各科室合计 100；填 0 取消")), add=_share, add_title="设定比例",
        permission=cards.EDIT, empty="还没有使用科室", closed=_booked,
    ),
    Panel(
        "events", "卡片历程", lambda asset, actor: CardEvent.objects.filter(asset=asset).select_related("actor").order_by("-id"),
        ("date", "text", Column("source", title="单据", link=lambda event: url_for(event.source)), "actor", "at"),
        model=CardEvent, empty="入账、变动、调拨、处置都会记在这里",
    ),
)  # fmt: skip

ASSETS = RegisterScreen(
    key="assets.asset",
    model=Asset,
    title="资产卡片",
    icon="id-badge-2",
    url="assets/cards",
    menu=("assets", "资产台账"),
    order=10,
    queryset=lambda actor: Asset.objects.select_related("asset_class", "org_unit", "location"),
    ordering=("-id",),
    columns=(
        Column("number", sort=True, fixed=True, card="meta"),
        Column("name", sort=True, card="title"),
        Column("model", card="line"),
        Column("asset_class"),
        Column("org_unit", card="line"),
        Column("location", hidden=True),
        Column("cost", total=True, sort=True, card="amount"),
        Column("booked_on", sort=True),
        Column("status", tones=TONES, card="tag"),
    ),
    tabs=(
        Tab("draft", "待入账", {"status": "draft"}),
        Tab("in_use", "在用", {"status": "in_use"}),
        Tab("in_store", "在库", {"status": "in_store"}),
        Tab("repair", "维修停用", {"status__in": ("repair", "stopped")}),
        Tab("idle", "闲置封存", {"status__in": ("idle", "sealed")}),
        Tab("pending", "待处置", {"status": "pending"}),
        Tab("disposed", "已处置", {"status": "disposed"}),
    ),
    filters=(
        Filter("q", title="资产", kind="text", lookups=("number__istartswith", "name__icontains", "pinyin__icontains", "serial_number__istartswith", "model__icontains"), placeholder="编号 / 名称 / 拼音码 / 型号 / 出厂编号"),
        Filter("asset_class", kind="register", register="assets.asset_class"),
        Filter("org_unit", kind="register", register="org.unit"),
        Filter("location", kind="register", register="assets.location"),
        Filter("booked_on", title="入账日期", kind="date_range"),
    ),
    fields=(
        Field("number", readonly=True), Field("name", span=2), "asset_class", Field("status", readonly=True), "way", "value_kind",
        Field("spec", section="规格"), "model", "brand", "manufacturer", "country", "serial_number", "udi", "registration_number",
        "device_class", "unit", "quantity", Field("parent", lookup="assets.asset"),
        Field("supplier", section="取得"), "contract_number", "invoice_number", "produced_on", "accepted_on",
        Field("booked_on", readonly=True), Field("life_months", help="空为年限表的执行年限"), Field("life_basis", help="无形资产填写；使用寿命不确定的不摊销"), "total_units",
        Field("campus", section="使用"), "org_unit", "location", Field("keeper", lookup="assets.keeper"), "shared", "life_support", "warranty_from", "warranty_to",
        Field("technical", span=3, kind="textarea", section="其他"), Field("note", span=3),
    ),
    panels=PANELS,
    outputs=(
        Output("卡片全貌", lambda asset: f"/assets/card/{asset.pk}", icon="id-badge-2"),
    ),
    actions=(
        Action(
            "discard", "删除草稿", _discard, permission=cards.EDIT, icon="trash", style="danger", confirm="删除这张还没有入账的卡片？",
            shown=lambda asset: asset.status == Status.DRAFT,
        ),
    ),
    save=cards.save,
    scope_field="org_unit",
    search=("number__istartswith", "name__icontains", "pinyin__icontains", "serial_number__istartswith"),
    exact=("number", "serial_number"),
    hint=lambda asset: f"{asset.model} · {asset.org_unit}" if asset.model else str(asset.org_unit),
    fill=lambda asset: {"cost": str(asset.cost), "model": asset.model},
)  # fmt: skip

CLASSES = RegisterScreen(
    key="assets.asset_class",
    model=AssetClass,
    title="资产分类",
    icon="category",
    url="assets/classes",
    menu=("assets", "基础资料"),
    order=10,
    columns=("code", Column("name", card="title"), "group", "method", "life_code", "threshold", "asset_account", "is_medical", "is_active"),
    filters=(Filter("q", title="分类", kind="text", lookups=("code__istartswith", "name__icontains", "pinyin__icontains")), Filter("group", kind="choice")),
    fields=(
        "code", Field("name", span=2), "code_2010", "category_2002", "pinyin", "group", "method", "life_code", "threshold", "bulk",
        Field("asset_account", section="科目"), "depreciation_account", "expense_account", "admin_expense_account",
        Field("is_medical", section="设备"), "needs_metrology", "needs_maintenance", "life_support", "is_active",
    ),
    search=("code__istartswith", "name__icontains", "pinyin__icontains"),
    lookup_open=True,
)  # fmt: skip

LIVES = RegisterScreen(
    key="assets.life_rule",
    model=LifeRule,
    title="折旧年限",
    icon="hourglass",
    url="assets/lives",
    menu=("assets", "基础资料"),
    order=20,
    columns=("code", Column("name", card="title"), "least", "usual", "valid_from", "valid_to", "source", "verified"),
    fields=("code", Field("name", span=2), "least", "usual", "valid_from", "valid_to", Field("source", span=2), "verified"),
)  # fmt: skip

SOURCES = RegisterScreen(
    key="assets.source",
    model=FundingSource,
    title="资金来源",
    icon="coin",
    url="assets/sources",
    menu=("assets", "基础资料"),
    order=30,
    columns=("code", Column("name", card="title"), "fund", "is_active"),
    fields=("code", "name", "fund", "is_active"),
)

LOCATIONS = RegisterScreen(
    key="assets.location",
    model=Location,
    title="存放地点",
    icon="map-pin",
    url="assets/locations",
    menu=("assets", "基础资料"),
    order=40,
    columns=("code", Column("name", card="title"), "parent", "campus", "area", "is_active"),
    fields=("code", Field("name", span=2), "parent", "campus", "area", "is_active"),
    lookup_open=True,
)

USAGE = RegisterScreen(
    key="assets.usage",
    model=UsageReading,
    title="工作量",
    icon="gauge",
    url="assets/usage",
    menu=("assets", "折旧"),
    order=30,
    ordering=("-month",),
    columns=(Column("month", kind="month"), Column("asset", card="title"), "units", "note"),
    fields=("asset", "month", "units", Field("note", span=2)),
    search=("asset__number__istartswith", "asset__name__icontains"),
    exact=("asset__number",),
    scope_field="asset__org_unit",
)

ALL = (ASSETS, CLASSES, LIVES, SOURCES, LOCATIONS, USAGE)
