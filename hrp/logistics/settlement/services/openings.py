"""启用: the opening of a store is done, and from here on its stock follows from documents alone."""

from __future__ import annotations

from django.db import transaction

from hrp.logistics.models import Store
from hrp.logistics.settlement.documents.opening_stock import OpeningStock
from hrp.logistics.settlement.models import StoreOpening
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents.models import State

WAITING = (State.DRAFT, State.SUBMITTED, State.RETURNED, State.APPROVED)


@transaction.atomic
def enable(*, actor: User, store: Store) -> StoreOpening:
    """Raises Conflict when it is in use already, or an opening is still being written."""
    scope.require(actor, "logistics.opening_stock.enable", store.org_unit_id)
    locked = Store.objects.select_for_update(of=("self",)).get(pk=store.pk)
    if StoreOpening.objects.filter(store=locked).exists():
        raise Conflict(f"{locked} 已经启用", code="store_in_use")
    waiting = OpeningStock.objects.filter(store=locked, state__in=WAITING)
    if waiting.exists():
        raise Conflict(
            f"{locked} 还有 {waiting.count()} 张期初单没有过账",
            code="opening_waits",
            way_out="请先过账或作废这些期初单。",
        )
    made = StoreOpening.objects.create(store=locked, enabled_by=actor, enabled_at=clock.now())
    audit.record(
        actor=actor,
        act="logistics.opening_stock.enable",
        target=f"logistics.store:{locked.pk}",
        summary=f"启用 {locked}",
    )
    return made
