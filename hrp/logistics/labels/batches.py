"""院内码 of goods managed by lot: what is on hand, labelled with its item, lot and expiry."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from hrp.logistics.labels.kinds import Kind
from hrp.logistics.labels.rules.zpl import Label
from hrp.logistics.models import StockBalance, Store
from hrp.logistics.rules.expiry import NO_EXPIRY
from hrp.platform.access import scope

VIEW = "logistics.stock.view"


def rows(actor: Any, store: Store | None, text: str) -> QuerySet[StockBalance]:
    found = StockBalance.objects.filter(quantity__gt=0).exclude(store__kind=Store.Kind.TRANSIT)
    found = scope.filter(actor, VIEW, found, "store__org_unit_id")
    if store is not None:
        found = found.filter(store=store)
    if text:
        found = found.filter(
            Q(item__code__istartswith=text)
            | Q(item__name__icontains=text)
            | Q(item__pinyin__icontains=text)
            | Q(batch__lot=text)
        )
    return found.select_related("item", "batch", "store").order_by("-batch_id")


def label(row: StockBalance) -> Label:
    """The code is ours, ``<item code>*<lot>``, which every scan box of the house reads."""
    item, batch = row.item, row.batch
    code = f"{item.code}*{batch.lot}" if batch.lot else item.code
    expiry = "" if batch.expiry == NO_EXPIRY else f"{batch.expiry:%Y-%m-%d}"
    fields = [("批号", batch.lot), ("有效期至", expiry), ("厂家", item.manufacturer)]
    return Label(str(item), code, fields=tuple(one for one in fields if one[1]))


KIND = Kind(
    "batch", "院内码（批次）", VIEW, rows, label, hint="在库批次；编码为 物资编码*批号", order=10,
)  # fmt: skip
