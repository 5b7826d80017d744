"""作业模板, 维护计划, 维护日历, 设备风险, 停用标签."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hrp.assets.equipment.models import (
    CarePlan,
    Postponement,
    RiskScore,
    StopTag,
    Task,
    TaskResult,
    Template,
    TemplateItem,
)
from hrp.assets.equipment.rules import limits
from hrp.assets.equipment.screens import reading
from hrp.assets.equipment.services import care, tags
from hrp.assets.models import Asset
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict
from hrp.platform.ui import services as generic
from hrp.platform.ui.screens import Action, Column, Field, Filter, Output, Panel, RegisterScreen, Tab

PERMISSIONS = {
    "assets.care.view": "查看维护与检测", care.EDIT: "维护模板、计划与风险，生成日历", care.WORK: "执行与延期维护任务",
    "assets.care.export": "导出维护与检测", "assets.care.import": "导入维护计划",
    tags.VIEW: "查看停用标签", tags.EDIT: "挂与解除停用标签", "assets.stop_tag.export": "导出停用标签",
}  # fmt: skip
TONES = {"due": "wait", "passed": "done", "failed": "back", "cancelled": "void"}
TAG_TONES = {"proposed": "wait", "hung": "back", "lifted": "done", "dismissed": "void"}


def _add_item(*, actor: User, obj: Template, values: Mapping[str, Any]) -> Any:
    return generic.add_row(
        TemplateItem, actor=actor, values={**values, "template": obj.pk}, act=care.EDIT, target=f"assets.template:{obj.pk}",
        summary=f"{obj} 增加项目 {values.get('name')}",
    )  # fmt: skip


TEMPLATES = RegisterScreen(
    key="assets.care_template",
    permission="assets.care",
    model=Template,
    title="作业模板",
    icon="list-check",
    url="assets/care-templates",
    menu=("assets", "基础资料"),
    order=60,
    columns=(Column("code", fixed=True, card="meta"), Column("name", card="title"), Column("kind", card="tag"), "level", "standard", "hours", "is_active"),
    filters=(Filter("kind", kind="choice"),),
    fields=("code", Field("name", span=2), "kind", "level", "hours", Field("standard", span=2), "is_active"),
    panels=(
        Panel(
            "items", "项目", lambda row, actor: row.items.order_by("position"),
            ("position", "name", Column("limits", title="合格范围", kind="text", value=lambda item: limits.described(item.low, item.high, item.unit) or "目视 / 功能"), "is_active"),
            model=TemplateItem, fields=("position", "name", "numeric", "unit", "low", "high"), add=_add_item, add_title="增加项目",
            permission=care.EDIT, empty="还没有项目",
        ),
    ),
    search=("code__istartswith", "name__icontains"),
    lookup_open=True,
)  # fmt: skip

PLANS = RegisterScreen(
    key="assets.care_plan",
    permission="assets.care",
    model=CarePlan,
    title="维护计划",
    icon="calendar-repeat",
    url="assets/care-plans",
    menu=("assets", "设备运维"),
    order=30,
    queryset=lambda actor: CarePlan.objects.select_related("asset__org_unit", "template"),
    ordering=("-id",),
    columns=(Column("asset", card="title"), Column("asset__org_unit", title="科室", card="line"), Column("template", card="meta"), "months", "days", Column("first_due", sort=True), "is_active"),
    filters=(Filter("asset", kind="register", register="assets.asset"), Filter("template", kind="register", register="assets.care_template")),
    fields=(Field("asset", span=2, immutable=True), Field("template", immutable=True), Field("months", help="月、天二选一"), "days", "first_due", "is_active"),
    actions=(
        Action("generate", "生成维护日历", lambda *, actor, obj, values: f"新增 {care.generate(actor=actor)} 项任务", permission=care.EDIT, icon="calendar-plus", style="primary", place="page"),
    ),
    scope_field="asset__org_unit",
    search=("asset__number__istartswith", "asset__name__icontains"),
    exact=(),
)  # fmt: skip


def _postpone(*, actor: User, obj: Task, values: Mapping[str, Any]) -> str:
    row = care.postpone(
        actor=actor, task=obj, to_day=reading.day(values, "due_on"), reason=reading.text(values, "reason")
    )
    return f"已延期到 {row.due_on}"


def _cancel(*, actor: User, obj: Task, values: Mapping[str, Any]) -> str:
    care.cancel(actor=actor, task=obj, note=reading.text(values, "note"))
    return "已取消"


def _due(task: Task) -> bool:
    return task.state == Task.State.DUE


TASKS = RegisterScreen(
    key="assets.task",
    permission="assets.care",
    model=Task,
    title="维护日历",
    icon="calendar-check",
    url="assets/tasks",
    menu=("assets", "设备运维"),
    order=20,
    editable=False,
    creatable=False,
    queryset=lambda actor: Task.objects.select_related("asset", "template", "org_unit", "done_by"),
    ordering=("due_on", "id"),
    columns=(
        Column("due_on", sort=True, fixed=True, card="meta"), Column("asset", card="title"), Column("org_unit", card="line"), Column("template", card="line"), Column("template__kind", title="类型"),
        Column("planned_on", hidden=True), Column("done_on", sort=True), Column("done_by"), Column("late", title="超期", kind="bool", value=lambda task: task.state == "due" and task.due_on < clock.today()),
        Column("state", tones=TONES, card="tag"),
    ),
    tabs=(Tab("due", "待执行", {"state": "due"}), Tab("failed", "不合格", {"state": "failed"}), Tab("done", "合格", {"state": "passed"}), Tab("cancelled", "取消", {"state": "cancelled"})),
    filters=(
        Filter("q", title="设备", kind="text", lookups=("asset__number__istartswith", "asset__name__icontains", "template__name__icontains")),
        Filter("template__kind", title="类型", kind="choice"), Filter("org_unit", kind="register", register="org.unit"), Filter("due_on", kind="date_range"),
    ),
    fields=(Field("asset", span=2, lookup="assets.asset"), "template", "org_unit", "planned_on", "due_on", "state", "done_on", Field("done_by", lookup="assets.engineer"), "hours", Field("note", span=3)),
    panels=(
        Panel(
            "results", "逐项结果", lambda task, actor: task.results.select_related("item"),
            ("item", Column("value", kind="text", value=lambda one: "" if one.value is None else f"{one.value.normalize():f} {one.item.unit}"), Column("limits", title="合格范围", kind="text", value=lambda one: limits.described(one.low, one.high, one.item.unit)), Column("passed"), "note"),
            model=TaskResult, empty="还没有执行",
        ),
        Panel("postponements", "延期", lambda task, actor: task.postponements.select_related("actor"), ("from_day", "to_day", "reason", "actor", "at"), model=Postponement, empty="没有延期"),
    ),
    actions=(
        Action("do", "执行", lambda *, actor, obj, values: f"/assets/tasks/{obj.pk}/do", permission=care.WORK, icon="clipboard-check", style="primary", shown=_due),
        Action("postpone", "延期", _postpone, permission=care.WORK, icon="calendar-time", fields=(Field("due_on", title="延期到", kind="date", required=True), Field("reason", title="原因", kind="text", required=True, span=2)), shown=_due),
        Action("cancel", "取消", _cancel, permission=care.EDIT, icon="x", style="danger", fields=(Field("note", title="原因", kind="text", required=True, span=3),), shown=_due),
    ),
    scope_field="org_unit",
    search=("asset__number__istartswith", "asset__name__icontains"),
    exact=(),
    history=False,
)  # fmt: skip


def _judge(*, actor: User, pk: int | None, values: Mapping[str, Any]) -> RiskScore:
    asset = RiskScore.objects.get(pk=pk).asset if pk is not None else Asset.objects.get(pk=values["asset"])
    return care.judge(
        actor=actor, asset=asset, function=reading.whole(values, "function"), physical=reading.whole(values, "physical"),
        need=reading.whole(values, "need"),
    )  # fmt: skip


def _interval(row: RiskScore) -> str:
    months = care.proposed_months(row, clock.today())
    return f"每 {months} 个月" if months else "不纳入"


RISKS = RegisterScreen(
    key="assets.risk",
    permission="assets.care",
    model=RiskScore,
    title="设备风险",
    icon="urgent",
    url="assets/risks",
    menu=("assets", "设备运维"),
    order=32,
    queryset=lambda actor: RiskScore.objects.select_related("asset__org_unit"),
    ordering=("-score", "id"),
    save=_judge,
    columns=(Column("asset", card="title"), Column("asset__org_unit", title="科室", card="line"), "function", "physical", "need", "failures", Column("score", sort=True, card="amount"), Column("interval", title="建议维护间隔", kind="text", value=_interval), "judged_on"),
    filters=(Filter("asset", kind="register", register="assets.asset"),),
    fields=(Field("asset", span=3, immutable=True), Field("function", help="治疗与生命支持高，诊断居中，病房辅助低"), "physical", "need", Field("failures", readonly=True), Field("score", readonly=True), Field("judged_on", readonly=True)),
    scope_field="asset__org_unit",
    search=("asset__number__istartswith", "asset__name__icontains"),
    exact=(),
)  # fmt: skip


def _hang(*, actor: User, pk: int | None, values: Mapping[str, Any]) -> StopTag:
    if pk is not None:
        raise Conflict("停用标签不能修改", way_out="请解除后重新挂牌。")
    asset = Asset.objects.get(pk=values["asset"])
    return tags.stop(
        actor=actor,
        asset=asset,
        text=reading.text(values, "text"),
        reason=reading.text(values, "reason") or StopTag.Reason.OTHER,
    )


def _follow(*, actor: User, obj: StopTag, values: Mapping[str, Any]) -> str:
    tags.follow(actor=actor, tag=obj)
    return "已停用"


def _dismiss(*, actor: User, obj: StopTag, values: Mapping[str, Any]) -> str:
    tags.dismiss(actor=actor, tag=obj, why=reading.text(values, "ending"))
    return "未采纳，已记录理由"


def _lift(*, actor: User, obj: StopTag, values: Mapping[str, Any]) -> str:
    tags.lift(actor=actor, tag=obj, why=reading.text(values, "ending"))
    return "已解除停用"


TAGS = RegisterScreen(
    key="assets.stop_tag",
    model=StopTag,
    title="停用标签",
    icon="ban",
    url="assets/stop-tags",
    menu=("assets", "设备运维"),
    order=40,
    save=_hang,
    closed=lambda row: True,
    queryset=lambda actor: StopTag.objects.select_related("asset__org_unit", "made_by", "ended_by"),
    ordering=("-id",),
    columns=(Column("asset", card="title"), Column("asset__org_unit", title="科室", card="line"), Column("reason", card="meta"), Column("text", card="line"), Column("made_at", sort=True), "made_by", "ended_at", "ended_by", Column("state", tones=TAG_TONES, card="tag")),
    tabs=(Tab("proposed", "建议停用", {"state": "proposed"}), Tab("hung", "停用中", {"state": "hung"}), Tab("ended", "已结束", {"state__in": ("lifted", "dismissed")})),
    filters=(Filter("asset", kind="register", register="assets.asset"), Filter("reason", kind="choice")),
    fields=(Field("asset", span=2), "reason", Field("text", span=3), Field("state", readonly=True), Field("hung_at", readonly=True), Field("ended_at", readonly=True), Field("ending", readonly=True, span=3)),
    actions=(
        Action("follow", "采纳停用", _follow, permission=tags.EDIT, icon="ban", style="danger", confirm="设备将立即改为“停用”。", shown=lambda row: row.state == "proposed"),
        Action("dismiss", "不采纳", _dismiss, permission=tags.EDIT, icon="x", fields=(Field("ending", title="理由", kind="text", required=True, span=3),), shown=lambda row: row.state == "proposed"),
        Action("lift", "解除停用", _lift, permission=tags.EDIT, icon="lock-open", style="primary", fields=(Field("ending", title="依据", kind="text", required=True, span=3),), shown=lambda row: row.state == "hung"),
    ),
    outputs=(Output("打印停用标签", lambda row: f"/assets/stop-tags/{row.pk}/print" if row.state == "hung" else "", permission=tags.VIEW),),
    scope_field="asset__org_unit",
    search=("asset__number__istartswith", "asset__name__icontains", "text__icontains"),
    exact=(),
)  # fmt: skip


ALL = (TEMPLATES, PLANS, TASKS, RISKS, TAGS)
