"""价格协议, 集采合同, 供应目录, 临时采购, 物资准入 and 扫码记录."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from hrp.logistics.catalogue import selectors
from hrp.logistics.catalogue.models import (
    ItemDecision,
    OneOffPurchase,
    OneOffUse,
    PriceAgreement,
    ScanRecord,
    Stage,
    SupplyLine,
    SupplyVersion,
    VolumeContract,
    VolumeItem,
)
from hrp.logistics.catalogue.services import prices, supply
from hrp.logistics.models import Item
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid
from hrp.platform.documents.registry import url_for
from hrp.platform.org.models import valid_on
from hrp.platform.ui import services
from hrp.platform.ui.screens import Action, Column, Field, Filter, Panel, RegisterScreen, Tab

PERMISSIONS = {
    "logistics.agreement.view": "查看价格协议",
    "logistics.agreement.edit": "维护价格协议",
    "logistics.agreement.import": "导入价格协议",
    "logistics.agreement.export": "导出价格协议",
    "logistics.volume_contract.view": "查看集采合同与进度",
    "logistics.volume_contract.edit": "维护集采合同",
    "logistics.volume_contract.export": "导出集采合同",
    "logistics.supply_version.view": "查看供应目录",
    "logistics.supply_version.edit": "编制供应目录",
    "logistics.supply_version.approve": "发布供应目录",
    "logistics.supply_version.export": "导出供应目录",
    "logistics.one_off.view": "查看临时采购",
    "logistics.one_off.edit": "申请临时采购",
    "logistics.one_off.approve": "批准临时采购",
    "logistics.one_off.export": "导出临时采购",
}


def _valid(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(valid_on(clock.today())) if value == "1" else rows.exclude(valid_on(clock.today()))


def _save_agreement(*, actor: User, pk: int | None, values: dict[str, Any]) -> PriceAgreement:
    """Save an agreement whose days no other one has."""
    before = PriceAgreement.objects.filter(pk=pk).first() if pk is not None else None
    supplier, item = (
        values.get(name) or (getattr(before, f"{name}_id") if before else None)
        for name in ("supplier", "item")
    )
    since = values.get("valid_from") or (before.valid_from.isoformat() if before else "")
    until = (
        values["valid_to"]
        if "valid_to" in values
        else (before.valid_to.isoformat() if before and before.valid_to else "")
    )
    if supplier and item and since:
        prices.require_free(
            supplier=int(supplier), item=int(item), valid_from=dt.date.fromisoformat(since),
            valid_to=dt.date.fromisoformat(until) if until else None, other_than=pk,
        )  # fmt: skip
    saved: PriceAgreement = services.save_row(AGREEMENTS, actor=actor, pk=pk, values=values)
    return saved


def _end(*, actor: User, obj: PriceAgreement, values: dict[str, Any]) -> str:
    """End an agreement on a day, so that the next price can begin on the day after."""
    _save_agreement(actor=actor, pk=obj.pk, values={"valid_to": values["valid_to"]})
    return f"已于 {values['valid_to']} 截止"


AGREEMENTS = RegisterScreen(
    key="logistics.agreement",
    model=PriceAgreement,
    title="价格协议",
    icon="receipt-yuan",
    url="logistics/agreements",
    menu=("logistics", "采购"),
    order=70,
    save=_save_agreement,
    queryset=lambda actor: PriceAgreement.objects.select_related("item", "supplier"),
    ordering=("item__code", "supplier__code", "-valid_from"),
    columns=(
        Column("item__code", title="物资编码", sort=True, fixed=True, card="meta"), Column("item", card="title"), Column("supplier", card="line"),
        Column("price", sort=True, card="amount"), Column("item__unit", title="单位"), "tax_rate", Column("valid_from", sort=True), Column("valid_to", sort=True, card="meta"), Column("source", card="tag"), "document",
    ),
    filters=(
        Filter("item", kind="register", register="logistics.item"), Filter("supplier", kind="register", register="logistics.supplier"),
        Filter("source", kind="choice"), Filter("valid", title="今日有效", kind="choice", choices=(("1", "有效"), ("0", "无效")), apply=_valid),
    ),
    fields=(Field("supplier", immutable=True), Field("item", immutable=True), Field("source"), Field("price", help="基本单位的含税单价"), Field("tax_rate"), Field("document"), Field("valid_from"), Field("valid_to", help="空为未定；同一供应商同一物资的日期不能重叠")),
    actions=(Action("end", "截止", _end, permission="logistics.agreement.edit", icon="calendar-x", fields=(Field("valid_to", title="最后一天", required=True),), shown=lambda row: row.valid_to is None or row.valid_to >= clock.today()),),
    search=(),
    exact=(),
)  # fmt: skip


def _done(contract: VolumeContract) -> str:
    return f"{selectors.volume_progress(contract, clock.today())[0].done_percent}%"


def _gone(contract: VolumeContract) -> str:
    return f"{selectors.volume_progress(contract, clock.today())[0].time_percent}%"


def volume_state(contract: VolumeContract) -> str:
    found, _ = selectors.volume_progress(contract, clock.today())
    said = [text for text, on in (("落后", found.behind), ("非中选超限", found.over_cap)) if on]
    return "、".join(said) or "正常"


def _volume_facts(contract: VolumeContract, actor: Any) -> list[dict[str, str]]:
    found, selected = selectors.volume_progress(contract, clock.today())
    return [
        {"name": "约定采购量", "value": f"{contract.agreed.normalize():f} {contract.unit}"},
        {
            "name": "中选产品已完成",
            "value": f"{selected.normalize():f} {contract.unit}（{found.done_percent}%）",
        },
        {"name": "时间进度", "value": f"{found.time_percent}%" + ("，完成量落后" if found.behind else "")},
        {
            "name": "非中选产品占比",
            "value": f"{found.unselected_percent}%" + ("，超过上限" if found.over_cap else ""),
        },
    ]


def _add_volume_item(*, actor: User, obj: VolumeContract, values: dict[str, Any]) -> Any:
    return services.add_row(
        VolumeItem, actor=actor, values={"contract": obj.pk, "item": values["item"], "selected": bool(values.get("selected"))},
        act="logistics.volume_contract.edit", target=f"logistics.volume_contract:{obj.pk}", summary=f"{obj} 加入品种",
    )  # fmt: skip


VOLUMES = RegisterScreen(
    key="logistics.volume_contract",
    model=VolumeContract,
    title="集采合同",
    icon="chart-bar",
    url="logistics/volume-contracts",
    menu=("logistics", "采购"),
    order=80,
    ordering=("-valid_from", "code"),
    columns=(
        Column("code", fixed=True, card="meta"), Column("name", card="title"), Column("round_name", card="line"), "agreed", "unit", "valid_from", "valid_to",
        Column("done", title="完成", value=_done, card="meta"), Column("gone", title="时间进度", value=_gone), Column("state", title="提醒", value=volume_state, card="tag"),
    ),
    filters=(Filter("q", title="合同", kind="text", lookups=("code__istartswith", "name__icontains", "round_name__icontains")), Filter("is_active", title="启用", kind="bool")),
    fields=(Field("code", immutable=True), Field("name", span=2), "round_name", "agreed", "unit", "valid_from", "valid_to", "is_active"),
    panels=(
        Panel("facts", "进度", _volume_facts, (Column("name", title="项目", value=lambda row: row["name"]), Column("value", title="数值", value=lambda row: row["value"]))),
        Panel(
            "items", "品种", lambda row, actor: VolumeItem.objects.filter(contract=row).select_related("item"),
            (Column("item__code", title="编码"), "item", Column("item__manufacturer", title="生产企业"), "selected"), model=VolumeItem,
            fields=("item", "selected"), add=_add_volume_item, add_title="加入品种", permission="logistics.volume_contract.edit", empty="还没有品种",
        ),
    ),
)  # fmt: skip


def _draft(*, actor: User, pk: int | None, values: dict[str, Any]) -> SupplyVersion:
    if pk is None:
        return supply.draft(
            actor=actor,
            values={
                **values,
                "meeting_date": _day(values, "meeting_date"),
                "effective_from": _day(values, "effective_from"),
            },
        )
    saved: SupplyVersion = services.save_row(VERSIONS, actor=actor, pk=pk, values=values)
    return saved


def _day(values: dict[str, Any], name: str) -> dt.date:
    return dt.date.fromisoformat(values[name])


def _publish(*, actor: User, obj: SupplyVersion, values: dict[str, Any]) -> str:
    supply.publish(actor=actor, version=obj)
    return f"已发布，自 {obj.effective_from} 执行"


def _add_line(*, actor: User, obj: SupplyVersion, values: dict[str, Any]) -> Any:
    if not supply.add(actor=actor, version=obj, items=[values["item"]], note=values.get("note", "")):
        raise Invalid("这个物资已在目录中", way_out="请选择别的物资。")
    return obj


def _drop_line(*, actor: User, obj: SupplyVersion, values: dict[str, Any]) -> str:
    item = Item.objects.get(pk=values["item"])
    supply.drop(actor=actor, version=obj, item=item)
    return f"已移出 {item}"


def _changes(version: SupplyVersion, actor: Any) -> list[dict[str, Any]]:
    added, dropped = selectors.catalogue_changes(
        version, supply.in_force(version.effective_from - dt.timedelta(days=1))
    )
    return [
        {"what": what, "item": item}
        for what, items in (("新增", added), ("移出", dropped))
        for item in items[:100]
    ]


VERSIONS = RegisterScreen(
    key="logistics.supply_version",
    model=SupplyVersion,
    title="供应目录",
    icon="list-check",
    url="logistics/supply-versions",
    menu=("logistics", "采购"),
    order=90,
    save=_draft,
    closed=lambda row: row.published_at is not None,
    queryset=lambda actor: SupplyVersion.objects.select_related("published_by"),
    ordering=("-effective_from",),
    columns=(
        Column("code", fixed=True, card="title"), Column("meeting", card="line"), "meeting_date", Column("effective_from", sort=True, card="meta"),
        Column("count", title="品种数", kind="integer", value=lambda row: row.lines.count()), "published_by",
        Column("state", title="状态", value=lambda row: "已发布" if row.published_at else "编制中", card="tag"),
    ),
    fields=(Field("code", immutable=True), Field("meeting", span=2), "meeting_date", "effective_from", Field("note", span=3)),
    panels=(
        Panel("changes", "与上一版相比", _changes, (Column("what", title="变化", value=lambda row: row["what"]), Column("code", title="编码", value=lambda row: row["item"].code), Column("item", title="物资", value=lambda row: str(row["item"])), Column("maker", title="生产企业", value=lambda row: row["item"].manufacturer)), empty="品种没有变化"),
        Panel(
            "lines", "品种", lambda row, actor: SupplyLine.objects.filter(version=row).select_related("item").order_by("item__code"),
            (Column("item__code", title="编码"), "item", Column("item__manufacturer", title="生产企业"), "note"), model=SupplyLine,
            fields=("item", "note"), add=_add_line, add_title="加入物资", permission=supply.EDIT, closed=lambda row: row.published_at is not None,
        ),
    ),
    actions=(
        Action("publish", "发布", _publish, permission="logistics.supply_version.approve", icon="send", style="primary", confirm="发布后目录不能再改，自执行日期起订单与入库按它检查。", shown=lambda row: row.published_at is None),
        Action("drop", "移出物资", _drop_line, permission=supply.EDIT, icon="minus", model=SupplyLine, fields=(Field("item", title="移出哪个物资", required=True),), shown=lambda row: row.published_at is None),
    ),
    search=("code__istartswith", "meeting__icontains"),
)  # fmt: skip


def _ask(*, actor: User, pk: int | None, values: dict[str, Any]) -> OneOffPurchase:
    if pk is not None:
        raise Invalid("临时采购不能修改", way_out="请另行申请。")
    given = {name: values.get(name) for name in ("item", "supplier", "org_unit")}
    return supply.ask_one_off(
        actor=actor,
        values={
            **{f"{name}_id": found for name, found in given.items()}, "quantity": Decimal(values["quantity"]),
            "price": Decimal(values["price"]) if values.get("price") else None, "reason": values["reason"],
            "valid_to": _day(values, "valid_to"),
        },
    )  # fmt: skip


def _approve(*, actor: User, obj: OneOffPurchase, values: dict[str, Any]) -> str:
    supply.approve_one_off(actor=actor, one_off=obj)
    return "已批准"


def one_off_state(row: OneOffPurchase) -> str:
    if row.approved_by_id is None:
        return "待批准"
    if row.used >= row.quantity:
        return "已用完"
    return "已失效" if row.valid_to < clock.today() else "可用"


ONE_OFFS = RegisterScreen(
    key="logistics.one_off",
    model=OneOffPurchase,
    title="临时采购",
    icon="urgent",
    url="logistics/one-offs",
    menu=("logistics", "采购"),
    order=100,
    save=_ask,
    closed=lambda row: True,
    scope_field="org_unit",
    queryset=lambda actor: OneOffPurchase.objects.select_related("item", "supplier", "org_unit", "asked_by", "approved_by"),
    ordering=("-id",),
    columns=(
        Column("item", fixed=True, card="title"), Column("org_unit", title="申请科室", card="line"), "supplier", "quantity", "used", "price", Column("reason", card="line"),
        Column("valid_to", card="meta"), "asked_by", "approved_by", Column("state", title="状态", value=one_off_state, card="tag"),
    ),
    filters=(Filter("item", kind="register", register="logistics.item"), Filter("org_unit", title="申请科室", kind="register", register="org.unit")),
    fields=("item", "supplier", Field("org_unit", title="申请科室", default=lambda actor: actor.unit_id), "quantity", "price", "valid_to", Field("reason", span=3)),
    panels=(Panel("uses", "使用", lambda row, actor: OneOffUse.objects.filter(one_off=row), (Column("source", title="单据", link=lambda use: url_for(use.source)), "quantity"), model=OneOffUse, empty="还没有入库"),),
    actions=(Action("approve", "批准", _approve, permission="logistics.one_off.approve", icon="check", style="primary", confirm="批准后，目录外的这些数量可以下单、入库。", shown=lambda row: row.approved_by_id is None),),
    search=(),
    exact=(),
)  # fmt: skip


def _admissions(actor: Any) -> QuerySet[Any]:
    last = ItemDecision.objects.filter(item=OuterRef("pk")).order_by("-id").values("after")[:1]
    rows = Item.objects.filter(status=Item.Status.DRAFT).select_related("material_class")
    return rows.annotate(stage=Coalesce(Subquery(last), "status"))


ADMISSIONS = RegisterScreen(
    key="logistics.admission",
    model=Item,
    title="物资准入",
    icon="progress-check",
    url="logistics/admissions",
    menu=("logistics", "基础资料"),
    order=15,
    permission="logistics.item",
    editable=False,
    creatable=False,
    history=False,
    queryset=_admissions,
    columns=(
        Column("code", fixed=True, card="meta", link=lambda item: f"/logistics/items/{item.pk}"), Column("name", card="title"), Column("spec", card="line"), "kind", "manufacturer", "registration_number",
        Column("stage", title="进度", kind="choice", value=lambda item: Stage(item.stage).label, card="tag"),
    ),
    tabs=tuple(Tab(stage.value, str(stage.label), {"stage": stage.value}) for stage in (Stage.DRAFT, Stage.QUALIFICATION, Stage.COMMITTEE)),
    filters=(Filter("q", title="物资", kind="text", apply=selectors.find_items, placeholder="编码 / 名称 / 拼音码"), Filter("kind", kind="choice")),
    fields=("code", Field("name", span=2), "spec", "kind", "manufacturer", "registration_number"),
    search=(),
    exact=(),
)  # fmt: skip

SCANS = RegisterScreen(
    key="logistics.scan",
    model=ScanRecord,
    title="扫码记录",
    icon="barcode",
    url="logistics/scans",
    menu=("logistics", "库存业务"),
    order=90,
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: ScanRecord.objects.select_related("item", "scanned_by"),
    ordering=("-id",),
    columns=(
        Column("scanned_at", fixed=True, card="meta"), Column("raw", value=lambda row: row.raw.replace("\x1d", "⟨GS⟩"), card="title"), Column("outcome", card="tag", tones={"found": "done", "unknown": "wait", "unreadable": "back"}),
        Column("item", card="line"), "lot", "serial", "warnings", "scanned_by",
    ),
    filters=(
        Filter("q", title="内容", kind="text", lookups=("di", "raw__startswith", "lot", "serial"), placeholder="DI / 批号 / 序列号"),
        Filter("outcome", kind="choice"), Filter("item", kind="register", register="logistics.item"), Filter("scanned_at", title="日期", kind="date_range"),
    ),
    fields=(Field("raw", span=3), "outcome", "di", "item", "lot", "serial", Field("warnings", span=3), "place", "scanned_by", "scanned_at"),
    search=(),
    exact=(),
)  # fmt: skip

ALL = (ADMISSIONS, AGREEMENTS, VOLUMES, VERSIONS, ONE_OFFS, SCANS)
