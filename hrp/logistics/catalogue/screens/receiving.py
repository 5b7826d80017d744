"""What the grid of an 入库单 says while it is typed: the agreed price, and what each line still lacks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Q

from hrp.logistics.catalogue.models import PriceAgreement
from hrp.logistics.documents.stock_receipt import StockReceiptLine
from hrp.logistics.models import Item
from hrp.logistics.screens.advising import NOTHING, day, items_of, key, number
from hrp.platform.documents.models import State
from hrp.platform.ui.screens import Advice


def receipt(actor: Any, header: Mapping[str, str], lines: Sequence[Mapping[str, str]]) -> list[Advice]:
    """A price for every line that has none: agreed with the supplier, else what was paid the last time."""
    items, on = items_of(lines), day(header.get("business_date", ""))
    supplier = key(header.get("supplier", ""))
    agreed = _agreed(supplier, items, on)
    paid = _paid(supplier, [pk for pk in items if pk not in agreed])
    found = []
    for line in lines:
        item = items.get(key(line.get("item", "")) or 0)
        found.append(_told(item, line, on, agreed.get(item.pk), paid.get(item.pk)) if item else NOTHING)
    return found


def _agreed(supplier: int | None, items: Mapping[int, Item], on: dt.date) -> dict[int, PriceAgreement]:
    rows = PriceAgreement.objects.filter(supplier=supplier or 0, item__in=items, valid_from__lte=on)
    return {row.item_id: row for row in rows.filter(Q(valid_to=None) | Q(valid_to__gte=on))}


def _paid(supplier: int | None, items: Sequence[int]) -> dict[int, tuple[Decimal, dt.date]]:
    """The last price of each item, of this supplier where it ever delivered the item."""
    rows = StockReceiptLine.objects.filter(item__in=items, document__state=State.POSTED, price__gt=0)
    found: dict[int, tuple[Decimal, dt.date]] = {}
    for rest in (rows, rows.filter(document__supplier=supplier)):
        last = rest.order_by("item_id", "-document__business_date", "-pk").distinct("item_id")
        found |= {
            item: (price, on)
            for item, price, on in last.values_list("item_id", "price", "document__business_date")
        }
    return found


def _told(
    item: Item,
    line: Mapping[str, str],
    on: dt.date,
    agreed: PriceAgreement | None,
    paid: tuple[Decimal, dt.date] | None,
) -> Advice:
    fill, why, wrong = {}, {}, dict[str, str]()
    if agreed is not None:
        fill["price"] = f"{agreed.price.normalize():f}"
        why["price"] = f"{agreed.get_source_display()}协议价 {fill['price']} 元，{agreed.valid_from} 起执行"
        typed = number(line.get("price", ""))
        if typed is not None and typed > agreed.price:
            wrong["price"] = f"高于{why['price']}"
    elif paid is not None:
        fill["price"] = f"{paid[0].normalize():f}"
        why["price"] = f"没有价格协议；最近一次入库价，{paid[1]}"
    if item.lot_required and not line.get("lot", "").strip():
        wrong["lot"] = "本物资管理批号，请填写"
    if item.expiry_required and not line.get("expiry", "").strip():
        wrong["expiry"] = "本物资管理效期，请填写"
    elif line.get("expiry", "").strip() and day(line["expiry"]) < on:
        wrong["expiry"] = "已过期，不能入库"
    return Advice(fill=fill, why=why, wrong=wrong)
