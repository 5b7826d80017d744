"""唯一码、使用记录、紧急使用、使用收费、HIS 收费 and 寄售备查."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from hrp.logistics.highvalue import rules, selectors
from hrp.logistics.highvalue.models import (
    ConsignMove,
    EmergencyUse,
    HisCharge,
    PatientUse,
    TraceUnit,
    UnitEvent,
    UseCharge,
    UseQuota,
)
from hrp.logistics.highvalue.services import charging, emergencies, quotas, scans, using
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.ui.screens import Action, Column, Field, Filter, Output, Panel, RegisterScreen, Tab

PERMISSIONS = {
    "logistics.unit.view": "查看唯一码与追溯",
    "logistics.unit.edit": "登记唯一码损坏、过期与恢复",
    "logistics.unit.pick": "为单据扫唯一码",
    "logistics.unit.export": "导出唯一码",
    "logistics.theatre.use": "手术室扫码使用",
    "logistics.patient_use.view": "查看高值使用记录",
    "logistics.patient_use.cancel": "撤销他人的使用登记",
    "logistics.patient_use.approve": "补批紧急使用",
    "logistics.patient_use.export": "导出高值使用记录",
    "logistics.charge.view": "查看高值收费对账",
    "logistics.charge.edit": "说明收费差异与登记HIS收费",
    "logistics.charge.export": "导出高值收费",
}
TONES = {
    "in_stock": "done", "in_consign": "done", "picked": "check", "used": "wait", "booked": "wait", "settled": "draft",
    "invoiced": "draft", "damaged": "back", "expired": "back", "recalled": "back", "withdrawn": "void", "out": "void",
    "moving": "check", "labelled": "void",
}  # fmt: skip
REASON = (Field("reason", title="原因", kind="text", required=True, span=3),)


def _aside(act: str) -> Any:
    def run(*, actor: User, obj: TraceUnit, values: dict[str, Any]) -> str:
        row = scans.set_aside(actor=actor, unit=obj, act=act, reason=str(values.get("reason", "")))
        return f"{row.uid} {row.get_state_display()}"

    return run


def _may(act: str) -> Any:
    return lambda unit: unit.state in rules.ALLOWED[act]


UNITS = RegisterScreen(
    key="logistics.unit",
    model=TraceUnit,
    title="唯一码",
    icon="qrcode",
    url="logistics/units",
    menu=("logistics", "高值耗材"),
    order=14,
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: TraceUnit.objects.exclude(state="labelled").select_related("item", "batch__supplier", "store"),
    ordering=("-id",),
    columns=(
        Column("uid", fixed=True, card="title", link=lambda unit: f"/logistics/trace/{unit.pk}"),
        Column("item__name", title="物资", card="line"), Column("item__spec", title="规格型号"), Column("batch__lot", title="批号"),
        Column("batch__expiry", title="有效期至", sort=True), Column("batch__supplier", title="供应商"), Column("owner"), Column("mode"),
        Column("store", card="meta"), Column("visit_no", hidden=True), Column("price", hidden=True), Column("state", tones=TONES, card="tag"),
    ),
    filters=(
        Filter("q", title="唯一码", kind="text", lookups=("uid__icontains", "batch__lot__icontains", "item__name__icontains", "item__code__istartswith"), placeholder="唯一码 / 批号 / 物资"),
        Filter("store", kind="register", register="logistics.store"), Filter("state", kind="choice"), Filter("owner", kind="choice"),
        Filter("expiry", title="有效期", kind="date_range", lookups=("batch__expiry",)),
    ),
    tabs=(
        Tab("there", "在院", {"store__isnull": False}), Tab("consigned", "寄售", {"state": "in_consign"}), Tab("used", "已使用", {"state__in": ("used", "booked", "settled", "invoiced")}),
        Tab("aside", "下架", {"state__in": ("damaged", "expired", "recalled")}),
    ),
    fields=("uid", "item", "batch", "gtin", "serial", "owner", "mode", "state", "store", "price", "tray", "visit_no", "registered_at", Field("raw", span=3)),
    panels=(
        Panel(
            "events", "轨迹", lambda unit, actor: unit.events.select_related("store", "actor"),
            ("at", "act", "to_state", "store", Column("source", title="来源", kind="text", value=lambda event: selectors.words_of(event.source), link=lambda event: selectors.page_of(event.source)), "actor", "note"), model=UnitEvent,
        ),
    ),
    actions=(
        Action("damage", "登记损坏", _aside("damage"), permission="logistics.unit.edit", icon="alert-triangle", style="danger", fields=REASON, shown=_may("damage")),
        Action("expire", "过期下架", _aside("expire"), permission="logistics.unit.edit", icon="clock-off", fields=REASON, shown=_may("expire")),
        Action("recall", "召回下架", _aside("recall"), permission="logistics.unit.edit", icon="arrow-back-up", fields=REASON, shown=_may("recall")),
        Action("restore", "恢复", _aside("restore"), permission="logistics.unit.edit", icon="refresh", fields=REASON, shown=_may("restore")),
        Action("put_back", "退回货位", _aside("put_back"), permission="logistics.unit.edit", icon="corner-down-left", fields=REASON, shown=_may("put_back")),
    ),
    narrow=selectors.reached,
    outputs=(
        Output("追溯", lambda unit: f"/logistics/trace/{unit.pk}", icon="route", permission="logistics.unit.view"),
        Output("打印标签", lambda unit: f"/logistics/unit-labels?unit={unit.pk}", icon="barcode", permission="logistics.unit.view"),
    ),
    search=("uid__icontains",),
    exact=("uid",),
)  # fmt: skip


def _cancel(*, actor: User, obj: PatientUse, values: dict[str, Any]) -> str:
    using.cancel(actor=actor, use=obj, reason=str(values.get("reason", "")))
    return f"已撤销 {obj.unit.uid} 的使用登记"


USES = RegisterScreen(
    key="logistics.patient_use",
    model=PatientUse,
    title="高值使用记录",
    icon="heart-handshake",
    url="logistics/patient-uses",
    menu=("logistics", "高值耗材"),
    order=16,
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: PatientUse.objects.select_related("unit__item", "unit__batch", "org_unit", "nurse", "charge", "cancel"),
    ordering=("-id",),
    columns=(
        Column("used_at", fixed=True, card="meta"), Column("visit_no", card="line"), Column("patient"), Column("operation"), Column("operator"),
        Column("unit", card="title", link=lambda use: f"/logistics/trace/{use.unit_id}"), Column("unit__item__name", title="物资"), Column("unit__batch__lot", title="批号"),
        Column("org_unit"), Column("nurse", hidden=True), Column("emergency"), Column("unit__state", title="状态", kind="choice", value=lambda use: "已撤销" if hasattr(use, "cancel") else use.unit.get_state_display(), card="tag"),
    ),
    filters=(
        Filter("q", title="患者 / 唯一码", kind="text", lookups=("visit_no__istartswith", "unit__uid__icontains", "unit__batch__lot__iexact", "operation__icontains"), placeholder="就诊号 / 唯一码 / 批号 / 手术"),
        Filter("used_on", title="使用日期", kind="date_range"), Filter("operator", kind="text", lookups=("operator__icontains",)),
        Filter("org_unit", kind="register", register="org.unit"), Filter("emergency", kind="bool"),
    ),
    fields=("visit_no", "patient", "org_unit", Field("operation", span=2), "operator", "diagnosis", "site", "unit", "used_at", "nurse", "emergency", Field("raw", span=3)),
    actions=(
        Action("cancel", "撤销使用", _cancel, permission="logistics.patient_use.view", icon="arrow-back-up", style="danger", fields=REASON, shown=lambda use: not hasattr(use, "cancel")),
    ),
    outputs=(
        Output("追溯", lambda use: f"/logistics/trace/{use.unit_id}", icon="route", permission="logistics.unit.view"),
        Output("植入卡", lambda use: f"/logistics/patient-uses/{use.pk}/implant-card" if use.unit.item.implant and not hasattr(use, "cancel") else "", icon="id", permission="logistics.patient_use.view"),
        Output("使用记录 C0022", lambda use: "" if hasattr(use, "cancel") else f"/logistics/patient-uses/{use.pk}/c0022", icon="file-code", permission="logistics.patient_use.export"),
    ),
    search=("visit_no__istartswith",),
    exact=(),
    scope_field="org_unit",
)  # fmt: skip


QUOTAS = RegisterScreen(
    key="logistics.use_quota",
    model=UseQuota,
    title="使用定额",
    icon="gauge",
    url="logistics/use-quotas",
    menu=("logistics", "高值耗材"),
    order=19,
    codes={"view": "logistics.patient_use.view", "edit": "logistics.patient_use.approve", "export": "logistics.patient_use.export"},
    queryset=lambda actor: UseQuota.objects.select_related("item"),
    ordering=("kind", "name", "id"),
    columns=(
        Column("kind", card="meta"), Column("name", card="title"), Column("item", card="line"), "pieces", "amount",
        Column("used", title="本月已用（件）", kind="integer", value=lambda quota: quotas.counted(quota).count()), Column("is_active", card="tag"),
    ),
    filters=(Filter("kind", kind="choice"), Filter("name", kind="text", lookups=("name__icontains",))),
    fields=("kind", Field("name", help="医生写全名；病种写诊断中的关键字"), Field("item", lookup="logistics.quota_item"), "pieces", "amount", "is_active"),
    panels=(
        Panel(
            "uses", "本月使用", lambda quota, actor: scope.filter(actor, "logistics.patient_use.view", quotas.counted(quota)).select_related("unit__item", "org_unit").order_by("-pk")[:200],
            (Column("used_at"), Column("visit_no"), Column("operation"), Column("operator"), Column("unit__item", title="物资"), Column("unit__price", title="单价"), Column("org_unit")), model=PatientUse, empty="本月还没有使用",
        ),
    ),
    search=("name__icontains",),
    exact=(),
)  # fmt: skip


def _decide(approve: bool) -> Any:
    def run(*, actor: User, obj: EmergencyUse, values: dict[str, Any]) -> str:
        text = str(values.get("price") or "").strip()
        try:
            price = Decimal(text) if text else None
        except InvalidOperation:
            raise Invalid(
                "价格应为数字", problems=[Problem("应为数字", field="price")], way_out="请填写数字。"
            ) from None
        row = emergencies.decide(
            actor=actor, case=obj, approve=approve, opinion=str(values.get("opinion") or ""), price=price
        )
        return f"已补批：{row.get_decision_display()}"

    return run


CASES = RegisterScreen(
    key="logistics.emergency_use",
    model=EmergencyUse,
    title="紧急使用",
    icon="urgent",
    url="logistics/emergency-uses",
    menu=("logistics", "高值耗材"),
    order=18,
    permission="logistics.patient_use",
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: EmergencyUse.objects.select_related("use__unit__item", "use__org_unit", "asked_by", "decided_by"),
    ordering=("-id",),
    columns=(
        Column("use__used_at", title="使用时间", kind="datetime", fixed=True, card="meta"), Column("use__visit_no", title="就诊号", card="line"),
        Column("use__unit__item__name", title="物资", card="title"), Column("use__unit__uid", title="唯一码"), Column("reason"), Column("asked_by"), Column("due_at"),
        Column("decision", tones={"": "wait", "approved": "done", "refused": "back"}, card="tag"), Column("decided_by"), Column("decided_at"),
    ),
    tabs=(Tab("waiting", "待补批", {"decision": ""}),),
    fields=("use", "reason", "due_at", "asked_by", "decision", "decided_by", "decided_at", "opinion"),
    actions=(
        Action("approve", "同意", _decide(True), permission="logistics.patient_use.approve", icon="check", style="primary", fields=(Field("price", title="议定价格（元）", kind="text"), Field("opinion", title="意见", kind="text", span=2)), shown=lambda row: not row.decision),
        Action("refuse", "不同意", _decide(False), permission="logistics.patient_use.approve", icon="x", style="danger", fields=(Field("opinion", title="意见", kind="text", required=True, span=3),), shown=lambda row: not row.decision),
    ),
    search=(),
    exact=(),
    scope_field="use__org_unit",
)  # fmt: skip


def _explain(*, actor: User, obj: Any, values: dict[str, Any]) -> str:
    charging.explain(actor=actor, charge=obj, text=str(values.get("explanation") or ""))
    return "已记录说明"


EXPLANATION = (Field("explanation", title="差异说明", kind="text", required=True, span=3),)
CHARGES = RegisterScreen(
    key="logistics.use_charge",
    model=UseCharge,
    title="使用收费",
    icon="cash",
    url="logistics/use-charges",
    menu=("logistics", "高值耗材"),
    order=44,
    permission="logistics.charge",
    editable=False,
    creatable=False,
    queryset=lambda actor: UseCharge.objects.select_related("use__unit__item", "use__org_unit"),
    ordering=("-id",),
    columns=(
        Column("use__used_at", title="使用时间", kind="datetime", fixed=True, card="meta"), Column("use__visit_no", title="就诊号", card="line"),
        Column("use__unit__uid", title="唯一码", card="title"), Column("use__unit__item__name", title="物资"), Column("charge_item"), Column("charge_no"),
        Column("state", tones={"charged": "done", "waiting": "wait", "told": "check", "failed": "back", "none": "draft", "cancelled": "void"}, card="tag"), Column("error"), Column("explanation"),
    ),
    filters=(Filter("state", kind="choice"), Filter("q", title="就诊号 / 唯一码", kind="text", lookups=("use__visit_no__istartswith", "use__unit__uid__icontains"))),
    fields=("use", "state", "charge_item", "charge_no", Field("error", span=2), Field("explanation", span=2), "explained_by", "explained_at"),
    actions=(Action("explain", "说明差异", _explain, permission="logistics.charge.edit", icon="message", fields=EXPLANATION, shown=lambda row: row.state in ("waiting", "told", "failed")),),
    search=(),
    exact=(),
    scope_field="use__org_unit",
)  # fmt: skip

HIS = RegisterScreen(
    key="logistics.his_charge",
    model=HisCharge,
    title="HIS收费记录",
    icon="file-dollar",
    url="logistics/his-charges",
    menu=("logistics", "高值耗材"),
    order=46,
    permission="logistics.charge",
    narrow=lambda rows, held: rows.none(),  # HIS names no department
    save=charging.save_his,
    ordering=("-charged_on", "-id"),
    columns=(
        Column("charge_no", fixed=True, card="title"), Column("charged_on", sort=True, card="meta"), Column("visit_no", card="line"), Column("uid"), Column("charge_item"),
        Column("amount", total=True, card="amount"), Column("cancelled"), Column("explanation"),
    ),
    filters=(Filter("charged_on", title="收费日期", kind="date_range"), Filter("q", title="就诊号 / 唯一码", kind="text", lookups=("visit_no__istartswith", "uid__icontains", "charge_no__iexact"))),
    fields=("charge_no", "uid", "visit_no", "charge_item", "amount", "charged_on", "cancelled"),
    actions=(Action("explain", "说明差异", _explain, permission="logistics.charge.edit", icon="message", fields=EXPLANATION),),
    search=("charge_no__istartswith",),
    exact=("charge_no",),
)  # fmt: skip

MEMO = RegisterScreen(
    key="logistics.consign_move",
    model=ConsignMove,
    title="寄售备查",
    icon="list-details",
    url="logistics/consign-moves",
    menu=("logistics", "高值耗材"),
    order=36,
    permission="logistics.stock",
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: ConsignMove.objects.select_related("store", "item", "batch__supplier", "unit"),
    ordering=("-id",),
    columns=(
        Column("date", sort=True, card="meta"), Column("source", title="来源", kind="text", value=lambda move: selectors.kind_of(move.source), link=lambda move: selectors.page_of(move.source), card="line"), Column("store"), Column("batch__supplier", title="供应商"),
        Column("item", card="title"), Column("batch__lot", title="批号"), Column("unit"), Column("quantity", total=True, card="amount"),
    ),
    filters=(
        Filter("store", kind="register", register="logistics.store"), Filter("supplier", title="供应商", kind="register", register="logistics.supplier", lookups=("batch__supplier",)),
        Filter("date", title="日期", kind="date_range"), Filter("q", title="物资 / 批号", kind="text", lookups=("item__name__icontains", "batch__lot__iexact", "unit__uid__icontains")),
    ),
    search=(),
    exact=(),
    scope_field="store__org_unit",
)  # fmt: skip

ALL = (UNITS, USES, CASES, QUOTAS, CHARGES, HIS, MEMO)
