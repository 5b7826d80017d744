"""Pieces that lie ready for an operation and were neither used nor put back in time."""

from __future__ import annotations

import datetime as dt

from django.db.models import Max

from hrp.logistics.highvalue.models import TraceUnit
from hrp.logistics.highvalue.services.scans import PICK
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.notify import services as notify
from hrp.platform.org import parameters


def forgotten() -> list[TraceUnit]:
    """Picked longer ago than the hospital allows, the longest first."""
    hours = parameters.value("highvalue.pick_hours", clock.today())
    found = (
        TraceUnit.objects.filter(state="picked")
        .annotate(since=Max("events__at"))
        .select_related("item", "store")
    )
    return list(found.filter(since__lt=clock.now() - dt.timedelta(hours=hours)).order_by("since"))


def remind() -> int:
    """Tell whoever lays pieces ready, once a day; how many there are."""
    units = forgotten()
    people = [
        person
        for person in User.objects.filter(is_active=True, is_machine=False, duty="business")
        if scope.has(person, PICK)
    ]
    if units and people:
        notify.notify(
            recipients=people, kind="logistics.highvalue", title=f"{len(units)} 件备用器械未使用也未退回",
            body="、".join(f"{unit.uid} {unit.item}（{unit.visit_no}）" for unit in units[:10]), url="/logistics/units/?state=picked",
            dedupe_key=f"picked:{clock.today()}",
        )  # fmt: skip
    return len(units)
