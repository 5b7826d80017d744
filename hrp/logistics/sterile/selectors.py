"""Reads of sterile supply that have a name."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Count, QuerySet

from hrp.logistics.sterile.models import EmergencyRelease, Load, Pack, PackStep


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


def counts() -> Mapping[str, int]:
    """Packs by state."""
    return dict(Pack.objects.values_list("state").annotate(n=Count("pk")).order_by())


def not_followed() -> QuerySet[EmergencyRelease]:
    """Emergency releases whose biological monitor nobody has followed up."""
    return EmergencyRelease.objects.filter(followed_at=None)
