"""资产拆分单, 资产合并单, 分类变更单, 资产移交单: list, page and entry grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hrp.assets.changes.documents.rebooking import SETTLED
from hrp.assets.changes.models import Handover
from hrp.assets.models import Asset, FundingLine
from hrp.assets.models.cards import HELD
from hrp.assets.screens.documents import DATES, MAKER, NUMBER, held_cards, ticked
from hrp.assets.selectors import schedules
from hrp.platform.access import scope
from hrp.platform.ui.screens import Action, Column, DocumentScreen, Field, LineField, Panel


def _made(document: Any, actor: Any) -> list[dict[str, Any]]:
    """The cards a document made, as they stand."""
    found = []
    for asset in Asset.objects.filter(origin=document.source).order_by("pk"):
        stands = schedules.standing(asset.pk)
        found.append(
            {
                "asset": str(asset), "link": f"/assets/card/{asset.pk}", "life": asset.life_months, "cost": stands.cost,
                "accumulated": stands.accumulated, "net": stands.net,
            }
        )  # fmt: skip
    return found


MADE = Panel(
    "made", "生成的卡片", _made,
    (
        Column("asset", title="资产", kind="text", link=lambda row: row["link"]), Column("life", title="使用月数", kind="integer"),
        Column("cost", title="原值（元）", kind="money", total=True), Column("accumulated", title="累计折旧（元）", kind="money", total=True),
        Column("net", title="净值（元）", kind="money", total=True),
    ),
    empty="过账后列出新卡片",
)  # fmt: skip
TAKEN = Panel(
    "handover", "扫码签收",
    lambda document, actor: Handover.objects.filter(source=document.source).select_related("asset", "by"),
    ("asset", "by", "at", "by_label"), model=Handover, empty="接收人在“扫码签收”中扫标签后记在这里",
)  # fmt: skip


def _split_of(actor: Any, params: Mapping[str, str]) -> Mapping[str, Any]:
    """A split of the card named in ``?assets=1``: its sources as the first part, to be divided."""
    keys = [int(part) for part in params.get("assets", "").split(",") if part.isdigit()][:1]
    reach = scope.filter(actor, "assets.split.edit", Asset.objects.filter(pk__in=keys), "org_unit")
    asset = reach.first()
    if asset is None:
        return {}
    lines = [
        {"part": 1, "name": asset.name, "quantity": asset.quantity, "source": row.source_id, "project": row.project, "amount": row.cost}
        for row in FundingLine.objects.filter(asset=asset).exclude(cost=0)
    ]  # fmt: skip
    return {
        "asset": asset.pk, "campus": asset.campus_id, "org_unit": asset.org_unit_id, "lines": lines,
    }  # fmt: skip


SPLITS = DocumentScreen(
    kind="assets.split",
    icon="arrows-split",
    menu=("assets", "资产业务"),
    order=22,
    columns=(
        Column("number", fixed=True, card="title"), Column("business_date", sort=True, card="meta"), Column("asset", card="line"),
        Column("total", total=True, sort=True, card="amount"), Column("state", card="tag"), Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, MAKER),
    fields=(
        Field("asset", lookup="assets.split_card", span=2), Field("business_date", title="拆分日期"), "campus", Field("org_unit", title="经办科室"),
        Field("reason", span=3), Field("note", span=3),
    ),
    lines=(
        LineField("part", title="第几部分", kind="integer", width=80), LineField("name", width=200, required=False),
        LineField("quantity", kind="integer", width=70), LineField("serial_number", width=130, required=False),
        LineField("source", width=150), LineField("project", width=110, required=False),
        LineField("amount", title="原值（元）", kind="money", total=True, width=130),
    ),
    lines_title="拆分明细（每部分按资金来源各一行）",
    amount_title="原值合计",
    quantity="",
    panels=(MADE,),
    prefill=_split_of,
    signatures=("制单", "使用科室", "资产管理办公室", "资产会计"),
)  # fmt: skip

MERGES = DocumentScreen(
    kind="assets.merge",
    icon="arrows-join",
    menu=("assets", "资产业务"),
    order=24,
    columns=(
        Column("number", fixed=True, card="title"), Column("business_date", sort=True, card="meta"), Column("name", card="line"),
        Column("total", total=True, sort=True, card="amount"), Column("state", card="tag"), Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, MAKER),
    fields=(
        Field("name", span=2), Field("business_date", title="合并日期"), "campus", Field("org_unit", title="经办科室"),
        Field("remaining_months", help="使用月数或已用月数不一致时填写"), Field("reason", span=3), Field("note", span=3),
    ),
    lines=(
        LineField("asset", lookup="assets.merge_card", width=300),
        LineField("class", title="分类", shows="asset__asset_class__name", readonly=True, width=150),
        LineField("value", title="原值（元）", kind="money", shows="asset__cost", readonly=True, total=True, width=130),
        LineField("life", title="使用月数", kind="integer", shows="asset__life_months", readonly=True, width=90),
        LineField("booked", title="入账日期", kind="date", shows="asset__booked_on", readonly=True, width=110),
    ),
    lines_title="被合并的卡片",
    scan="asset",
    merge=False,
    amount="value",
    amount_title="原值合计",
    quantity="",
    panels=(MADE,),
    prefill=ticked,
    signatures=("制单", "使用科室", "资产管理办公室", "资产会计"),
)  # fmt: skip

RECLASSIFICATIONS = DocumentScreen(
    kind="assets.reclassification",
    icon="category-2",
    menu=("assets", "资产业务"),
    order=26,
    columns=(
        Column("number", fixed=True, card="title"), Column("business_date", sort=True, card="meta"), Column("asset_class", card="line"), "life",
        Column("total", total=True, sort=True, card="amount"), Column("state", card="tag"), Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, MAKER),
    fields=(
        Field("asset_class", span=2), "life", Field("business_date", title="变更日期"), "campus", Field("org_unit", title="经办科室"),
        Field("reason", span=3), Field("note", span=3),
    ),
    lines=(
        LineField("asset", lookup="assets.reclassification_card", width=300),
        LineField("class", title="现分类", shows="asset__asset_class__name", readonly=True, width=160),
        LineField("value", title="原值（元）", kind="money", shows="asset__cost", readonly=True, total=True, width=130),
        LineField("life_now", title="使用月数", kind="integer", shows="asset__life_months", readonly=True, width=90),
    ),
    lines_title="变更分类的资产",
    scan="asset",
    merge=False,
    amount="value",
    amount_title="原值合计",
    quantity="",
    prefill=ticked,
    signatures=("制单", "资产管理办公室", "资产会计", "财务负责人"),
)  # fmt: skip

RELOCATIONS = DocumentScreen(
    kind="assets.relocation",
    icon="map-pin-share",
    menu=("assets", "资产业务"),
    order=32,
    columns=(
        Column("number", fixed=True, card="title"), Column("business_date", sort=True, card="meta"), Column("org_unit", card="line"),
        Column("location", card="line"), "keeper", Column("reason", card="line"), Column("state", card="tag"), Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, MAKER),
    fields=(
        Field("business_date", title="移交日期"), "campus", Field("org_unit", title="科室"), Field("location", required=False),
        Field("keeper", required=False, lookup="assets.keeper"), Field("reason", span=3), Field("note", span=3),
    ),
    lines=(
        LineField("asset", lookup="assets.relocation_card", width=280),
        LineField("place", title="现地点", shows="asset__location__name", readonly=True, width=140),
        LineField("holder", title="现保管人", shows="asset__keeper__display_name", readonly=True, width=110),
        LineField("to_location", width=150, required=False, aside=True),
        LineField("to_keeper", width=120, required=False, aside=True, lookup="assets.keeper"),
    ),
    lines_title="移交的资产（可逐张扫标签）",
    scan="asset",
    merge=False,
    amount="",
    quantity="",
    panels=(TAKEN,),
    prefill=ticked,
    signatures=("移交人", "接收人", "科室资产管理员", "资产管理办公室"),
)  # fmt: skip

ALL = (SPLITS, MERGES, RECLASSIFICATIONS, RELOCATIONS)
LOOKUPS = (
    held_cards("split", SETTLED), held_cards("merge", SETTLED), held_cards("reclassification"), held_cards("relocation"),
)  # fmt: skip
PERMISSIONS = {
    "assets.handover.receive": "扫码签收调拨与移交的资产",
}


def _go(path: str) -> Any:
    def run(*, actor: Any, obj: Asset, values: Any) -> str:
        return f"/assets/{path}/new?assets={obj.pk}"

    return run


CARD_ACTIONS = (
    Action("split", "拆分", _go("splits"), permission="assets.split.edit", icon="arrows-split", direct=True, shown=lambda asset: asset.status in SETTLED),
    Action("reclassify", "变更分类", _go("reclassifications"), permission="assets.reclassification.edit", icon="category-2", direct=True, shown=lambda asset: asset.status in HELD),
    Action("relocate", "移交", _go("relocations"), permission="assets.relocation.edit", icon="map-pin-share", direct=True, shown=lambda asset: asset.status in HELD),
)  # fmt: skip
