"""How far requests have come."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, Exists, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from hrp.logistics.requesting.documents.picking import Picking
from hrp.logistics.requesting.documents.requisition import Requisition, RequisitionLine
from hrp.logistics.requesting.documents.serving import (
    DeliverySignature,
    RequisitionClosing,
    RequisitionServing,
)
from hrp.platform.documents import registry
from hrp.platform.documents.models import State

_ZERO = Decimal(0)
_TYPE: Any = DecimalField(max_digits=18, decimal_places=4)


def with_progress(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Requests with ``granted_sum``, ``served_sum`` and ``is_closed``, in one query."""
    granted = (
        RequisitionLine.objects.filter(document=OuterRef("pk")).order_by().values("document")
        .annotate(sum=Sum("granted")).values("sum")
    )  # fmt: skip
    served = (
        RequisitionServing.objects.filter(requisition=OuterRef("pk")).order_by().values("requisition")
        .annotate(sum=Sum("quantity")).values("sum")
    )  # fmt: skip
    return rows.annotate(
        granted_sum=Coalesce(Subquery(granted, output_field=_TYPE), _ZERO, output_field=_TYPE),
        served_sum=Coalesce(Subquery(served, output_field=_TYPE), _ZERO, output_field=_TYPE),
        is_closed=Exists(RequisitionClosing.objects.filter(requisition=OuterRef("pk"))),
    )


def progress_of(request: Any) -> str:
    """配货 in one word; "" before the store has spoken."""
    if request.state != State.POSTED:
        return ""
    if request.served_sum >= request.granted_sum > 0:
        return "完成"
    if request.is_closed:
        return "部分后结束" if request.served_sum else "已结束"
    return "部分" if request.served_sum else "待配货"


def is_open(request: Requisition) -> bool:
    """Granted, and something of it neither served nor closed."""
    found = with_progress(Requisition.objects.filter(pk=request.pk)).get()
    return progress_of(found) in ("待配货", "部分")


def open_picking(request: Requisition) -> Picking | None:
    return Picking.objects.filter(requisition=request, state__in=("open", "picked")).first()


def waiting_to_pick(store_units: frozenset[int] | None) -> QuerySet[Any]:
    """Granted requests the stores of these units (None: all) still have to serve, urgent first."""
    rows = with_progress(Requisition.objects.filter(state=State.POSTED))
    if store_units is not None:
        rows = rows.filter(store__org_unit_id__in=store_units)
    rows = rows.filter(is_closed=False, served_sum__lt=F("granted_sum"))
    return rows.select_related("org_unit", "store").order_by("-urgent", "posted_at")


def deliveries(request: Requisition) -> list[dict[str, Any]]:
    """The documents made for a request, with who signed."""
    sources = list(request.deliveries.order_by("pk").values_list("source", flat=True))
    signed = {
        s.source: s for s in DeliverySignature.objects.filter(source__in=sources).select_related("signer")
    }
    rows = []
    for source in sources:
        document = registry.load(source)
        if document is None:
            continue
        signature = signed.get(source)
        rows.append(
            {
                "document": str(document), "url": registry.url_for(source), "state": document.get_state_display(),
                "posted_at": document.posted_at, "total": document.total,
                "signer": signature.signer.display_name if signature else "",
                "signed_at": signature.at if signature else None,
            }
        )  # fmt: skip
    return rows
