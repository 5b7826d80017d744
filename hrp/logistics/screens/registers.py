"""物资字典、供应商、库房、物资分类、库存查询 and 库存流水."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hrp.logistics.models import Item, MaterialClass, StockBalance, StockMove, Store, Supplier
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.screens import Column, Field, Filter, RegisterScreen

PERMISSIONS = {
    "logistics.item.view": "查看物资字典",
    "logistics.item.edit": "维护物资字典",
    "logistics.item.import": "导入物资字典",
    "logistics.item.export": "导出物资字典",
    "logistics.supplier.view": "查看供应商",
    "logistics.supplier.edit": "维护供应商",
    "logistics.supplier.import": "导入供应商",
    "logistics.supplier.export": "导出供应商",
    "logistics.store.view": "查看库房",
    "logistics.store.edit": "维护库房",
    "logistics.store.export": "导出库房",
    "logistics.material_class.view": "查看物资分类",
    "logistics.material_class.edit": "维护物资分类",
    "logistics.material_class.export": "导出物资分类",
    "logistics.stock.view": "查看库存",
    "logistics.stock.export": "导出库存",
}

ITEMS = RegisterScreen(
    key="logistics.item",
    model=Item,
    title="物资字典",
    icon="book",
    url="logistics/items",
    menu=("logistics", "基础资料"),
    order=10,
    columns=(
        Column("code", sort=True, fixed=True, card="meta"),
        Column("name", sort=True, card="title"),
        Column("spec", card="line"),
        Column("unit"),
        Column("kind", card="tag"),
        Column("material_class"),
        Column("manufacturer"),
        Column("chargeable"),
        Column("registration_number", hidden=True),
        Column("cost_method", hidden=True),
        Column("status", tones={"active": "done", "draft": "wait", "frozen": "back", "retired": "void"}),
    ),
    filters=(
        Filter("q", title="物资", kind="text", lookups=("code__istartswith", "name__icontains", "pinyin__icontains", "barcode", "registration_number"), placeholder="编码 / 名称 / 拼音码 / 条码 / 注册证"),
        Filter("kind", kind="choice"),
        Filter("material_class", kind="register", register="logistics.material_class"),
        Filter("status", kind="choice"),
    ),
    fields=(
        Field("code", immutable=True), Field("name", span=2), Field("spec", span=2), Field("unit"), Field("generic_name"),
        Field("brand"), Field("pinyin"), Field("kind"), Field("material_class"), Field("status"),
        Field("manufacturer", span=2, section="来源"), Field("origin"), Field("barcode"), Field("registration_number"),
        Field("insurance_code"), Field("tender_code"), Field("volume_based"),
        Field("device_class", section="医疗器械"), Field("category_2002"), Field("category_2017"), Field("implant"),
        Field("intervention"), Field("single_use"), Field("sterile"), Field("use_level"), Field("key_monitored"),
        Field("charge_item"), Field("chargeable"),
        Field("trace_mode", section="保管"), Field("lot_required"), Field("expiry_required"), Field("expiry_mode"),
        Field("shelf_life_months"), Field("cold_chain"), Field("storage"), Field("hazard"), Field("consigned"),
        Field("cost_method", section="计价与补货"), Field("over_receive_percent"), Field("lead_days"), Field("pack"),
        Field("abc"), Field("ved"),
    ),
    active=lambda item: item.is_active,
    search=("code__istartswith", "name__icontains", "pinyin__icontains"),
    exact=("code", "barcode"),
    hint=lambda item: f"{item.spec} · {item.unit}" if item.spec else item.unit,
    fill=lambda item: {"unit": item.unit, "spec": item.spec},
)  # fmt: skip

SUPPLIERS = RegisterScreen(
    key="logistics.supplier",
    model=Supplier,
    title="供应商档案",
    icon="building-store",
    url="logistics/suppliers",
    menu=("logistics", "基础资料"),
    order=20,
    columns=("code", Column("name", card="title"), "credit_code", "contact", "phone", Column("payment_days", hidden=True), "is_active"),
    filters=(Filter("q", title="供应商", kind="text", lookups=("code__istartswith", "name__icontains", "pinyin__icontains"), placeholder="编码 / 名称 / 拼音码"),),
    fields=("code", Field("name", span=2), "pinyin", "credit_code", "contact", "phone", "payment_days", "bank", "bank_account", "is_active"),
    search=("code__istartswith", "name__icontains", "pinyin__icontains"),
)  # fmt: skip

STORES = RegisterScreen(
    key="logistics.store",
    model=Store,
    title="库房",
    icon="building-warehouse",
    url="logistics/stores",
    menu=("logistics", "基础资料"),
    order=30,
    columns=("code", Column("name", card="title"), "kind", "parent", "campus", "org_unit", "is_active"),
    fields=(
        "code",
        "name",
        "kind",
        "parent",
        "campus",
        "org_unit",
        "on_issue",
        "least_life_days",
        "count_cycle_days",
        "is_active",
    ),
    scope_field="org_unit",
)

CLASSES = RegisterScreen(
    key="logistics.material_class",
    model=MaterialClass,
    title="物资分类",
    icon="category",
    url="logistics/classes",
    menu=("logistics", "基础资料"),
    order=40,
    columns=(
        "code",
        Column("name", card="title"),
        "inventory_account",
        "expense_account",
        "admin_expense_account",
    ),
    fields=("code", "name", "inventory_account", "expense_account", "admin_expense_account"),
)


def _price(balance: StockBalance) -> Any:
    return (balance.amount / balance.quantity).quantize(Decimal("0.0001")) if balance.quantity else None


BALANCES = RegisterScreen(
    key="logistics.balance",
    model=StockBalance,
    title="库存查询",
    icon="packages",
    url="logistics/stock",
    menu=("logistics", "库存业务"),
    order=30,
    permission="logistics.stock",
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: StockBalance.objects.filter(quantity__gt=0).select_related(
        "store", "item", "batch", "batch__supplier"
    ),
    ordering=("item__code", "batch__expiry"),
    columns=(
        Column("store", card="meta"),
        Column("item__code", title="物资编码", sort=True, card="meta"),
        Column("item__name", title="物资名称", card="title"),
        Column("item__spec", title="规格型号", card="line"),
        Column("batch__lot", title="批号"),
        Column("batch__expiry", title="有效期至", sort=True),
        Column("item__unit", title="单位"),
        Column("quantity", sort=True),
        Column("price", title="单价（元）", kind="price", value=_price),
        Column("amount", total=True, sort=True, card="amount"),
    ),
    filters=(
        Filter("q", title="物资", kind="text", lookups=("item__code__istartswith", "item__name__icontains", "item__pinyin__icontains", "batch__lot"), placeholder="编码 / 名称 / 拼音码 / 批号"),
        Filter("store", kind="register", register="logistics.store"),
        Filter("expiry", title="有效期", kind="date_range", lookups=("batch__expiry",)),
    ),
    search=(),
    scope_field="store__org_unit",
)  # fmt: skip

MOVES = RegisterScreen(
    key="logistics.move",
    model=StockMove,
    title="库存流水",
    icon="list-details",
    url="logistics/moves",
    menu=("logistics", "库存业务"),
    order=40,
    permission="logistics.stock",
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: StockMove.objects.select_related("store", "item", "batch"),
    ordering=("-id",),
    columns=(
        Column("date", sort=True, card="meta"),
        Column("source", title="来源单据", link=lambda move: url_for(move.source), card="line"),
        Column("store"),
        Column("item", card="title"),
        Column("batch__lot", title="批号"),
        Column("quantity", sort=True),
        Column("amount", total=True, card="amount"),
    ),
    filters=(
        Filter("q", title="物资", kind="text", lookups=("item__code__istartswith", "item__name__icontains", "item__pinyin__icontains", "batch__lot"), placeholder="编码 / 名称 / 拼音码 / 批号"),
        Filter("store", kind="register", register="logistics.store"),
        Filter("date", title="日期", kind="date_range"),
    ),
    search=(),
    scope_field="store__org_unit",
)  # fmt: skip

ALL = (ITEMS, SUPPLIERS, STORES, CLASSES, BALANCES, MOVES)
