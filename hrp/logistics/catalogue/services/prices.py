"""Price agreements: one price a day, said before the database says it."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from hrp.logistics.catalogue.models import PriceAgreement
from hrp.platform.base.refusals import Conflict, Problem


def require_free(
    *, supplier: int, item: int, valid_from: dt.date, valid_to: dt.date | None, other_than: int | None
) -> None:
    """Refuse days on which another agreement of this supplier for this item holds already."""
    rows = PriceAgreement.objects.filter(supplier=supplier, item=item).exclude(pk=other_than or 0)
    rows = rows.filter(Q(valid_to=None) | Q(valid_to__gte=valid_from))
    if valid_to is not None:
        rows = rows.filter(valid_from__lte=valid_to)
    taken = rows.order_by("valid_from").first()
    if taken is not None:
        days = f"{taken.valid_from} 至 {taken.valid_to or '未定'}"
        raise Conflict(
            f"{taken} 在 {days} 已有协议价 {taken.price.normalize():f} 元", code="agreement_overlaps",
            problems=[Problem(f"与 {days} 的协议重叠", field="valid_from")],
            way_out="请先在原协议上“截止”，新协议自次日起执行。",
        )  # fmt: skip
