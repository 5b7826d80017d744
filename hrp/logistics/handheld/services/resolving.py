"""What a scanned code means here: which items, which lot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from hrp.logistics.models import Item
from hrp.logistics.rules import udi
from hrp.platform.base import clock
from hrp.platform.base.refusals import NotFound


@dataclass(frozen=True)
class Code:
    """Items the code may stand for (one product at several packings), the lot when the code names it, the raw scan."""

    items: Sequence[Item]
    lot: str
    raw: str

    @property
    def item_ids(self) -> list[int]:
        return [item.pk for item in self.items]


def resolve(raw: str) -> Code:
    """An item's code or bar code as it is, else a UDI taken apart. Raises NotFound when it is neither.

    ``<code>*<lot>`` is the hospital's own label (院内码).
    """
    text = raw.strip()
    code, star, lot = text.partition("*")
    found = list(Item.objects.filter(Q(code=code) | Q(barcode=code))) if code else []
    if found:
        return Code(found, lot.strip() if star else "", text)
    scan = udi.parse(text, reference_year=clock.today().year) if text else None
    if scan is None or scan.errors or not (scan.gtin or scan.di):
        words = scan.errors[0].words if scan is not None and scan.errors else "没有扫到内容"
        raise NotFound(
            f"不认识的条码 {text[:40]}：{words}", code="unknown_code", way_out="请核对条码，或改扫物资编码。"
        )
    products = {scan.di, scan.gtin, scan.gtin.lstrip("0")} - {""}
    found = list(Item.objects.filter(barcode__in=products))
    if not found:
        raise NotFound(
            f"物资字典中没有条码 {scan.di or scan.gtin}",
            code="unknown_code",
            way_out="请在物资字典登记该物资的条码。",
        )
    return Code(found, scan.lot, text)
