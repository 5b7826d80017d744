"""货位、默认货位 and 货位库存."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import CharField, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from hrp.logistics.bins import selectors
from hrp.logistics.bins.models import Bin, HomeBin, Placement
from hrp.logistics.bins.services import placing, registering
from hrp.logistics.models import Batch, Item, StockBalance, Store
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.ui import reach
from hrp.platform.ui.screens import Action, Column, Field, Filter, Lookup, Panel, RegisterScreen, Tab

PERMISSIONS = {
    "logistics.bin.view": "查看货位",
    "logistics.bin.edit": "维护货位与默认货位",
    "logistics.bin.import": "导入货位",
    "logistics.bin.export": "导出货位",
    "logistics.bin.put": "上架与移位",
}
KEEPERS = ("logistics.bin.edit", "logistics.bin.put")
ITEM = ("item__code__istartswith", "item__name__icontains", "item__pinyin__icontains")
KIND_TONES = {"pick": "done", "reserve": "draft", "cold": "check", "locked": "wait", "quarantine": "back"}


def _open_bins(actor: Any, params: Mapping[str, str]) -> QuerySet[Bin]:
    """Bins of stores the actor lays out or puts goods into; of one store when it is named."""
    rows, held = (
        Bin.objects.filter(is_active=True).select_related("store"),
        reach.units_of_any(actor, KEEPERS),
    )
    rows = rows if held is None else rows.filter(store__org_unit__in=held)
    store = params.get("store", "")
    return rows.filter(store=int(store)) if store.isdigit() else rows


OPEN_BINS = Lookup(
    key="logistics.open_bin",
    title="货位",
    queryset=_open_bins,
    search=("code__icontains",),
    exact=("code",),
    label=lambda one: f"{one.code}",
    hint=lambda one: f"{one.store} · {one.get_kind_display()}",
    permissions=KEEPERS,
)  # fmt: skip


def _lay_out(*, actor: Any, obj: Any, values: dict[str, Any]) -> str:
    def whole(name: str) -> int:
        text = str(values.get(name) or "").strip()
        return int(text) if text.isdecimal() and len(text) < 4 else 0

    made = registering.lay_out(
        actor=actor, store=Store.objects.get(pk=values["store"]), zone=str(values.get("zone") or ""), racks=whole("racks"),
        levels=whole("levels"), places=whole("places"), kind=str(values.get("kind") or ""),
    )  # fmt: skip
    return f"已建立 {made} 个货位"


def _add_home(*, actor: Any, obj: Bin, values: dict[str, Any]) -> HomeBin:
    return registering.set_home(actor=actor, bin_=obj, item=Item.objects.get(pk=values["item"]))


BINS = RegisterScreen(
    key="logistics.bin",
    model=Bin,
    title="货位",
    icon="layout-grid",
    url="logistics/bins",
    menu=("logistics", "基础资料"),
    order=32,
    queryset=lambda actor: Bin.objects.select_related("store"),
    ordering=("store__code", "sequence", "code"),
    columns=(
        Column("store", card="meta"), Column("code", sort=True, card="title"), Column("zone", sort=True), Column("rack"), Column("level"), Column("place"),
        Column("kind", tones=KIND_TONES, card="tag"), Column("sequence", sort=True), "is_active",
    ),
    filters=(
        Filter("store", kind="register", register="logistics.store"),
        Filter("q", title="货位码", kind="text", lookups=("code__icontains",), placeholder="如 A-03"),
        Filter("kind", kind="choice"),
    ),
    fields=(
        Field("store", immutable=True), Field("zone", immutable=True), Field("rack", immutable=True), Field("level", immutable=True),
        Field("place", immutable=True), "kind", Field("sequence", help="走货架的顺序，相同的按货位码"), "is_active",
    ),
    panels=(
        Panel(
            "stock", "在此货位的批次", lambda one, actor: selectors.lying_in(one),
            (Column("item__code", title="编码"), Column("item", title="物资"), Column("batch__lot", title="批号"), Column("batch__expiry", title="有效期至"), Column("quantity", title="本库房在库")),
            model=StockBalance, empty="没有上架到这里的批次",
        ),
        Panel(
            "homes", "以此为默认货位的物资", lambda one, actor: one.homes.select_related("item"),
            (Column("item__code", title="编码"), Column("item", title="物资")), model=HomeBin,
            fields=(Field("item", lookup="logistics.item", span=2),), add=_add_home, add_title="加物资",
            permission=registering.EDIT, empty="没有物资以此为默认货位", closed=lambda one: not one.is_active,
        ),
    ),
    actions=(
        Action(
            "lay_out", "成排新建", _lay_out, permission=registering.EDIT, icon="table-plus", place="page", model=Bin,
            fields=(
                Field("store"), Field("zone"), Field("racks", title="货架数", kind="integer", required=True), Field("levels", title="每架层数", kind="integer", required=True),
                Field("places", title="每层位数", kind="integer", required=True), Field("kind"),
            ),
        ),
    ),
    save=registering.save,
    scope_field="store__org_unit",
    search=("code__icontains",),
    hint=lambda one: str(one.store),
)  # fmt: skip


def _placed() -> Any:
    rows = Placement.objects.filter(
        store=OuterRef("store"), batch=OuterRef("batch"), ended_at=None
    ).order_by()
    return rows.values("batch")


def _whereabouts(actor: Any) -> QuerySet[StockBalance]:
    """Every batch on hand with its bins; where nobody put it, the home of its item."""
    home = HomeBin.objects.filter(store=OuterRef("store"), item=OuterRef("item")).values("bin__code")[:1]
    return (
        StockBalance.objects.filter(quantity__gt=0).exclude(store__kind=Store.Kind.TRANSIT).select_related("store", "item", "batch")
        .annotate(
            placed=Subquery(_placed().annotate(codes=StringAgg("bin__code", delimiter="、", order_by="bin__code")).values("codes")),
            turn=Subquery(_placed().annotate(first=Min("bin__sequence")).values("first")), home=Subquery(home),
        )
        .annotate(bins=Coalesce("placed", "home", Value(""), output_field=CharField()))
    )  # fmt: skip


def _bin_words(row: Any) -> str:
    return str(row.placed or (f"{row.home}（默认）" if row.home else "未上架"))


def _put(*, actor: Any, obj: StockBalance, values: dict[str, Any]) -> str:
    there = Bin.objects.filter(pk=values["bin"], store=obj.store_id).select_related("store").first()
    if there is None:
        raise Invalid(f"所选货位不在{obj.store}", problems=[Problem("请选择本库房的货位", field="bin")])
    placing.put(
        Batch.objects.get(pk=obj.batch_id),
        there,
        actor=actor,
        key=uuid.uuid4(),
        move=bool(values.get("move")),
    )
    return f"{obj.item} 已上架 {there.code}"


WHERE = RegisterScreen(
    key="logistics.bin_stock",
    model=StockBalance,
    title="货位库存",
    icon="map-pin",
    url="logistics/bin-stock",
    menu=("logistics", "库存业务"),
    order=32,
    permission="logistics.stock",
    editable=False,
    creatable=False,
    history=False,
    queryset=_whereabouts,
    ordering=("store__code", "turn", "bins", "item__code", "batch__expiry"),
    tabs=(
        Tab("placed", "已上架", {"placed__isnull": False}),
        Tab("home", "只有默认货位", {"placed__isnull": True, "home__isnull": False}),
        Tab("none", "没有货位", {"placed__isnull": True, "home__isnull": True}),
    ),
    columns=(
        Column("store", card="meta"),
        Column("bins", title="货位", kind="text", value=_bin_words, sort="bins", card="tag"),
        Column("item__code", title="物资编码", sort=True, card="meta"),
        Column("item__name", title="物资名称", card="title"),
        Column("item__spec", title="规格型号", card="line"),
        Column("batch__lot", title="批号"),
        Column("batch__expiry", title="有效期至", sort=True),
        Column("item__unit", title="单位"),
        Column("quantity", title="本批在库", sort=True, card="amount"),
    ),
    filters=(
        Filter("q", title="物资", kind="text", lookups=(*ITEM, "batch__lot"), placeholder="编码 / 名称 / 拼音码 / 批号"),
        Filter("store", kind="register", register="logistics.store"),
        Filter("bin", title="货位", kind="text", apply=lambda rows, text: rows.filter(Q(bins__icontains=text.strip())), placeholder="货位码，如 A-03"),
    ),
    actions=(
        Action(
            "put", "上架 / 移位", _put, permission=placing.PUT, icon="map-pin-plus", place="detail", model=Placement,
            fields=(Field("bin", lookup="logistics.open_bin", required=True), Field("move", title="移位（不再放在原处）", kind="bool")),
        ),
    ),
    fields=("store", "item", "batch", "quantity"),
    scope_field="store__org_unit",
    search=(),
    exact=(),
)  # fmt: skip

ALL = (BINS, WHERE)
LOOKUPS = (OPEN_BINS,)
