"""Reads of stocktaking: what holds of each line now, the figures of a plan, and where missing things were last seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import QuerySet

from hrp.assets import sightings
from hrp.assets.sightings import Sighting
from hrp.assets.stocktaking.models import Finding, PlanLine, StocktakePlan
from hrp.assets.stocktaking.rules import Agreement, Kind, Seen, agreement, standing
from hrp.platform.base import clock


def lines_of(plan: StocktakePlan) -> QuerySet[PlanLine]:
    return PlanLine.objects.filter(task__plan=plan)


def standings(line_ids: Sequence[int]) -> dict[int, Seen]:
    """The finding that holds of each line of which anything was found."""
    seen: dict[int, list[Seen]] = {}
    rows = Finding.objects.filter(line__in=line_ids).values_list("line_id", "pk", "kind", "found_at")
    for line, pk, kind, at in rows:
        seen.setdefault(line, []).append(Seen(pk, Kind(kind), at))
    return {line: held for line, found in seen.items() if (held := standing(found)) is not None}


def extras(plan: StocktakePlan) -> QuerySet[Finding]:
    return Finding.objects.filter(task__plan=plan, kind=Kind.EXTRA)


def figures(plan: StocktakePlan) -> Agreement:
    """覆盖率 and 一致率 as of now; of a reconciled plan these are its results."""
    lines = list(lines_of(plan).values_list("pk", "cost"))
    held = standings([pk for pk, _ in lines])
    results = [(held[pk].kind if pk in held else Kind.NOT_FOUND, cost) for pk, cost in lines]
    return agreement(results, extras=extras(plan).count())


def last_scans(asset_ids: Sequence[int]) -> Mapping[int, Sighting]:
    """Where each asset was last seen by any stocktake."""
    rows = (
        Finding.objects.filter(asset__in=asset_ids)
        .select_related("location", "task__org_unit", "counter")
        .order_by("asset_id", "-found_at")
        .distinct("asset_id")
    )
    return {
        row.asset_id: Sighting(
            clock.local(row.found_at).date(),
            f"{row.location or row.task.org_unit} {row.get_kind_display()} {row.counter}",
        )
        for row in rows
        if row.asset_id is not None
    }


SCANS = sightings.Source("stocktake", "上次盘点", last_scans)


def hint_texts(asset_ids: Sequence[int]) -> dict[int, str]:
    """In one line each: what may help to find an asset."""
    return {
        pk: "；".join(f"{title} {sighting.on} {sighting.text}" for title, sighting in rows)
        for pk, rows in sightings.hints(asset_ids).items()
    }
