"""院内码 of single pieces: a GS1 string where the product has a GTIN, else the number we gave the piece."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from hrp.logistics.highvalue.models import TraceUnit
from hrp.logistics.labels.kinds import Kind
from hrp.logistics.labels.rules.zpl import Label
from hrp.logistics.models import Store
from hrp.logistics.rules import gs1_label
from hrp.logistics.rules.expiry import NO_EXPIRY
from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid

VIEW = "logistics.unit.view"


def rows(actor: Any, store: Store | None, text: str) -> QuerySet[TraceUnit]:
    found = TraceUnit.objects.filter(store__isnull=False)
    found = scope.filter(actor, VIEW, found, "store__org_unit_id")
    found = found.filter(store=store) if store is not None else found
    if text:
        found = found.filter(
            Q(uid__istartswith=text)
            | Q(item__name__icontains=text)
            | Q(item__pinyin__icontains=text)
            | Q(batch__lot=text)
        )
    return found.select_related("item", "batch", "store").order_by("-pk")


def label(row: TraceUnit) -> Label:
    """Fixed lengths first: (01)(11)(17)(10)(21)."""
    batch = row.batch
    expiry = None if batch.expiry == NO_EXPIRY else batch.expiry
    code, human = row.uid, row.uid
    if row.gtin and row.serial:
        given = gs1_label.Label(row.gtin.zfill(14), batch.produced, expiry, batch.lot, row.serial)
        try:
            code = gs1_label.element_string(given, reference_year=clock.today().year)
            human = gs1_label.printed(given)
        except (
            Invalid
        ):  # a code of another agency, or a lot GS1 has no letters for: our own number says it all
            code, human = row.uid, row.uid
    fields = [("批号", batch.lot), ("有效期至", f"{expiry:%Y-%m-%d}" if expiry else ""), ("唯一码", row.uid)]
    return Label(str(row.item), code, human, tuple(one for one in fields if one[1]))


KIND = Kind("unit", "院内码（单件）", VIEW, rows, label, hint="一物一码的高值耗材", order=15)
