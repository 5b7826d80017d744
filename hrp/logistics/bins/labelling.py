"""货位标签: the code behind ``HW*``, so that no scan box takes it for goods."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from hrp.logistics.bins.models import Bin
from hrp.logistics.labels.kinds import Kind
from hrp.logistics.labels.rules.zpl import Label
from hrp.logistics.models import Store
from hrp.platform.access import scope

VIEW = "logistics.bin.view"


def rows(actor: Any, store: Store | None, text: str) -> QuerySet[Bin]:
    found = scope.filter(actor, VIEW, Bin.objects.filter(is_active=True), "store__org_unit_id")
    found = found.filter(store=store) if store is not None else found
    return (found.filter(code__icontains=text) if text else found).select_related("store")


def label(row: Bin) -> Label:
    return Label(
        row.code, f"HW*{row.code}", row.code, (("库房", str(row.store)), ("类型", row.get_kind_display()))
    )


KIND = Kind("bin", "货位", VIEW, rows, label, hint="扫货位即上架、移位、查看此处物资", order=20)
