"""资产入账单, 资产变动单, 资产调拨单, 折旧计提单, 处置核销单: list, page and entry grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat, Replace, Upper

from hrp.assets.models import Asset, Depreciation
from hrp.assets.models.cards import HELD, Status
from hrp.assets.rules.labels import PREFIX
from hrp.assets.screens.reaching import reach
from hrp.assets.selectors import month_checks
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.org.models import OrgUnit
from hrp.platform.ui.screens import Column, DocumentScreen, Field, Filter, LineField, Lookup, Panel

NUMBER = Filter("number", kind="text", lookups=("number__icontains",), placeholder="单号")
DATES = Filter("business_date", kind="date_range")
MAKER = Filter(
    "maker", title="制单人", kind="text", lookups=("maker__display_name__icontains", "maker__username")
)
COLUMNS = (
    Column("number", fixed=True, card="title"), Column("business_date", sort=True, card="meta"), Column("org_unit", card="line"),
    Column("total", total=True, sort=True, card="amount"), Column("state", card="tag"), Column("maker", card="meta"),
)  # fmt: skip

DRAFTS = Lookup(
    key="assets.draft_card",
    within=reach(Asset, "assets.booking.edit"),
    title="待入账卡片",
    queryset=lambda actor, params: scope.filter(
        actor, "assets.booking.edit", Asset.objects.filter(status=Status.DRAFT).order_by("-id"), "org_unit"
    ),
    search=("name__icontains", "pinyin__icontains", "serial_number__istartswith"),
    exact=("serial_number",),
    hint=lambda asset: f"{asset.model} · {asset.org_unit} · {asset.cost:,.2f} 元",
    fill=lambda asset: {"cost": str(asset.cost), "model": asset.model},
    permissions=("assets.booking.edit",),
)


KEEPERS = Lookup(
    key="assets.keeper",
    title="保管人",
    queryset=lambda actor, params: User.objects.filter(is_active=True, duty="business").order_by("username"),
    search=("username__istartswith", "display_name__icontains", "pinyin__icontains"),
    exact=("username",),
    label=lambda user: user.display_name,
    hint=lambda user: user.username,
    permissions=("assets.asset.edit", "assets.asset_transfer.edit", "assets.relocation.edit"),
)


def held_cards(kind: str, statuses: Sequence[str] = HELD, **where: Any) -> Lookup:
    """Cards a document of this kind may name: those its maker may handle, by number, name or the code on their label."""
    code = f"assets.{kind}.edit"
    label = Concat(Value(PREFIX), Upper(Replace(Cast("token", CharField()), Value("-"), Value(""))))
    return Lookup(
        key=f"assets.{kind}_card",
        within=reach(Asset, code),
        title="资产",
        queryset=lambda actor, params: scope.filter(
            actor,
            code,
            Asset.objects.filter(status__in=statuses, **where).annotate(label=label).order_by("number"),
            "org_unit",
        ),
        search=("number__istartswith", "name__icontains", "pinyin__icontains", "serial_number__istartswith"),
        exact=("number", "serial_number", "label"),
        hint=lambda asset: f"{asset.model} · {asset.org_unit}" if asset.model else str(asset.org_unit),
        fill=lambda asset: {"cost": str(asset.cost), "model": asset.model},
        permissions=(code,),
    )


def ticked(actor: Any, params: Mapping[str, str]) -> Mapping[str, Any]:
    """A document over the cards named in ``?assets=1,2,3``."""
    keys = [int(part) for part in params.get("assets", "").split(",") if part.isdigit()]
    return {"lines": [{"asset": pk} for pk in keys]} if keys else {}


BOOKINGS = DocumentScreen(
    kind="assets.booking",
    icon="file-plus",
    menu=("assets", "资产业务"),
    order=10,
    columns=COLUMNS,
    filters=(NUMBER, DATES, MAKER),
    fields=(Field("business_date", title="入账日期"), "campus", Field("org_unit", title="经办科室"), "voucher", Field("note", span=3)),
    lines=(
        LineField("asset", lookup="assets.draft_card", width=300, fills={"cost": "cost"}),
        LineField("class", title="分类", shows="asset__asset_class__name", readonly=True, width=160),
        LineField("model", title="型号", shows="asset__model", readonly=True, width=140),
        LineField("unit", title="使用科室", shows="asset__org_unit__name", readonly=True, width=140),
        LineField("cost", title="原值（元）", kind="money", shows="asset__cost", readonly=True, total=True, width=130),
    ),
    lines_title="待入账卡片",
    amount="cost",
    amount_title="原值合计",
    quantity="",
    prefill=ticked,
)  # fmt: skip

REVISIONS = DocumentScreen(
    kind="assets.revision",
    icon="adjustments",
    menu=("assets", "资产业务"),
    order=20,
    columns=COLUMNS,
    filters=(NUMBER, DATES, MAKER),
    fields=(
        "kind", "counter", Field("business_date", title="变动日期"), "campus", Field("org_unit", title="经办科室"),
        Field("reason", span=3), Field("note", span=3),
    ),
    lines=(
        LineField("asset", lookup="assets.revision_card", width=280),
        LineField("cost", title="现原值（元）", kind="money", shows="asset__cost", readonly=True, width=130),
        LineField("life", title="现月数", kind="integer", shows="asset__life_months", readonly=True, width=80),
        LineField("source", width=160, required=False), LineField("project", width=120, required=False),
        LineField("amount", title="增减金额（元）", kind="money", required=False, total=True, width=130),
        LineField("life_months", title="新使用月数", kind="integer", required=False, width=100),
    ),
    lines_title="变动明细",
    amount_title="增减合计",
    quantity="",
    prefill=ticked,
)  # fmt: skip

TRANSFERS = DocumentScreen(
    kind="assets.asset_transfer",
    icon="transfer",
    menu=("assets", "资产业务"),
    order=30,
    columns=COLUMNS,
    filters=(NUMBER, DATES, MAKER),
    fields=(
        Field("business_date", title="调拨日期"), "campus", Field("org_unit", title="调出科室"), Field("reason", span=2),
        Field("note", span=3),
    ),
    lines=(
        LineField("asset", lookup="assets.asset_transfer_card", width=280),
        LineField("from_unit", title="现科室", shows="asset__org_unit__name", readonly=True, width=140),
        LineField("to_unit", title="调入科室", width=160), LineField("ratio", width=90, places=4),
        LineField("location", width=160, required=False), LineField("keeper", lookup="assets.keeper", width=120, required=False),
    ),
    lines_title="调拨明细",
    scan="asset",
    merge=False,
    amount="",
    quantity="",
    signatures=("制单", "调出科室", "调入科室", "资产管理办公室", "资产会计"),
    prefill=ticked,
)  # fmt: skip

WRITE_OFFS = DocumentScreen(
    kind="assets.write_off",
    icon="trash",
    menu=("assets", "资产业务"),
    order=40,
    columns=COLUMNS,
    filters=(NUMBER, DATES, MAKER),
    fields=(
        "way", Field("business_date", title="核销日期"), "campus", Field("org_unit", title="经办科室"), "approval_number",
        Field("reason", span=3), Field("note", span=3),
    ),
    lines=(
        LineField("asset", lookup="assets.write_off_card", width=300),
        LineField("value", title="卡片原值（元）", kind="money", shows="asset__cost", readonly=True, width=140),
        LineField("cost", title="核销原值（元）", kind="money", readonly=True, total=True, width=130),
        LineField("accumulated", title="累计折旧（元）", kind="money", readonly=True, total=True, width=130),
        LineField("net", title="净值（元）", kind="money", readonly=True, total=True, width=130),
    ),
    lines_title="核销资产",
    amount="cost",
    amount_title="原值合计",
    quantity="",
    prefill=ticked,
)  # fmt: skip

RUN_VIEW = "assets.depreciation_run.view"


def _cells(run: Any, actor: Any) -> list[Any]:
    """What the reader's departments bear; everything to who sees runs of the whole hospital."""
    units = scope.units(actor, RUN_VIEW)
    found = month_checks.cells(run)
    if units is None:
        return found
    codes = set(OrgUnit.objects.filter(pk__in=units).values_list("code", flat=True))
    return [cell for cell in found if cell.unit_code in codes]


