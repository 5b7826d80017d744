"""What documents of high-value goods choose from beside the registers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import QuerySet

from hrp.logistics.highvalue import selectors
from hrp.logistics.highvalue.models import PatientUse, TraceUnit
from hrp.logistics.models import Batch, Item, Store
from hrp.platform.access import scope
from hrp.platform.ui import reach
from hrp.platform.ui.screens import Lookup

CONSIGN_IN, CONSIGN_OUT = "logistics.consign_in.edit", "logistics.consign_out.edit"
SETTLE, BOOK = "logistics.use_settlement.edit", "logistics.use_booking.edit"
KNOW_PIECES = ("logistics.adverse_event.edit", "logistics.unit.view")


def _of(rows: QuerySet[TraceUnit], path: str, params: Mapping[str, str], name: str) -> QuerySet[TraceUnit]:
    """Of pieces those the line before has narrowed them to."""
    given = params.get(name, "")
    return (rows.filter(**{path: given}) if given.isdigit() else rows).select_related("item", "batch")


def _cabinets(actor: Any) -> QuerySet[Store]:
    """Stores of departments one receives for or sends back from."""
    held = reach.units_of_any(actor, (CONSIGN_IN, CONSIGN_OUT))
    return Store.objects.all() if held is None else Store.objects.filter(org_unit__in=held)


def _pieces(*codes: str) -> Callable[[Any], QuerySet[TraceUnit]]:
    """Pieces within reach of who holds any of the permissions."""
    return lambda actor: selectors.reached(TraceUnit.objects.all(), reach.units_of_any(actor, codes))


def _uses(actor: Any) -> QuerySet[PatientUse]:
    return scope.filter(actor, BOOK, PatientUse.objects.select_related("unit__item"))


_of_consigned, _of_booked, _of_any = _pieces(CONSIGN_OUT), _pieces(SETTLE), _pieces(*KNOW_PIECES)


CABINETS = Lookup(
    key="logistics.cabinet",
    title="寄售柜",
    queryset=lambda actor, params: _cabinets(actor).filter(is_active=True, kind=Store.Kind.CONSIGNMENT),
    within=_cabinets,
    search=("code__istartswith", "name__icontains"),
    permissions=(CONSIGN_IN, CONSIGN_OUT),
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
    queryset=lambda actor, params: _of(
        _of_consigned(actor).filter(owner="supplier").exclude(store=None), "store_id", params, "store"
    ),
    within=_of_consigned,
    search=("uid__icontains", "batch__lot__icontains", "item__name__icontains"),
    exact=("uid", "serial"),
    hint=lambda unit: f"{unit.item} 批号 {unit.batch.lot}",
    permissions=(CONSIGN_OUT,),
)
BOOKED = Lookup(
    key="logistics.booked_unit",
    title="待结算唯一码",
    queryset=lambda actor, params: _of(
        _of_booked(actor).filter(owner="supplier", state="booked"), "batch__supplier_id", params, "supplier"
    ),
    within=_of_booked,
    search=("uid__icontains", "batch__lot__icontains", "item__name__icontains"),
    exact=("uid", "serial"),
    hint=lambda unit: f"{unit.item} 批号 {unit.batch.lot}",
    permissions=(SETTLE,),
)
USES = Lookup(
    key="logistics.use_to_book",
    title="使用登记",
    queryset=lambda actor, params: _uses(actor).filter(unit__state="used", cancel=None),
    within=_uses,
    search=("unit__uid__icontains", "visit_no__istartswith"),
    exact=("unit__uid",),
    label=lambda use: f"{use.unit.uid} {use.visit_no}",
    hint=lambda use: str(use.unit.item),
    permissions=(BOOK,),
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
        _of_any(actor).exclude(state="labelled").select_related("item", "batch").order_by("-pk")
    ),
    within=_of_any,
    search=("uid__icontains", "batch__lot__icontains"),
    exact=("uid", "serial"),
    hint=lambda unit: f"{unit.item} 批号 {unit.batch.lot}",
    permissions=KNOW_PIECES,
)

ALL = (QUOTA_ITEMS, CABINETS, PIECE_ITEMS, CONSIGNED, BOOKED, USES, LOTS, PIECES)
