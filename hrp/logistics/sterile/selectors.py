"""Reads of sterile supply that have a name."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Count, Q, QuerySet

from hrp.logistics.sterile.models import EmergencyRelease, Load, Pack, PackStep
from hrp.platform.access import scope
from hrp.platform.access.models import User

VIEW = "logistics.pack.view"


def open_loads() -> QuerySet[Load]:
    """Loads of which packs still wait, the newest first."""
    return Load.objects.filter(recalled_at=None).select_related("machine").order_by("-pk")[:30]


def recent_steps(actor_id: int, step: str) -> QuerySet[PackStep]:
    """What somebody scanned last at a station."""
    return (
        PackStep.objects.filter(by_id=actor_id, step=step)
        .select_related("pack__pack_type", "org_unit")
        .order_by("-pk")[:30]
    )


def steps_seen(actor: User, steps: QuerySet[PackStep]) -> QuerySet[PackStep]:
    """Of steps those that name no patient, or one of a department the reader may see."""
    held = scope.units(actor, VIEW)
    return steps if held is None else steps.filter(Q(visit_no="") | Q(org_unit__in=held))


def counts() -> Mapping[str, int]:
    """Packs by state."""
    return dict(Pack.objects.values_list("state").annotate(n=Count("pk")).order_by())


def not_followed() -> QuerySet[EmergencyRelease]:
    """Emergency releases whose biological monitor nobody has followed up."""
    return EmergencyRelease.objects.filter(followed_at=None)
