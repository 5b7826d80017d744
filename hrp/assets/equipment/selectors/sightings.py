"""Where machines were last seen by those who repair and maintain them, for a stocktake that does not find them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hrp.assets.equipment.models import RepairOrder, Task
from hrp.assets.sightings import Sighting, Source
from hrp.platform.base import clock


def last_repairs(asset_ids: Sequence[int]) -> Mapping[int, Sighting]:
    """The last report of a fault: somebody stood before the machine then."""
    rows = (
        RepairOrder.objects.filter(asset__in=asset_ids)
        .select_related("org_unit", "reporter")
        .order_by("asset_id", "-reported_at")
        .distinct("asset_id")
    )
    return {
        row.asset_id: Sighting(
            clock.local(row.reported_at).date(), f"{row.org_unit} {row.reporter} 报修 {row.number} {row.fault}"[:120]
        )
        for row in rows
    }  # fmt: skip


def last_care(asset_ids: Sequence[int]) -> Mapping[int, Sighting]:
    """The last maintenance or test that was done, whatever it found."""
    rows = (
        Task.objects.filter(asset__in=asset_ids, done_on__isnull=False)
        .select_related("org_unit", "template", "done_by")
        .order_by("asset_id", "-done_on", "-pk")
        .distinct("asset_id")
    )
    return {
        row.asset_id: Sighting(row.done_on, f"{row.org_unit} {row.template} {row.done_by or ''}".strip())
        for row in rows
        if row.done_on is not None
    }


SOURCES = (Source("repair", "上次报修", last_repairs), Source("care", "上次维护检测", last_care))
