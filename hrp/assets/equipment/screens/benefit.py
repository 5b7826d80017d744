"""单机收入, 单机成本, 效益预测: facts entered or imported."""

from __future__ import annotations

from hrp.assets.equipment.models import Forecast, MachineCost, MachineRevenue
from hrp.assets.equipment.services import benefit
from hrp.platform.ui.screens import Column, Field, Filter, RegisterScreen

PERMISSIONS = {
    "assets.benefit.view": "查看单机效益", benefit.EDIT: "登记单机收入、成本与预测", "assets.benefit.import": "导入单机收入与成本",
    "assets.benefit.export": "导出单机效益",
}  # fmt: skip
ASSET = Filter("asset", kind="register", register="assets.asset")
MONTH = Filter("month", title="月份", kind="date_range")

REVENUES = RegisterScreen(
    key="assets.machine_revenue",
    permission="assets.benefit",
    model=MachineRevenue,
    title="单机收入",
    icon="cash",
    url="assets/machine-revenues",
    menu=("assets", "设备运维"),
    order=92,
    save=benefit.earned,
    closed=lambda row: True,
    history=False,
    queryset=lambda actor: MachineRevenue.objects.select_related("asset", "actor"),
    ordering=("-month", "-id"),
    columns=(Column("month", kind="month", sort=True, card="meta"), Column("asset", card="title"), Column("revenue", total=True, card="amount"), Column("volume", total=True), "positive", "used_hours", "note", "actor", "at"),
    filters=(ASSET, MONTH),
    fields=(Field("asset", span=2), Field("month", help="当月任意一天"), Field("revenue", help="写错的登记一笔负数冲回"), "volume", "positive", "used_hours", Field("note", span=2)),
    scope_field="asset__org_unit",
    search=("asset__number__istartswith", "asset__name__icontains"),
    exact=(),
)  # fmt: skip

COSTS = RegisterScreen(
    key="assets.machine_cost",
    permission="assets.benefit",
    model=MachineCost,
    title="单机成本",
    icon="receipt",
    url="assets/machine-costs",
    menu=("assets", "设备运维"),
    order=94,
    save=benefit.spent,
    closed=lambda row: True,
    history=False,
    queryset=lambda actor: MachineCost.objects.select_related("asset", "actor"),
    ordering=("-month", "-id"),
    columns=(Column("month", kind="month", sort=True, card="meta"), Column("asset", card="title"), Column("kind", card="line"), Column("amount", total=True, card="amount"), "variable", "note", "actor", "at"),
    filters=(ASSET, MONTH, Filter("kind", kind="choice")),
    fields=(Field("asset", span=2), Field("month", help="当月任意一天"), "kind", Field("amount", help="折旧、维修、合同、计量自动取数，不在此登记"), "variable", Field("note", span=2)),
    scope_field="asset__org_unit",
    search=("asset__number__istartswith", "asset__name__icontains"),
    exact=(),
)  # fmt: skip

FORECASTS = RegisterScreen(
    key="assets.forecast",
    permission="assets.benefit",
    model=Forecast,
    title="效益预测",
    icon="target",
    url="assets/forecasts",
    menu=("assets", "设备运维"),
    order=96,
    queryset=lambda actor: Forecast.objects.select_related("asset"),
    ordering=("-id",),
    columns=(
        Column("asset", card="title"),
        "volume",
        Column("revenue", card="amount"),
        "cost",
        "payback_years",
        "study",
    ),
    fields=(
        Field("asset", span=3, immutable=True),
        "volume",
        "revenue",
        "cost",
        "payback_years",
        Field("study", span=2),
    ),
    scope_field="asset__org_unit",
    search=("asset__number__istartswith", "asset__name__icontains"),
    exact=(),
)

ALL = (REVENUES, COSTS, FORECASTS)
