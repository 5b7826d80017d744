"""Stock taken over at a new sale price (调价库存交接), and what the HIS is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from hrp.logistics.catalogue import parameters, pricing
from hrp.logistics.catalogue.models import PriceEffect, PriceTakeOver
from hrp.logistics.catalogue.rules.adjusting import difference
from hrp.logistics.models import Item, Store
from hrp.platform.base import clock
from hrp.platform.exchange.messages import outbound
from hrp.platform.org.parameters import value

CHANGED, WITHDRAWN, TAKEN_OVER = "his.price_change", "his.price_withdrawn", "his.price_take_over"


def take_over(document: Any, lines: Sequence[Any]) -> PriceEffect:
    """Write down what each store held when the day began, at the old and the new price, and tell the HIS."""
    rows = preview(document, lines)
    effect = PriceEffect.objects.create(
        source=document.source, day=document.effective_on, at=clock.now(),
        difference=sum((row.difference for row in rows), Decimal(0)),
    )  # fmt: skip
    for row in rows:
        row.effect = effect
    PriceTakeOver.objects.bulk_create(rows)
    _send(TAKEN_OVER, document, {"rows": [_row(row) for row in rows], "difference": str(effect.difference)})
    return effect


def preview(document: Any, lines: Sequence[Any]) -> list[PriceTakeOver]:
    """The list as it would be written now, unsaved."""
    prices = {line.item_id: (line.old_price, line.new_price) for line in lines}
    items, stores = Item.objects.in_bulk(list(prices)), Store.objects.in_bulk()
    found = []
    for store, item, quantity in pricing.morning_stock(list(prices), document.effective_on):
        old, new = prices[item]
        found.append(
            PriceTakeOver(
                store=stores[store], item=items[item], quantity=quantity, old_price=old, new_price=new,
                difference=difference(quantity, old, new),
            )
        )  # fmt: skip
    return found


def tell_prices(document: Any, lines: Sequence[Any]) -> bool:
    """The new prices and the day they hold from; False when no HIS is registered that can be written to."""
    items = [
        {
            **_item(line.item), "old_price": _text(line.old_price), "new_price": _text(line.new_price),
            "purchase_price": _text(line.purchase_price),
        }
        for line in lines
    ]  # fmt: skip
    told = {"reason": document.get_reason_display(), "basis": document.basis, "items": items}
    return _send(CHANGED, document, told)


def tell_withdrawn(document: Any) -> bool:
    """The prices told will not come."""
    return _send(WITHDRAWN, document, {})


def tell_again(document: Any, lines: Sequence[Any]) -> bool:
    """What the HIS could not be told when it happened; what it was told before is not told twice."""
    told = tell_prices(document, lines)
    effect = PriceEffect.objects.filter(source=document.source).first()
    if effect is not None:
        rows = effect.lines.select_related("store", "item").order_by("id")
        _send(
            TAKEN_OVER, document, {"rows": [_row(row) for row in rows], "difference": str(effect.difference)}
        )
    return told


def _send(kind: str, document: Any, told: Mapping[str, Any]) -> bool:
    to = outbound.partner(value(parameters.HIS, clock.today()))
    if to is not None:
        body = {"adjustment": document.source, "effective_on": str(document.effective_on), **told}
        outbound.send(to=to, kind=kind, key=document.source, body=body, source=document.source)
    return to is not None


def _row(row: PriceTakeOver) -> dict[str, Any]:
    return {
        "store": row.store.code, "item": row.item.code, "quantity": _text(row.quantity), "old_price": _text(row.old_price),
        "new_price": _text(row.new_price), "difference": str(row.difference),
    }  # fmt: skip


def _item(item: Item) -> dict[str, str]:
    return {
        "item": item.code, "name": item.name, "spec": item.spec, "unit": item.unit, "charge_item": item.charge_item,
        "insurance_code": item.insurance_code,
    }  # fmt: skip


def _text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number.normalize():f}"
