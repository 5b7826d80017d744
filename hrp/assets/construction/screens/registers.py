"""在建工程 with its costs, deliveries and final account; 工程支出单."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from hrp.assets.construction import subledger as gathering
from hrp.assets.construction.models import Project, ProjectCard, ProjectMove
from hrp.assets.construction.services import projects
from hrp.assets.models import Asset, AssetClass
from hrp.assets.screens.documents import COLUMNS, DATES, MAKER, NUMBER
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.documents.registry import url_for
from hrp.platform.org.models import OrgUnit
from hrp.platform.ui.screens import (
    Action,
    Column,
    DocumentScreen,
    Field,
    Filter,
    LineField,
    Panel,
    RegisterScreen,
    Tab,
)

PERMISSIONS = {
    "assets.project.view": "查看在建工程", projects.EDIT: "维护在建工程、交付转固与决算", "assets.project.export": "导出在建工程",
    "assets.project.import": "导入在建工程",
}  # fmt: skip
TONES = {"building": "wait", "delivered": "check", "settled": "done"}


def _money(values: Mapping[str, Any], name: str) -> Decimal | None:
    given = str(values.get(name) or "").strip()
    if not given:
        return None
    try:
        found = Decimal(given)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or not 0 <= found < 10**12 or found != round(found, 2):
        raise Invalid("金额不对", problems=[Problem("请填写金额，到分", field=name)], way_out="请核对金额。")
    return found


def _deliver(*, actor: Any, obj: Project, values: Mapping[str, Any]) -> str:
    asset = projects.deliver(
        actor=actor, project=obj, name=str(values.get("name") or ""), amount=_money(values, "amount"),
        asset_class=AssetClass.objects.get(pk=values["asset_class"]), unit=OrgUnit.objects.get(pk=values["org_unit"]),
    )  # fmt: skip
    return f"/assets/cards/{asset.pk}"


def _settle(*, actor: Any, obj: Project, values: Mapping[str, Any]) -> str:
    try:
        on = dt.date.fromisoformat(str(values.get("on") or ""))
    except ValueError:
        raise Invalid(
            "日期不对", problems=[Problem("请填写日期", field="on")], way_out="写成 2026-11-23。"
        ) from None
    draft = projects.settle(
        actor=actor, project=obj, final=_money(values, "final") or Decimal(0), on=on, approval=str(values.get("approval") or ""),
    )  # fmt: skip
    return url_for(draft.source)


def _figures(project: Project, actor: Any) -> list[dict[str, Any]]:
    return [
        {"source": one.source, "fund": one.fund, "spent": one.spent, "delivered": one.delivered, "left": one.left}
        for one in gathering.within(project.pk)
    ]  # fmt: skip


def _left(project: Project) -> Decimal:
    return sum((one.left for one in gathering.within(project.pk)), Decimal(0))


PROJECTS = RegisterScreen(
    key="assets.project",
    model=Project,
    title="在建工程",
    icon="crane",
    url="assets/projects",
    menu=("assets", "资产台账"),
    order=50,
    queryset=lambda actor: Project.objects.select_related("parent", "org_unit", "campus"),
    columns=(
        Column("code", sort=True, fixed=True, card="meta"), Column("name", card="title"), Column("parent", card="line"), "org_unit",
        Column("budget", card="amount"), Column("spent", title="已支出（元）", kind="money", value=lambda project: gathering.spent(project.pk)),
        Column("left", title="在建余额（元）", kind="money", value=_left), Column("progress", title="进度（%）", sort=True), "due_on",
        Column("standing", title="状态", kind="text", value=lambda project: project.state.label, card="tag"),
    ),
    tabs=(
        Tab("open", "未竣工", {"progress__lt": 100}), Tab("done", "已竣工", {"progress": 100}),
    ),
    filters=(
        Filter("q", title="项目", kind="text", lookups=("code__istartswith", "name__icontains", "contractor__icontains")),
        Filter("due_on", title="计划竣工", kind="date_range"),
    ),
    fields=(
        "code", Field("name", span=2), "parent", "campus", "org_unit", "budget", "approval_number", "contractor", "starts_on", "due_on", "progress",
        Field("note", span=3),
    ),
    panels=(
        Panel(
            "figures", "成本归集（含子项目，按资金来源）", _figures,
            (
                Column("source", title="资金来源", kind="text"), Column("fund", title="经费性质", kind="code"), Column("spent", title="支出（元）", kind="money", total=True),
                Column("delivered", title="已转固（元）", kind="money", total=True), Column("left", title="余额（元）", kind="money", total=True),
            ),
            empty="还没有支出",
        ),
        Panel(
            "parts", "子项目", lambda project, actor: project.parts.all(),
            (Column("name", title="项目", link=lambda part: f"/assets/projects/{part.pk}"), "budget", "progress", "due_on"), model=Project, empty="没有子项目",
        ),
        Panel(
            "moves", "成本明细", lambda project, actor: ProjectMove.objects.filter(project=project).select_related("paid_by").order_by("-id")[:200],
            ("date", "kind", "paid_by", Column("amount", total=True), Column("source", title="单据", value=lambda move: "查看", kind="text", link=lambda move: url_for(move.source))),
            model=ProjectMove, empty="还没有支出",
        ),
        Panel(
            "cards", "交付资产", lambda project, actor: project.cards.select_related("asset__org_unit"),
            (
                Column("asset", link=lambda row: f"/assets/cards/{row.asset_id}"), Column("asset__org_unit", title="科室"), Column("asset__value_kind", title="价值类型"),
                Column("asset__cost", title="原值（元）", total=True), Column("asset__status", title="状态"),
            ),
            model=ProjectCard, empty="还没有交付",
        ),
    ),
    actions=(
        Action(
            "deliver", "交付转固", _deliver, permission=projects.EDIT, icon="building-plus", style="primary", model=Asset,
            fields=(
                Field("name", title="资产名称", required=False), Field("asset_class", title="资产分类"), Field("org_unit", title="使用科室"),
                Field("amount", title="暂估金额", kind="money", required=False, help="空为全部余额"),
            ),
            shown=lambda project: project.state != Project.State.SETTLED,
        ),
        Action(
            "settle", "竣工决算", _settle, permission=projects.EDIT, icon="certificate",
            fields=(
                Field("final", title="决算金额", kind="money", required=True), Field("approval", title="决算批复", kind="text", required=False),
                Field("on", title="日期", kind="date", required=True, default=lambda actor: clock.today()),
            ),
            shown=lambda project: project.state == Project.State.DELIVERED,
        ),
    ),
    save=projects.save,
    scope_field="org_unit",
)  # fmt: skip

COSTS = DocumentScreen(
    kind="assets.construction_cost",
    icon="receipt-2",
    menu=("assets", "资产业务"),
    order=60,
    columns=COLUMNS,
    filters=(NUMBER, DATES, MAKER),
    fields=(
        Field("payee", span=2), "counter", Field("business_date", title="支出日期"), "campus", Field("org_unit", title="经办科室"), "voucher",
        Field("note", span=3),
    ),
    lines=(
        LineField("project", width=240), LineField("item", width=130), LineField("source", width=150),
        LineField("amount", kind="money", total=True, width=130), LineField("text", width=200, required=False),
    ),
    lines_title="支出明细",
    quantity="",
    signatures=("制单", "基建部门", "资产会计", "财务负责人"),
)  # fmt: skip
