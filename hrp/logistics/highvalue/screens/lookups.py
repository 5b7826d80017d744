"""What documents of high-value goods choose from beside the registers."""

from __future__ import annotations

from hrp.logistics.highvalue.models import PatientUse, TraceUnit
from hrp.logistics.models import Batch, Item, Store
from hrp.platform.ui.screens import Lookup

CABINETS = Lookup(
    key="logistics.cabinet",
    title="寄售柜",
    queryset=lambda actor, params: Store.objects.filter(is_active=True, kind=Store.Kind.CONSIGNMENT),
    search=("code__istartswith", "name__icontains"),
    permissions=("logistics.consign_in.edit", "logistics.consign_out.edit"),
)
QUOTA_ITEMS = Lookup(
    key="logistics.quota_item",
    title="一物一码物资",
    queryset=lambda actor, params: Item.objects.filter(trace_mode=Item.Trace.UNIT),
    search=("code__istartswith", "name__icontains", "pinyin__icontains"),
    permissions=("logistics.patient_use.approve",),
)
PIECE_ITEMS = Lookup(
    key="logistics.piece_item",
    title="一物一码物资",
    queryset=lambda actor, params: Item.objects.filter(trace_mode=Item.Trace.UNIT, status=Item.Status.ACTIVE),
    search=("code__istartswith", "name__icontains", "pinyin__icontains"),
    exact=("code", "barcode"),
    hint=lambda item: f"{item.spec} · {item.unit}",
    fill=lambda item: {"unit": item.unit, "spec": item.spec},
    permissions=(
        "logistics.consign_in.edit",
        "logistics.operation_request.edit",
        "logistics.consign_statement.edit",
    ),
)
CONSIGNED = Lookup(
    key="logistics.consigned_unit",
    title="寄售唯一码",
    queryset=lambda actor, params: (
        TraceUnit.objects.filter(owner="supplier")
        .exclude(store=None)
        .filter(**({"store_id": params["store"]} if params.get("store", "").isdigit() else {}))
        .select_related("item", "batch")
    ),
    search=("uid__icontains", "batch__lot__icontains", "item__name__icontains"),
    exact=("uid", "serial"),
    hint=lambda unit: f"{unit.item} 批号 {unit.batch.lot}",
    permissions=("logistics.consign_out.edit",),
)
BOOKED = Lookup(
    key="logistics.booked_unit",
    title="待结算唯一码",
    queryset=lambda actor, params: (
        TraceUnit.objects.filter(owner="supplier", state="booked")
        .filter(
            **({"batch__supplier_id": params["supplier"]} if params.get("supplier", "").isdigit() else {})
        )
        .select_related("item", "batch")
    ),
    search=("uid__icontains", "batch__lot__icontains", "item__name__icontains"),
    exact=("uid", "serial"),
    hint=lambda unit: f"{unit.item} 批号 {unit.batch.lot}",
    permissions=("logistics.use_settlement.edit",),
)
USES = Lookup(
    key="logistics.use_to_book",
    title="使用登记",
    queryset=lambda actor, params: PatientUse.objects.filter(unit__state="used", cancel=None).select_related(
        "unit__item"
    ),
    search=("unit__uid__icontains", "visit_no__istartswith"),
    exact=("unit__uid",),
    label=lambda use: f"{use.unit.uid} {use.visit_no}",
    hint=lambda use: str(use.unit.item),
    permissions=("logistics.use_booking.edit",),
)
LOTS = Lookup(
    key="logistics.any_batch",
    title="批次",
    queryset=lambda actor, params: (
        Batch.objects.filter(**({"item_id": params["item"]} if params.get("item", "").isdigit() else {}))
        .select_related("item", "supplier")
        .order_by("-pk")
    ),
    search=("lot__icontains", "item__name__icontains", "item__code__istartswith"),
    exact=("lot",),
    label=lambda batch: f"{batch.lot or '无批号'} {batch.item}",
    hint=lambda batch: f"{batch.supplier} 有效期至 {batch.expiry}",
    permissions=("logistics.freeze.edit", "logistics.adverse_event.edit", "logistics.consign_statement.edit"),
)
PIECES = Lookup(
    key="logistics.any_unit",
    title="唯一码",
    queryset=lambda actor, params: (
        TraceUnit.objects.exclude(state="labelled").select_related("item", "batch").order_by("-pk")
    ),
    search=("uid__icontains", "batch__lot__icontains"),
    exact=("uid", "serial"),
    hint=lambda unit: f"{unit.item} 批号 {unit.batch.lot}",
    permissions=("logistics.adverse_event.edit", "logistics.unit.view"),
)

ALL = (QUOTA_ITEMS, CABINETS, PIECE_ITEMS, CONSIGNED, BOOKED, USES, LOTS, PIECES)
