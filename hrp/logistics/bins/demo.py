"""Bins of the demo's central store: where the items are at home, and what was put away by scanner this morning."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping

from hrp.logistics.bins import selectors
from hrp.logistics.bins.models import Bin, HomeBin
from hrp.logistics.bins.services import placing, registering
from hrp.logistics.models import Item, Store
from hrp.platform.access.models import User
from hrp.platform.base import clock

KEEPER = "wangmin"


def seed(users: Mapping[str, User], store: Store, now: dt.datetime) -> None:
    keeper = users[KEEPER]
    with clock.pinned(now):
        registering.lay_out(actor=keeper, store=store, zone="A", racks=3, levels=4, places=4, kind="pick")
        registering.lay_out(actor=keeper, store=store, zone="B", racks=2, levels=4, places=3, kind="reserve")
        registering.lay_out(actor=keeper, store=store, zone="L", racks=1, levels=2, places=3, kind="cold")
        bins = list(Bin.objects.filter(store=store, kind="pick").order_by("code"))
        items = Item.objects.filter(code__startswith="HC", cold_chain=False).order_by("code")
        HomeBin.objects.bulk_create(
            HomeBin(store=store, item=item, bin=bins[place % len(bins)]) for place, item in enumerate(items)
        )
        waiting = [row for row in selectors.unplaced(store.pk) if not row.item.cold_chain]
        for place, row in enumerate(waiting[2:14]):
            placing.put(row.batch, bins[place * 3 % len(bins)], actor=keeper, key=uuid.UUID(int=place + 1))
