"""盘点计划, 科室盘点任务, 账外资产, 待处理资产损溢."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hrp.assets.models import AssetClass, FundingSource
from hrp.assets.stocktaking import selectors
from hrp.assets.stocktaking.models import (
    Finding,
    FoundCard,
    Outcome,
    PendingLoss,
    PlanLine,
    StocktakePlan,
    StocktakeTask,
)
from hrp.assets.stocktaking.rules import Kind
from hrp.assets.stocktaking.services import concluding, following, planning
from hrp.platform.access import scope
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.documents.registry import url_for
from hrp.platform.org.models import OrgUnit
from hrp.platform.ui.screens import Action, Column, Field, Filter, Output, Panel, RegisterScreen, Tab

PERMISSIONS = {
    "assets.stocktake.view": "查看资产盘点计划",
    "assets.stocktake.edit": "下达与对账资产盘点",
    "assets.stocktake.approve": "审批资产盘点",
    "assets.stocktake.export": "导出资产盘点计划",
    "assets.stocktake_task.view": "查看科室资产盘点",
    "assets.stocktake_task.work": "资产盘点扫码",
    "assets.stocktake_task.confirm": "科室确认资产盘点",
    "assets.stocktake_task.export": "导出科室资产盘点",
    "assets.found_asset.view": "查看账外资产",
    "assets.found_asset.edit": "盘盈估值建卡",
    "assets.found_asset.export": "导出账外资产",
    "assets.pending_loss.view": "查看待处理资产损溢",
    "assets.pending_loss.export": "导出待处理资产损溢",
    "assets.label.print": "打印资产标签",
}
VIEW = "assets.stocktake.view"
State, TaskState = StocktakePlan.State, StocktakeTask.State
MOST = 500
TONES = {
    "counting": "wait",
    "reconciled": "check",
    "approved": "done",
    "cancelled": "void",
    "confirmed": "done",
}
KIND_TONES = {
    "ok": "done", "elsewhere": "check", "other_unit": "check", "damaged": "back", "idle": "check", "unlabelled": "check",
    "not_found": "back", "extra": "back",
}  # fmt: skip
NAMES = dict(Finding._meta.get_field("kind").flatchoices)


def _plan(*, actor: Any, obj: Any, values: Mapping[str, Any]) -> str:
    try:
        due = dt.date.fromisoformat(str(values.get("due_on") or ""))
    except ValueError:
        raise Invalid("请填写截止日期", problems=[Problem("请填写截止日期", field="due_on")]) from None
    sample = str(values.get("sample") or "").strip()
    plan = planning.begin(
        actor=actor, office=OrgUnit.objects.get(pk=values["org_unit"]), name=str(values.get("name") or ""), method=str(values["method"]),
        due_on=due, of_unit=OrgUnit.objects.filter(pk=values.get("of_unit") or 0).first(),
        of_class=AssetClass.objects.filter(pk=values.get("of_class") or 0).first(), sample=int(sample) if sample.isdecimal() else None,
        note=str(values.get("note") or ""),
    )  # fmt: skip
    return f"/assets/stocktakes/{plan.pk}"


def _reconcile(*, actor: Any, obj: StocktakePlan, values: Mapping[str, Any]) -> str:
    concluding.reconcile(obj, actor=actor)
    return "已对账，请审批"


def _approve(*, actor: Any, obj: StocktakePlan, values: Mapping[str, Any]) -> str:
    concluding.approve(obj, actor=actor, opinion=str(values.get("opinion") or ""))
    return "已审批，地点与闲置状态已更正"


def _cancel(*, actor: Any, obj: StocktakePlan, values: Mapping[str, Any]) -> str:
    planning.cancel(obj, actor=actor, reason=str(values.get("reason") or ""))
    return "已取消盘点"


def _transfers(*, actor: Any, obj: StocktakePlan, values: Mapping[str, Any]) -> str:
    made = following.draft_transfers(obj, actor=actor)
    return url_for(made[0].source) if len(made) == 1 else f"已拟 {len(made)} 张调拨单"


def _losses(*, actor: Any, obj: StocktakePlan, values: Mapping[str, Any]) -> str:
    return url_for(following.draft_losses(obj, actor=actor)[0].source)


def _confirm(*, actor: Any, obj: StocktakeTask, values: Mapping[str, Any]) -> str:
    concluding.confirm(obj, actor=actor, note=str(values.get("note") or ""))
    return "已确认"


def _reopen(*, actor: Any, obj: StocktakeTask, values: Mapping[str, Any]) -> str:
    concluding.reopen(obj, actor=actor, reason=str(values.get("reason") or ""))
    return "已退回科室"


def _value(*, actor: Any, obj: Finding, values: Mapping[str, Any]) -> str:
    months, worth = str(values.get("life_months") or ""), str(values.get("value") or "")
    asset = following.value_found(
        obj, actor=actor, asset_class=AssetClass.objects.get(pk=values["asset_class"]), source=FundingSource.objects.get(pk=values["source"]),
        basis=str(values["basis"]), papers=str(values.get("papers") or ""), value=Decimal(worth) if worth else None,
        life_months=int(months) if months.isdecimal() else None,
    )  # fmt: skip
    return f"/assets/cards/{asset.pk}"


def _percent(found: Decimal | None) -> str:
    return "" if found is None else f"{found}%"


def _figures(plan: StocktakePlan, actor: Any) -> list[dict[str, Any]]:
    found = selectors.figures(plan)
    return [
        {
            "lines": found.lines, "seen": found.seen, "missing": found.lines - found.seen, "extras": found.extras,
            "coverage": _percent(found.coverage), "cost_coverage": _percent(found.cost_coverage),
            "consistency": _percent(found.consistency),
        }
    ]  # fmt: skip


def _tasks(plan: StocktakePlan, actor: Any) -> list[dict[str, Any]]:
    rows = []
    tasks = scope.filter(actor, VIEW, plan.tasks.select_related("org_unit", "confirmed_by"))
    for task in tasks.order_by("org_unit__code"):
        lines = list(task.lines.values_list("pk", flat=True))
        rows.append(
            {
                "task": task, "unit": str(task.org_unit), "lines": len(lines), "seen": len(selectors.standings(lines)),
                "state": task.get_state_display(), "by": str(task.confirmed_by or ""), "note": task.note,
            }
        )  # fmt: skip
    return rows


def _differences(plan: StocktakePlan, actor: Any) -> list[dict[str, Any]]:
    """What does not simply agree, with hints for what was not found."""
    lines = scope.filter(actor, VIEW, selectors.lines_of(plan), "task__org_unit_id")
    return _rows(lines, only_differing=True)


def _of_task(task: StocktakeTask, actor: Any) -> list[dict[str, Any]]:
    return _rows(PlanLine.objects.filter(task=task), only_differing=False)


def _rows(query: Any, *, only_differing: bool) -> list[dict[str, Any]]:
    lines = list(query.select_related("asset", "location", "task__org_unit").order_by("asset__number"))
    held = selectors.standings([line.pk for line in lines])
    kinds = {line.pk: held[line.pk].kind if line.pk in held else Kind.NOT_FOUND for line in lines}
    if only_differing:
        lines = [line for line in lines if kinds[line.pk] != Kind.OK]
    lines = lines[:MOST]
    findings = Finding.objects.select_related("location", "task__org_unit", "counter").in_bulk(
        [held[line.pk].key for line in lines if line.pk in held]
    )
    hints = selectors.hint_texts([line.asset_id for line in lines if line.pk not in held])
    done: dict[int, list[str]] = {}
    for outcome in Outcome.objects.filter(result__line__in=lines).select_related("result"):
        done.setdefault(outcome.result.line_id, []).append(outcome.get_way_display())
    return [
        _row(line, kinds[line.pk], findings.get(held[line.pk].key) if line.pk in held else None, hints, done)
        for line in lines
    ]


def _row(
    line: PlanLine,
    kind: Kind,
    finding: Finding | None,
    hints: Mapping[int, str],
    done: Mapping[int, list[str]],
) -> dict[str, Any]:
    return {
        "asset_id": line.asset_id, "number": line.asset.number, "name": f"{line.asset.name} {line.asset.model}".strip(),
        "unit": str(line.task.org_unit), "place": str(line.location or ""), "kind": NAMES[kind] if finding or kind != Kind.NOT_FOUND else "未找到",
        "real": str(finding.location or finding.task.org_unit) if finding else "",
        "by": str(finding.counter) if finding else "", "photo": finding.pk if finding and finding.photo else None,
        "hint": (finding.note if finding else hints.get(line.asset_id, "")), "done": "、".join(done.get(line.pk, [])),
    }  # fmt: skip


LINE_COLUMNS = (
    Column("number", title="资产编号", kind="text", link=lambda row: f"/assets/cards/{row['asset_id']}"),
    Column("name", title="名称型号", kind="text"), Column("unit", title="科室", kind="text"), Column("place", title="账面地点", kind="text"),
    Column("kind", title="结果", kind="text"), Column("real", title="实际地点", kind="text"), Column("by", title="盘点人", kind="text"),
    Column("hint", title="说明 / 查找线索", kind="text"),
    Column("photo", title="照片", kind="text", value=lambda row: "查看" if row["photo"] else "", link=lambda row: f"/assets/stocktake-findings/{row['photo']}/photo" if row["photo"] else ""),
    Column("done", title="处理", kind="text"),
)  # fmt: skip

PLANS = RegisterScreen(
    key="assets.stocktake",
    model=StocktakePlan,
    title="盘点计划",
    icon="clipboard-list",
    url="assets/stocktakes",
    menu=("assets", "盘点"),
    order=10,
    editable=False,
    creatable=False,
    queryset=lambda actor: StocktakePlan.objects.select_related("campus", "org_unit", "planned_by"),
    ordering=("-id",),
    tabs=(
        Tab("counting", "盘点中", {"state": "counting"}), Tab("reconciled", "待审批", {"state": "reconciled"}),
        Tab("approved", "已审批", {"state": "approved"}),
    ),
    columns=(
        Column("name", card="title"), Column("method", card="line"), Column("campus"), Column("due_on", sort=True, card="meta"),
        Column("frozen_at", sort=True), Column("planned_by"), Column("state", tones=TONES, card="tag"),
    ),
    filters=(Filter("name", kind="text", lookups=("name__icontains",)), Filter("method", kind="choice")),
    fields=(
        Field("name", span=2), "method", "campus", "org_unit", "of_unit", "of_class", "sample", "due_on", "frozen_at", "planned_by", "state",
        "reconciled_by", "reconciled_at", "approved_by", "approved_at", Field("opinion", span=2), Field("note", span=3),
    ),
    panels=(
        Panel(
            "figures", "覆盖率与一致率", _figures,
            (
                Column("lines", title="应盘项数", kind="integer"), Column("seen", title="已盘", kind="integer"), Column("missing", title="未找到", kind="integer"),
                Column("extras", title="账外", kind="integer"), Column("coverage", title="覆盖率", kind="text"),
                Column("cost_coverage", title="按原值覆盖率", kind="text"), Column("consistency", title="一致率", kind="text"),
            ),
        ),
        Panel(
            "tasks", "科室进度", _tasks,
            (
                Column("unit", title="科室", kind="text", link=lambda row: f"/assets/stocktake-tasks/{row['task'].pk}"),
                Column("lines", title="应盘", kind="integer"), Column("seen", title="已盘", kind="integer"), Column("state", title="状态", kind="text"),
                Column("by", title="确认人", kind="text"), Column("note", title="科室说明", kind="text"),
            ),
        ),
        Panel("differences", "差异（前 500 项）", _differences, LINE_COLUMNS, empty="没有差异"),
    ),
    actions=(
        Action(
            "plan", "下达盘点", _plan, permission=planning.PLAN, icon="plus", style="primary", place="page",
            fields=(
                Field("name", span=2), "method", Field("org_unit", title="组织科室"), "due_on", Field("of_unit", help="按科室盘点填"),
                Field("of_class", help="按分类盘点填"), Field("sample", help="随机抽盘填"), Field("note"),
            ),
        ),
        Action("reconcile", "对账", _reconcile, permission=planning.PLAN, icon="scale", style="primary", confirm="对账后不再接受扫码，未盘到的列为未找到。", shown=lambda p: p.state == State.COUNTING),
        Action("approve", "审批", _approve, permission=concluding.APPROVE, icon="check", style="primary", fields=(Field("opinion", required=False),), shown=lambda p: p.state == State.RECONCILED),
        Action("transfers", "拟调拨单", _transfers, permission="assets.asset_transfer.edit", icon="transfer", shown=lambda p: p.state == State.APPROVED),
        Action("losses", "拟盘亏核销单", _losses, permission="assets.write_off.edit", icon="trash", shown=lambda p: p.state == State.APPROVED),
        Action("cancel", "取消盘点", _cancel, permission=planning.PLAN, icon="x", style="danger", fields=(Field("reason", title="原因", kind="text", required=True),), shown=lambda p: p.state in (State.COUNTING, State.RECONCILED)),
    ),
    scope_field="org_unit",
    search=("name__icontains",),
    exact=(),
)  # fmt: skip

TASKS = RegisterScreen(
    key="assets.stocktake_task",
    model=StocktakeTask,
    title="科室盘点任务",
    icon="list-check",
    url="assets/stocktake-tasks",
    menu=("assets", "盘点"),
    order=20,
    editable=False,
    creatable=False,
    queryset=lambda actor: StocktakeTask.objects.select_related("plan", "org_unit", "confirmed_by"),
    ordering=("-plan_id", "org_unit__code"),
    tabs=(Tab("counting", "盘点中", {"state": "counting", "plan__state": "counting"}), Tab("confirmed", "已确认", {"state": "confirmed"})),
    columns=(
        Column("plan", card="line"), Column("org_unit", card="title"), Column("due_on", title="截止日期", kind="date", value=lambda t: t.plan.due_on, card="meta"),
        Column("confirmed_by"), Column("confirmed_at"), Column("state", tones=TONES, card="tag"),
    ),
    filters=(Filter("org_unit", kind="register", register="org.unit"),),
    fields=("plan", "org_unit", "state", "confirmed_by", "confirmed_at", Field("note", span=3)),
    panels=(Panel("lines", "盘点明细（前 500 项）", _of_task, LINE_COLUMNS),),
    actions=(
        Action("confirm", "科室确认", _confirm, permission=concluding.CONFIRM, icon="check", style="primary", fields=(Field("note", title="说明", kind="textarea", required=False, help="有未找到的须说明"),), shown=lambda t: t.state == TaskState.COUNTING and t.plan.state == State.COUNTING),
        Action("reopen", "退回科室", _reopen, permission=planning.PLAN, icon="arrow-back-up", fields=(Field("reason", title="原因", kind="text", required=True),), shown=lambda t: t.state == TaskState.CONFIRMED and t.plan.state == State.COUNTING),
    ),
    outputs=(
        Output("盘点表", lambda t: f"/assets/stocktake-tasks/{t.pk}/sheet", icon="printer"),
        Output("手机盘点", lambda t: f"/assets/hand/{t.pk}", icon="device-mobile", permission="assets.stocktake_task.work"),
    ),
    scope_field="org_unit",
    search=("plan__name__icontains",),
    exact=(),
)  # fmt: skip

EXTRAS = RegisterScreen(
    key="assets.found_asset",
    model=Finding,
    title="账外资产",
    icon="help-hexagon",
    url="assets/found-assets",
    menu=("assets", "盘点"),
    order=30,
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: Finding.objects.filter(kind=Kind.EXTRA).select_related("task__plan", "task__org_unit", "location", "counter", "card__asset"),
    ordering=("-id",),
    tabs=(Tab("open", "待估值", {"card": None}), Tab("valued", "已建卡", {"card__isnull": False})),
    columns=(
        Column("name", card="title"), Column("model", card="line"), Column("serial_number"),
        Column("unit", title="科室", kind="text", value=lambda f: str(f.task.org_unit), card="line"), Column("location"), Column("note"),
        Column("counter"), Column("found_at", card="meta"),
        Column("card", title="卡片", kind="text", value=lambda f: str(f.card.asset) if hasattr(f, "card") else "", link=lambda f: f"/assets/cards/{f.card.asset_id}" if hasattr(f, "card") else ""),
    ),
    fields=("name", "model", "serial_number", "location", "note", "counter", "found_at"),
    actions=(
        Action(
            "value", "估值建卡", _value, permission="assets.found_asset.edit", icon="file-plus", style="primary", model=FoundCard,
            fields=(
                Field("asset_class", title="资产分类", kind="register", lookup="assets.asset_class", required=True),
                Field("source", title="资金来源", kind="register", lookup="assets.source", required=True), "basis",
                Field("papers", help="同类资产编号、评估报告文号等"), Field("value", required=False, help="名义金额为 1 元，可不填"),
                Field("life_months", title="使用月数", kind="integer", required=False),
            ),
            shown=lambda f: not hasattr(f, "card") and f.task.plan.state == State.APPROVED,
        ),
    ),
    outputs=(Output("照片", lambda f: f"/assets/stocktake-findings/{f.pk}/photo" if f.photo else "", icon="photo"),),
    scope_field="task__org_unit",
    search=("name__icontains",),
    exact=("serial_number",),
)  # fmt: skip

PENDING = RegisterScreen(
    key="assets.pending_loss",
    model=PendingLoss,
    title="待处理资产损溢",
    icon="scale",
    url="assets/pending-losses",
    menu=("assets", "盘点"),
    order=40,
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: PendingLoss.objects.filter(is_undone=False).select_related("asset", "fund"),
    ordering=("-id",),
    columns=(
        Column("date", sort=True, card="meta"),
        Column("source", title="来源单据", kind="text", value=lambda row: "查看", link=lambda row: url_for(row.source)),
        Column("asset", card="title"), Column("fund", card="line"), Column("amount", title="损溢金额", total=True, card="amount"), Column("settled", total=True),
        Column("left", title="待处理", kind="money", value=lambda row: row.amount - row.settled),
    ),
    filters=(Filter("q", title="资产", kind="text", lookups=("asset__number__istartswith", "asset__name__icontains")), Filter("date", title="日期", kind="date_range")),
    fields=("date", "asset", "fund", "amount", "settled"),
    scope_field="asset__org_unit",
    search=("asset__number__istartswith", "asset__name__icontains", "asset__pinyin__icontains"),
    exact=("asset__number",),
    label=lambda row: f"{row.date:%m-%d} {row.asset} {row.amount - row.settled}",
    hint=lambda row: str(row.fund),
    fill=lambda row: {"amount": str(abs(row.amount - row.settled))},
)  # fmt: skip

ALL = (PLANS, TASKS, EXTRAS, PENDING)
HISTORY = Panel(
    "stocktakes", "盘点记录", lambda asset, actor: Finding.objects.filter(asset=asset).select_related("task__plan", "location", "counter"),
    (
        Column("plan", title="盘点", kind="text", value=lambda f: str(f.task.plan)), Column("kind", tones=KIND_TONES), "location", "note", "counter",
        "found_at",
    ),
    model=Finding, empty="还没有盘点过",
)  # fmt: skip
LABEL = Output(
    "打印标签", lambda asset: f"/assets/labels?id={asset.pk}", icon="qrcode", permission="assets.label.print"
)
