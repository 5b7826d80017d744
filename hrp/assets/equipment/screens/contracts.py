"""服务合同."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Q

from hrp.assets.equipment.models import ContractVisit, CoveredCard, ServiceContract
from hrp.assets.equipment.screens import reading
from hrp.assets.equipment.selectors import contracts as selectors
from hrp.assets.equipment.services import contracts
from hrp.assets.models import Asset
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.ui.screens import Column, Field, Filter, Panel, RegisterScreen

VIEW = "assets.contract.view"
PERMISSIONS = {
    "assets.contract.view": "查看服务合同", contracts.EDIT: "维护服务合同与履约", "assets.contract.export": "导出服务合同",
    "assets.contract.import": "导入服务合同",
}  # fmt: skip


def _cover(*, actor: User, obj: ServiceContract, values: Mapping[str, Any]) -> None:
    contracts.cover(
        actor=actor, contract=obj, asset=Asset.objects.get(pk=values["asset"]),
        weight=reading.number(values, "weight", default=Decimal(1)),
    )  # fmt: skip


def _visited(*, actor: User, obj: ServiceContract, values: Mapping[str, Any]) -> Any:
    asset = Asset.objects.get(pk=values["asset"]) if values.get("asset") else None
    return contracts.visited(
        actor=actor, contract=obj, kind=reading.text(values, "kind"), on=reading.day(values, "on"),
        text=reading.text(values, "text"), asset=asset,
    )  # fmt: skip


def _cards(row: ServiceContract, actor: Any) -> Any:
    return scope.filter(actor, VIEW, row.cards.select_related("asset__org_unit"), "asset__org_unit_id")


def _visits(row: ServiceContract, actor: Any) -> Any:
    """What was done for the machines of the reader's departments, and for no machine in particular."""
    rows = row.visits.select_related("asset", "actor")
    units = scope.units(actor, VIEW)
    return rows if units is None else rows.filter(Q(asset=None) | Q(asset__org_unit__in=units))


def _ending(row: ServiceContract) -> str:
    left = (row.valid_to - clock.today()).days
    if left < 0:
        return "已到期"
    return f"{left} 天后到期" if left <= 180 else "有效"


def _monthly(row: ServiceContract, actor: Any) -> list[dict[str, Any]]:
    months: dict[Any, Decimal] = {}
    for (_, month), amount in selectors.by_card(row).items():
        months[month] = months.get(month, Decimal(0)) + amount
    cards = row.cards.count()
    return [
        {"month": str(month), "amount": amount, "each": f"{cards} 台"}
        for month, amount in sorted(months.items())
    ]


def _compared(row: ServiceContract, actor: Any) -> list[dict[str, Any]]:
    found = selectors.compared(row, on=clock.today())
    if found["estimate"] is None:
        words = "同型号设备没有合同外的维修费用可比"
    elif found["saved"] >= 0:
        words = f"合同比按次维修每年少 {found['saved']:,.2f} 元"
    else:
        words = f"合同比按次维修每年多 {-found['saved']:,.2f} 元，续签前请比较"
    return [{**found, "words": words, "visits": f"{found['visits']} / {found['visits_due']}"}]


CONTRACTS = RegisterScreen(
    key="assets.contract",
    model=ServiceContract,
    title="服务合同",
    icon="file-certificate",
    url="assets/contracts",
    menu=("assets", "设备运维"),
    order=60,
    ordering=("valid_to",),
    columns=(
        Column("number", fixed=True, card="meta"), Column("name", card="title"), "kind", Column("vendor", card="line"), "valid_from", Column("valid_to", sort=True), Column("fee", total=True, card="amount"),
        Column("ending", title="状态", value=_ending, kind="text", card="tag"),
    ),
    filters=(Filter("q", title="合同", kind="text", lookups=("number__istartswith", "name__icontains", "vendor__icontains")), Filter("kind", kind="choice"), Filter("valid_to", title="到期日", kind="date_range")),
    fields=("number", Field("name", span=2), "kind", Field("vendor", span=2), "valid_from", "valid_to", "fee", "visits_a_year", "response_hours", "parts_included", Field("terms", span=3, kind="textarea")),
    panels=(
        Panel("cards", "覆盖设备", _cards, ("asset", Column("asset__org_unit", title="科室"), "weight"), model=CoveredCard, fields=("asset", Field("weight", required=False, help="按权重分摊费用；填 0 移出")), add=_cover, add_title="列入设备", permission=contracts.EDIT, empty="还没有设备"),
        Panel("visits", "履约记录", _visits, ("on", "kind", "asset", "text", "actor"), model=ContractVisit, fields=("kind", "on", "asset", Field("text", span=2)), add=_visited, add_title="登记履约", permission=contracts.EDIT, empty="还没有履约记录"),
        Panel("monthly", "每月费用", _monthly, (Column("month", title="月份", kind="text"), Column("amount", title="费用（元）", kind="money", total=True), Column("each", title="分摊到", kind="text")), empty="列入设备后按月分摊"),
        Panel(
            "compared", "与按次维修比较", _compared,
            (Column("fee_year", title="年合同费（元）", kind="money"), Column("visits", title="巡检 / 应巡检", kind="text"), Column("a_year", title="年维修次数", kind="quantity"), Column("extra", title="合同外另付（元）", kind="money"), Column("price", title="合同外次均费用（元）", kind="money"), Column("estimate", title="按次估算（元/年）", kind="money"), Column("words", title="比较", kind="text")),
        ),
    ),
    search=("number__istartswith", "name__icontains", "vendor__icontains"),
    exact=("number",),
)  # fmt: skip

ALL = (CONTRACTS,)