RUN_PANEL = Panel(
    key="depreciation",
    title="折旧明细（前 200 行）",
    rows=lambda run, actor: (
        scope.filter(actor, RUN_VIEW, Depreciation.objects.filter(run_id=run.pk, mirror=False))
        .select_related("line__asset__asset_class", "line__source", "org_unit")
        .order_by("line__asset__number", "org_unit__code")[:200]
    ),
    columns=(
        Column("line__asset__number", title="资产编号", link=lambda row: f"/assets/cards/{row.line.asset_id}"),
        Column("line__asset__name", title="资产"), Column("line__asset__asset_class", title="分类"),
        Column("line__source", title="资金来源"), Column("org_unit", title="承担科室"), Column("amount", total=True),
    ),
    model=Depreciation,
    empty="过账后列出每张卡片的折旧",
)  # fmt: skip

CHECK_PANEL = Panel(
    key="checks",
    title="计提前检查",
    rows=lambda run, actor: month_checks.checks(run) if scope.everywhere(actor, RUN_VIEW) else [],
    columns=(
        Column("title", title="检查", kind="text"), Column("found", title="情况", kind="text"),
        Column("verdict", title="结论", kind="text"),
    ),
    empty="已计提",
)  # fmt: skip

CELL_PANEL = Panel(
    key="cells",
    title="汇总（分类 × 科室 × 资金来源，比上月）",
    rows=_cells,
    columns=(
        Column("asset_class", title="分类", kind="text"), Column("unit_code", title="科室编码", kind="code"), Column("unit", title="承担科室", kind="text"),
        Column("fund", title="经费性质", kind="text"), Column("source", title="资金来源", kind="text"), Column("cards", title="卡片数", kind="integer"),
        Column("this", title="本月（元）", kind="money", total=True), Column("last", title="上月（元）", kind="money", total=True),
        Column("change", title="增减（元）", kind="money", total=True),
    ),
    empty="没有应提的折旧",
)  # fmt: skip

RUNS = DocumentScreen(
    kind="assets.depreciation_run",
    icon="calculator",
    menu=("assets", "折旧"),
    order=10,
    columns=(
        Column("number", fixed=True, card="title"), Column("month_name", title="折旧月", kind="text", value=lambda run: run.month_name),
        Column("business_date", sort=True, card="meta"), Column("cards", card="line"),
        Column("total", total=True, sort=True, card="amount"), Column("state", card="tag"), Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES),
    fields=(Field("business_date", title="计提日期", default=lambda actor: clock.today()), "campus", Field("org_unit", title="经办科室"), Field("note", span=3)),
    panels=(CHECK_PANEL, CELL_PANEL, RUN_PANEL),
    amount="",
    quantity="",
)  # fmt: skip

ALL = (BOOKINGS, REVISIONS, TRANSFERS, WRITE_OFFS, RUNS)
LOOKUPS = (DRAFTS, KEEPERS, held_cards("revision"), held_cards("asset_transfer"), held_cards("write_off"))
