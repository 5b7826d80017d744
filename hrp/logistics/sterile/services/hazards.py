"""Hazardous goods under two locks: one writes down, another confirms; counted by two every day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Sum, When

from hrp.logistics.models import Item, Store
from hrp.logistics.sterile.models import HazardEntry
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Problem

HAZARD = "logistics.hazard.work"


def hazard_balance(store_id: int, item_id: int) -> Decimal:
    """What lies under the two locks by the entries both people signed."""
    signed = HazardEntry.objects.filter(store_id=store_id, item_id=item_id).exclude(second=None)
    moved = signed.exclude(kind="check").aggregate(
        total=Sum(Case(When(kind="in", then=F("quantity")), default=-F("quantity")))
    )
    return moved["total"] or Decimal(0)


@transaction.atomic
def enter_hazard(
    *, actor: User, store: Store, item: Item, kind: str, quantity: Decimal, purpose: str = ""
) -> HazardEntry:
    """The first person writes down what goes in or out, or was counted; nothing counts before the second signs."""
    scope.require(actor, HAZARD, store.org_unit_id)
    problems = []
    if not item.hazard:
        problems.append(Problem(f"{item} 不是危化品", field="item"))
    if kind not in HazardEntry.Kind.values:
        problems.append(Problem("请选择", field="kind"))
    if quantity < 0 or (kind != "check" and quantity == 0):
        problems.append(Problem("数量应大于零", field="quantity"))
    if kind == "out" and not purpose.strip():
        problems.append(Problem("领出须写明用途", field="purpose"))
    if problems:
        raise Invalid("危化品登记有误", problems=problems, way_out="请按标红处修改。")
    return HazardEntry.objects.create(
        store=store, item=item, kind=kind, day=clock.today(), quantity=quantity, purpose=purpose.strip()[:100], first=actor,
        first_at=clock.now(),
    )  # fmt: skip


@transaction.atomic
def confirm_hazard(*, actor: User, entry: HazardEntry) -> HazardEntry:
    """The second person, with the second key. A count that differs from the book is refused until it is cleared up."""
    scope.require(actor, HAZARD, entry.store.org_unit_id)
    Store.objects.select_for_update().get(pk=entry.store_id)
    row = HazardEntry.objects.select_for_update(of=("self",)).select_related("item", "first").get(pk=entry.pk)
    if row.second_id is not None:
        raise Conflict(f"已由 {row.second} 复核", way_out="请刷新页面。")
    if row.voided_at is not None:
        raise Conflict("该登记已作废", way_out="请刷新页面。")
    if row.first_id == actor.pk:
        raise Forbidden("双人双锁：登记人不能自己复核。", way_out="请由另一位持钥匙的人复核。")
    before = hazard_balance(row.store_id, row.item_id)
    after = {"in": before + row.quantity, "out": before - row.quantity, "check": row.quantity}[row.kind]
    if after < 0:
        raise Conflict(f"{row.item} 结存只有 {before.normalize():f}", code="no_stock", way_out="请核对数量。")
    if row.kind == "check" and row.quantity != before:
        raise Conflict(
            f"{row.item} 盘点 {row.quantity.normalize():f}，账面 {before.normalize():f}，不符", code="hazard_differs",
            way_out="请立即查明原因并报告保卫部门；补登漏记的入柜或领出后重新盘点。",
        )  # fmt: skip
    row.second, row.second_at, row.balance = actor, clock.now(), after
    row.save(update_fields=["second", "second_at", "balance"])
    return row


@transaction.atomic
def void_hazard(*, actor: User, entry: HazardEntry, reason: str) -> HazardEntry:
    """What was written down wrongly and nobody has confirmed counts for nothing."""
    scope.require(actor, HAZARD, entry.store.org_unit_id)
    row = HazardEntry.objects.select_for_update().get(pk=entry.pk)
    if row.second_id is not None or row.voided_at is not None:
        raise Conflict("已复核或已作废，不能作废", way_out="复核过的请登记相反的一笔。")
    if not reason.strip():
        raise Invalid("请写明原因", problems=[Problem("请填写", field="reason")], way_out="请填写原因。")
    row.voided_at, row.void_reason = clock.now(), reason.strip()[:100]
    row.save(update_fields=["voided_at", "void_reason"])
    return row


def unchecked(on: dt.date) -> list[tuple[Store, Item]]:
    """Hazardous goods under lock that nobody counted, signed by two, on a day."""
    kept = HazardEntry.objects.exclude(second=None).values_list("store_id", "item_id").distinct().order_by()
    done = set(
        HazardEntry.objects.filter(kind="check", day=on)
        .exclude(second=None)
        .values_list("store_id", "item_id")
    )
    missing = [key for key in kept if key not in done and hazard_balance(*key) > 0]
    stores, items = _named(Store, (s for s, _ in missing)), _named(Item, (i for _, i in missing))
    return [(stores[store], items[item]) for store, item in missing]


def _named(model: Any, ids: Iterable[int]) -> dict[int, Any]:
    found: dict[int, Any] = model.objects.in_bulk(set(ids))
    return found
