"""What documents of stock choose from beside the registers."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from hrp.logistics.documents.stock_transfer import StockTransfer
from hrp.logistics.models import Batch, Store
from hrp.platform.access import scope
from hrp.platform.documents.models import State
from hrp.platform.ui.screens import Lookup


def _sent(actor: Any) -> QuerySet[StockTransfer]:
    """Transfers to stores one receives for."""
    rows = StockTransfer.objects.all()
    return scope.filter(actor, "logistics.transfer_receipt.edit", rows, "to_store__org_unit")


ANY_STORE = Lookup(
    key="logistics.any_store",
    title="库房",
    queryset=lambda actor, params: Store.objects.filter(is_active=True).exclude(
        kind__in=(Store.Kind.TRANSIT, Store.Kind.CONSIGNMENT)
    ),
    search=("code__istartswith", "name__icontains"),
    permissions=("logistics.stock_transfer.edit",),
)

BATCHES = Lookup(
    key="logistics.batch",
    title="批号",
    queryset=lambda actor, params: (
        Batch.objects.filter(item_id=params["item"]).order_by("expiry")
        if params.get("item", "").isdigit()
        else Batch.objects.none()
    ),
    search=("lot__icontains",),
    exact=("lot",),
    hint=lambda batch: f"有效期至 {batch.expiry}",
    permissions=("logistics.transfer_receipt.edit", "logistics.stock.view"),
)

ON_THE_WAY = Lookup(
    key="logistics.transfer_on_the_way",
    title="调拨单",
    queryset=lambda actor, params: _sent(actor).filter(state=State.POSTED).order_by("-id"),
    within=_sent,
    search=("number__icontains",),
    exact=("number",),
    hint=lambda transfer: f"{transfer.store} → {transfer.to_store}",
    permissions=("logistics.transfer_receipt.edit",),
)

ALL = (ANY_STORE, BATCHES, ON_THE_WAY)
