"""What a receipt takes of the one-off purchases that let it in, and gives back when it is reversed."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from hrp.logistics.catalogue import parameters
from hrp.logistics.catalogue.models import OneOffPurchase, OneOffUse, SupplyLine
from hrp.logistics.catalogue.rules.lists import parts
from hrp.logistics.catalogue.services import gatekeeping, supply
from hrp.logistics.gates import Moment
from hrp.logistics.models import Item
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents.spec import PostingContext
from hrp.platform.org import parameters as business


def take(document: Any, ctx: PostingContext) -> None:
    """Count what lies outside the catalogue against its one-off purchases, under their locks."""
    version = supply.in_force(ctx.on)
    if version is None or getattr(document, "origin", "") == "donation":
        return
    kinds = parts(business.value(parameters.CATALOGUE_KINDS, ctx.on))
    listed = SupplyLine.objects.filter(version=version).values("item_id")
    wants: dict[int, Decimal] = defaultdict(Decimal)
    lines = document.lines.filter(item__kind__in=kinds).exclude(item__in=listed)
    for item, quantity in lines.values_list("item_id", "quantity"):
        wants[item] += quantity
    if not wants:
        return
    rows = gatekeeping.usable_one_offs(ctx.on, document.supplier_id, list(wants)).select_for_update(
        of=("self",)
    )
    for row in rows:
        taken = min(wants[row.item_id], supply.left(row))
        if taken > 0:
            wants[row.item_id] -= taken
            _use(row, ctx.source, taken)
    if business.value(parameters.gate("catalogue", Moment.RECEIPT), ctx.on) != "block":
        return
    for item in [pk for pk, quantity in wants.items() if quantity > 0]:
        if not gatekeeping.is_excepted("catalogue", document.supplier_id, item, ctx.on):
            raise Conflict(
                f"{Item.objects.get(pk=item)} 不在供应目录中，临时采购批准已被用完", code="one_off_used",
                way_out="请另行申请临时采购，或提请委员会列入目录。",
            )  # fmt: skip


def give_back(document: Any, ctx: PostingContext) -> None:
    """Undo what the posting took."""
    used: dict[int, Decimal] = defaultdict(Decimal)
    for pk, quantity in OneOffUse.objects.filter(source=ctx.source).values_list("one_off_id", "quantity"):
        used[pk] += quantity
    rows = OneOffPurchase.objects.select_for_update(of=("self",)).filter(pk__in=used).order_by("pk")
    for row in rows:
        if used[row.pk]:
            _use(row, ctx.source, -used[row.pk])


def _use(row: OneOffPurchase, source: str, quantity: Decimal) -> None:
    OneOffUse.objects.create(one_off=row, source=source, quantity=quantity)
    row.used += quantity
    row.save(update_fields=["used"])
