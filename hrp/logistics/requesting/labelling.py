"""定数卡: what hangs at a fixed pack."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from hrp.logistics.labels.kinds import Kind
from hrp.logistics.labels.rules.zpl import Label
from hrp.logistics.models import Store
from hrp.logistics.requesting.models import QuotaCard
from hrp.platform.access import scope

VIEW = "logistics.quota_card.view"


def rows(actor: Any, store: Store | None, text: str) -> QuerySet[QuotaCard]:
    found = scope.filter(actor, VIEW, QuotaCard.objects.filter(is_active=True), "org_unit_id")
    found = found.filter(store=store) if store is not None else found
    if text:
        found = found.filter(
            Q(code__istartswith=text) | Q(item__name__icontains=text) | Q(item__pinyin__icontains=text)
        )
    return found.select_related("org_unit", "item", "store").order_by("code")


def label(row: QuotaCard) -> Label:
    return Label(
        str(row.item), row.code,
        fields=(("定数", f"{row.quantity.normalize():f} {row.item.unit}"), ("科室", str(row.org_unit)), ("位置", row.place or "—"), ("补货", str(row.store))),
    )  # fmt: skip


KIND = Kind("card", "定数卡", VIEW, rows, label, place="org_unit_id", hint="用完扫卡即补货", order=30)
