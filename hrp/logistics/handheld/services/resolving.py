"""What a scanned code means here: which item, which lot, how many. The catalogue reads it; it knows the identifiers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.catalogue.services import scanning
from hrp.logistics.models import Item
from hrp.platform.base.refusals import NotFound


@dataclass(frozen=True)
class Code:
    """The item, the lot when the code names it, the base units the scanned package holds, the raw scan."""

    item: Item
    lot: str
    quantity: Decimal
    raw: str
    warnings: tuple[str, ...] = ()

    @property
    def item_ids(self) -> list[int]:
        return [self.item.pk]


def resolve(raw: str) -> Code:
    """An item's code or bar code, the hospital's own ``<code>*<lot>``, or a device code. Raises NotFound."""
    found = scanning.resolve(raw)
    if found.item is None:
        unknown = bool(found.di)
        raise NotFound(
            found.error if unknown else f"不认识的条码 {raw.strip()[:40]}：{found.error}", code="unknown_code",
            way_out="请在入库单扫描此码并绑定物资，或在物资字典登记该标识。" if unknown else "请核对条码，或改扫物资编码。",
        )  # fmt: skip
    return Code(found.item, found.lot, found.quantity, raw.strip(), found.warnings)
