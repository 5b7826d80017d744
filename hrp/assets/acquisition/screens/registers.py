"""购置预算, 大型设备配置证 and 目录, 申购决策权限, 采购方式限额."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from hrp.assets.acquisition.documents import limits
from hrp.assets.acquisition.documents.plan import AcquisitionPlanLine
from hrp.assets.acquisition.models import AcquisitionBudget, LargeClass, LargeLicence, MethodRule, StepRule
from hrp.assets.acquisition.services import reference
from hrp.platform.base import clock
from hrp.platform.documents.models import State
from hrp.platform.ui.screens import Action, Column, Field, Filter, RegisterScreen

PERMISSIONS = {
    "assets.acquisition_rule.view": "查看申购权限、采购限额与大型设备目录", reference.EDIT: "维护申购权限、采购限额与大型设备目录",
    "assets.acquisition_rule.import": "导入申购权限、采购限额与大型设备目录", "assets.acquisition_rule.export": "导出申购权限、采购限额与大型设备目录",
    "assets.large_licence.view": "查看大型设备配置证", "assets.large_licence.edit": "维护大型设备配置证",
    "assets.large_licence.import": "导入大型设备配置证", "assets.large_licence.export": "导出大型设备配置证",
    "assets.acquisition_budget.view": "查看购置预算", "assets.acquisition_budget.edit": "维护购置预算",
    "assets.acquisition_budget.import": "导入购置预算", "assets.acquisition_budget.export": "导出购置预算",
}  # fmt: skip
RULE = "assets.acquisition_rule"


def _install(*, actor: Any, obj: Any, values: Mapping[str, Any]) -> str:
    return f"现有 {reference.install(actor=actor)} 条，请对照现行文件与本院制度核对"


INSTALL = Action(
    "install", "载入样例", _install, permission=reference.EDIT, icon="download", place="page", confirm="样例须对照现行文件与本院制度核对。",
)  # fmt: skip

STEPS = RegisterScreen(
    key="assets.acquisition_step_rule",
    permission=RULE,
    model=StepRule,
    title="申购决策权限",
    icon="gavel",
    url="assets/acquisition-step-rules",
    menu=("assets", "基础资料"),
    order=60,
    ordering=("basis", "amount_from"),
    columns=(Column("step", card="title"), "basis", Column("amount_from", card="amount"), "large_only", "valid_from", "valid_to", Column("source", card="line"), "verified"),
    filters=(Filter("step", kind="choice"),),
    fields=("step", "basis", "amount_from", "large_only", "valid_from", "valid_to", Field("source", span=2), "verified"),
    actions=(INSTALL,),
    search=("source__icontains",),
    exact=(),
)  # fmt: skip

METHODS = RegisterScreen(
    key="assets.acquisition_method_rule",
    permission=RULE,
    model=MethodRule,
    title="采购方式限额",
    icon="scale",
    url="assets/acquisition-method-rules",
    menu=("assets", "基础资料"),
    order=70,
    ordering=("region", "method", "amount_from"),
    columns=("region", Column("method", card="title"), "amount_from", Column("amount_to", card="amount"), "least_bids", "valid_from", "valid_to", Column("source", card="line"), "verified"),
    filters=(Filter("method", kind="choice"), Filter("region", kind="text", lookups=("region__icontains",))),
    fields=("region", "method", "amount_from", "amount_to", "least_bids", "valid_from", "valid_to", Field("source", span=2), "verified"),
    actions=(INSTALL,),
    search=("source__icontains", "region__icontains"),
    exact=(),
)  # fmt: skip

CLASSES = RegisterScreen(
    key="assets.large_class",
    permission=RULE,
    model=LargeClass,
    title="大型医用设备目录",
    icon="list-details",
    url="assets/large-classes",
    menu=("assets", "基础资料"),
    order=80,
    columns=("code", Column("name", card="title"), Column("category", card="tag"), "price_from", "valid_from", "valid_to", Column("source", card="line"), "verified"),
    filters=(Filter("category", kind="choice"),),
    fields=("code", Field("name", span=2), "category", "price_from", "valid_from", "valid_to", Field("source", span=2), "verified"),
    actions=(INSTALL,),
    search=("code__istartswith", "name__icontains"),
    lookup_open=True,
)  # fmt: skip


def _left(row: LargeLicence) -> str:
    found = limits.licence_standing(hospital=row.hospital_id, on=clock.today()).get(row.large_class.code)
    if found is None:
        return "已失效"
    return f"许可 {found.quota}，占用 {found.taken}，可用 {max(found.left, 0)}"


LICENCES = RegisterScreen(
    key="assets.large_licence",
    model=LargeLicence,
    title="大型设备配置证",
    icon="certificate",
    url="assets/large-licences",
    menu=("assets", "购置"),
    order=80,
    ordering=("number",),
    columns=(
        Column("number", card="title"), Column("large_class", card="line"), "hospital", "quota", "occupied", "valid_from", "valid_to",
        Column("left", title="同类合计", kind="text", value=_left, card="tag"),
    ),
    filters=(Filter("q", title="许可证", kind="text", lookups=("number__icontains", "large_class__name__icontains")),),
    fields=("number", Field("large_class", span=2), "hospital", "quota", "occupied", "valid_from", "valid_to", Field("note", span=3)),
    search=("number__icontains",),
    exact=("number",),
)  # fmt: skip


def _planned(row: AcquisitionBudget) -> Decimal:
    rows = AcquisitionPlanLine.objects.filter(
        document__state=State.POSTED, document__year=row.year, document__campus__hospital=row.hospital_id, source=row.source_id,
        project=row.project,
    )  # fmt: skip
    return rows.aggregate(planned=Sum("amount"))["planned"] or Decimal(0)


BUDGETS = RegisterScreen(
    key="assets.acquisition_budget",
    model=AcquisitionBudget,
    title="购置预算",
    icon="pig-money",
    url="assets/acquisition-budgets",
    menu=("assets", "购置"),
    order=70,
    ordering=("-year", "source"),
    columns=(
        Column("year", card="meta"), Column("source", card="title"), Column("project", card="line"), "hospital", Column("amount", total=True, card="amount"),
        Column("planned", title="已列计划", kind="money", value=_planned), Column("left", title="可用", kind="money", value=lambda row: row.amount - _planned(row)), "approval",
    ),
    filters=(Filter("year", kind="text", lookups=("year",)), Filter("source", kind="register")),
    fields=("year", "source", "project", "hospital", "amount", "approval"),
    search=("project__icontains",),
    exact=(),
)  # fmt: skip

ALL = (BUDGETS, LICENCES, STEPS, METHODS, CLASSES)
