"""预算: the register with what each line is used for, and the ledger behind it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, Q, Sum, Value
from django.db.models.functions import Coalesce

from hrp.logistics.budget import services
from hrp.logistics.budget.models import BudgetEntry, BudgetLine
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.screens import Action, Column, Field, Filter, Panel, RegisterScreen

PERMISSIONS = {
    "logistics.budget_line.view": "查看物资预算",
    "logistics.budget_line.edit": "编制物资预算",
    "logistics.budget_line.change": "追加、调减与结转物资预算",
    "logistics.budget_line.export": "导出物资预算",
}


def _of(state: str) -> Any:
    zero = Value(Decimal(0), output_field=DecimalField(max_digits=18, decimal_places=2))
    return Coalesce(Sum("entries__amount", filter=Q(entries__state=state)), zero)


def _rows(actor: Any) -> Any:
    state = BudgetEntry.State
    return BudgetLine.objects.select_related("org_unit", "material_class").annotate(
        reserved=_of(state.RESERVED),
        committed=_of(state.COMMITTED),
        spent=_of(state.ACTUAL),
        carried=_of(state.CARRIED),
    )


def _left(line: Any) -> Decimal:
    return Decimal(line.amount + line.carried - line.reserved - line.committed - line.spent)


def _rate(line: Any) -> Decimal | None:
    whole = line.amount + line.carried
    return (line.spent / whole).quantize(Decimal("0.001")) if whole else None


def _change(*, actor: Any, obj: BudgetLine, values: Mapping[str, Any]) -> str:
    try:
        amount = Decimal(str(values["amount"]).replace(",", ""))
    except (ArithmeticError, KeyError):
        raise Invalid("金额不对", problems=[Problem("请填写金额，调减写负数", field="amount")]) from None
    row = services.change(actor=actor, line=obj, amount=amount, reason=str(values.get("reason", "")))
    return f"预算已调整为 {row.amount:,.2f} 元"


def _carry(*, actor: Any, obj: BudgetLine, values: Mapping[str, Any]) -> str:
    return f"已结转 {services.carry(actor=actor, line=obj):,.2f} 元"


LINES = RegisterScreen(
    key="logistics.budget_line",
    model=BudgetLine,
    title="物资预算",
    icon="wallet",
    url="logistics/budgets",
    menu=("logistics", "结算"),
    order=70,
    queryset=_rows,
    scope_field="org_unit",
    ordering=("-valid_from", "org_unit__code", "material_class__code"),
    columns=(
        Column("org_unit", fixed=True, card="title", sort="org_unit__code"),
        Column("material_class", title="物资分类", card="line"),
        Column("project"),
        Column("basis", card="line"),
        Column("valid_from", sort=True, card="meta"),
        Column("valid_to", card="meta"),
        Column("amount", total=True, card="amount"),
        Column("carried", title="结转", kind="money", value=lambda line: line.carried or None),
        Column("reserved", title="占用", kind="money", value=lambda line: line.reserved or None),
        Column("committed", title="承诺", kind="money", value=lambda line: line.committed or None),
        Column("spent", title="执行", kind="money", value=lambda line: line.spent),
        Column("left", title="可用", kind="money", value=_left),
        Column("rate", title="执行率", kind="percent", value=_rate),
        Column("control", card="tag", tones={"hard": "back", "soft": "wait", "off": "draft"}),
    ),
    filters=(
        Filter("org_unit", kind="register", register="org.unit"),
        Filter("material_class", title="物资分类", kind="register", register="logistics.material_class"),
        Filter("valid", title="期间", kind="date_range", lookups=("valid_from",)),
        Filter("basis", kind="choice"),
        Filter("control"),
    ),
    fields=(
        Field("org_unit"), Field("material_class"), Field("project"), Field("valid_from", immutable=True),
        Field("valid_to", immutable=True), Field("amount", immutable=True), Field("basis", immutable=True), Field("control"),
        Field("note", span=3),
    ),
    panels=(
        Panel(
            key="entries",
            title="执行明细",
            rows=lambda line, actor: line.entries.select_related("actor").order_by("-id")[:200],
            model=BudgetEntry,
            columns=(
                Column("on", title="日期"),
                Column("state", tones={"reserved": "wait", "committed": "check", "actual": "done", "carried": "info"}),
                Column("source", title="来源单据", link=lambda entry: url_for(entry.source)),
                Column("amount"),
                Column("over", value=lambda entry: entry.over or None, kind="money", title="其中超预算"),
                Column("actor"),
            ),
            empty="还没有单据使用这项预算",
        ),
    ),
    actions=(
        Action("change", "追加 / 调减", _change, permission="logistics.budget_line.change", icon="adjustments", style="primary",
               fields=(Field("amount", title="调整金额（调减写负数）", kind="text", required=True), Field("reason", title="原因", kind="textarea", required=True))),
        Action("carry", "结转余额", _carry, permission="logistics.budget_line.change", icon="arrow-forward-up",
               confirm="把余额结转到紧接其后的同科室同类预算。", shown=lambda line: line.valid_to < clock.today()),
    ),
    search=("org_unit__name__icontains", "project__icontains"),
    exact=(),
)  # fmt: skip

ALL = (LINES,)
