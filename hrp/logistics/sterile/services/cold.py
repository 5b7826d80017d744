"""Temperatures of cold places: read, judged by their range, and missed when nobody read them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from hrp.logistics.sterile.models import ColdPlace, ColdReading
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.notify import services as notify

WORK = "logistics.cold.work"


@transaction.atomic
def read(*, actor: User, place: ColdPlace, celsius: Decimal, measure: str = "") -> ColdReading:
    """Write down a reading. One out of range says at once what was done with the goods, and is told to who keeps them."""
    scope.require(actor, WORK, place.store.org_unit_id)
    if not place.is_active:
        raise Conflict(f"{place} 已停用", way_out="请选择在用的冷链设备。")
    if not celsius.is_finite() or abs(celsius) > 273:
        raise Invalid(
            "温度看不懂", problems=[Problem("应为摄氏度", field="celsius")], way_out="请填写摄氏度。"
        )
    fits = place.lowest <= celsius <= place.highest
    if not fits and not measure.strip():
        raise Invalid(
            f"{celsius} ℃ 超出 {place.lowest}—{place.highest} ℃，须写明处置",
            problems=[Problem("超温，请写明处置", field="measure")], code="out_of_range",
            way_out="请写明物品如何处置（移库、暂停使用、报损）和设备如何处理。",
        )  # fmt: skip
    row = ColdReading.objects.create(
        place=place, celsius=celsius, fits=fits, measure=measure.strip()[:200], by=actor, at=clock.now()
    )
    if not fits:
        _tell(row)
    return row


def _tell(row: ColdReading) -> None:
    place = row.place
    people = [
        person
        for person in User.objects.filter(is_active=True, is_machine=False, duty="business")
        if scope.has(person, WORK, place.store.org_unit_id)
    ]
    notify.notify(
        recipients=people, kind="logistics.sterile", title=f"超温：{place} {row.celsius} ℃",
        body=f"范围 {place.lowest}—{place.highest} ℃；处置：{row.measure}", url=f"/logistics/cold-places/{place.pk}",
        dedupe_key=f"cold:{row.pk}",
    )  # fmt: skip


def unread(on: dt.date) -> list[ColdPlace]:
    """Places in use that nobody read on a day."""
    seen = ColdReading.objects.filter(
        at__gte=clock.start_of_day(on), at__lt=clock.start_of_day(on + dt.timedelta(days=1))
    )
    return list(
        ColdPlace.objects.filter(is_active=True).exclude(pk__in=seen.values("place")).select_related("store")
    )
