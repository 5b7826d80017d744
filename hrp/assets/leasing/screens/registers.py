"""租入登记."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hrp.assets.leasing.models import Lease, LeaseCard, LeasePayment
from hrp.assets.leasing.screens.reading import day, money
from hrp.assets.leasing.services import leases
from hrp.assets.models import Asset
from hrp.platform.base import clock
from hrp.platform.ui.screens import Action, Column, Field, Filter, Panel, RegisterScreen, Tab

PERMISSIONS = {
    "assets.lease.view": "查看租入合同", leases.EDIT: "维护租入合同、租金与期满", "assets.lease.export": "导出租入合同",
    "assets.lease.import": "导入租入合同",
}  # fmt: skip


def _include(*, actor: Any, obj: Lease, values: Mapping[str, Any]) -> LeaseCard:
    return leases.include(actor=actor, lease=obj, asset=Asset.objects.get(pk=values["asset"]))


def _pay(*, actor: Any, obj: Lease, values: Mapping[str, Any]) -> LeasePayment:
    return leases.pay(
        actor=actor, lease=obj, due_on=day(values, "due_on"), paid_on=day(values, "paid_on"), amount=money(values, "amount"),
        voucher=str(values.get("voucher") or ""),
    )  # fmt: skip


def _end(*, actor: Any, obj: Lease, values: Mapping[str, Any]) -> str:
    drafts = leases.end(actor=actor, lease=obj, how=str(values["how"]), on=day(values, "on"))
    return f"合同已结束，生成草稿 {len(drafts)} 张，请资产会计提交过账" if drafts else "合同已结束"


def _dues(lease: Lease, actor: Any) -> list[dict[str, Any]]:
    gone = leases.paid(lease)
    return [
        {"on": on, "rent": lease.rent, "paid": gone.get(on, 0), "left": lease.rent - gone.get(on, 0)}
        for on in leases.dues(lease)
    ]


def _state(lease: Lease) -> str:
    if lease.ended_on:
        return f"{lease.ended_on} {lease.get_ended_how_display()}"
    left = (lease.ends_on - clock.today()).days
    return "已期满" if left < 0 else f"{left} 天后期满" if left <= 90 else "履行中"


LEASES = RegisterScreen(
    key="assets.lease",
    model=Lease,
    title="租入登记",
    icon="file-import",
    url="assets/leases",
    menu=("assets", "资产台账"),
    order=40,
    ordering=("ended_on", "ends_on"),
    columns=(
        Column("number", fixed=True, card="meta"), Column("lessor", card="title"), "kind", "starts_on", Column("ends_on", sort=True),
        Column("rent", card="amount"), "passes_ownership", Column("state", title="状态", value=_state, kind="text", card="tag"),
    ),
    tabs=(Tab("running", "履行中", {"ended_on": None}), Tab("ended", "已结束", {"ended_on__isnull": False})),
    filters=(
        Filter("q", title="合同", kind="text", lookups=("number__istartswith", "lessor__icontains")), Filter("kind", kind="choice"),
        Filter("ends_on", title="期满日", kind="date_range"),
    ),
    fields=(
        "number", "kind", Field("lessor"), "org_unit", "starts_on", "ends_on", "rent", "every_months",
        Field("passes_ownership", help="转移的，使用年限按资产本身；否则取租期与使用年限较短者"), Field("note", span=3),
    ),
    panels=(
        Panel(
            "cards", "租入资产", lambda lease, actor: lease.cards.select_related("asset__org_unit"),
            ("asset", Column("asset__org_unit", title="科室"), Column("asset__status", title="状态"), Column("asset__life_months", title="使用月数")),
            model=LeaseCard, fields=(Field("asset", help="待入账卡片的取得方式、价值类型与年限随合同"),), add=_include, add_title="列入资产", permission=leases.EDIT,
            empty="还没有列入资产", closed=lambda lease: lease.ended_on is not None,
        ),
        Panel(
            "dues", "应付租金", _dues,
            (
                Column("on", title="应付日", kind="date"), Column("rent", title="应付（元）", kind="money", total=True),
                Column("paid", title="已付（元）", kind="money", total=True), Column("left", title="未付（元）", kind="money", total=True),
            ),
            empty="没有租金",
        ),
        Panel(
            "payments", "支付记录", lambda lease, actor: lease.payments.select_related("actor"),
            ("due_on", "paid_on", Column("amount", total=True), "voucher", "actor"), model=LeasePayment,
            fields=("due_on", "paid_on", Field("amount", help="冲回填负数"), Field("voucher", required=False)), add=_pay, add_title="登记支付",
            permission=leases.EDIT, empty="还没有支付",
        ),
    ),
    actions=(
        Action(
            "end", "结束合同", _end, permission=leases.EDIT, icon="flag-check", shown=lambda lease: lease.ended_on is None,
            fields=(
                Field("how", title="结束方式", kind="choice", required=True, choices=Lease.End.choices),
                Field("on", title="日期", kind="date", required=True, default=lambda actor: clock.today()),
            ),
            confirm="退还的资产将生成核销单草稿；取得所有权的将生成变动单，或新卡片与备查卡片的核销单草稿。",
        ),
    ),
    save=leases.save,
    closed=lambda lease: lease.ended_on is not None,
    scope_field="org_unit",
    search=("number__istartswith", "lessor__icontains"),
    exact=("number",),
)  # fmt: skip

ALL = (LEASES,)
