"""Holes the matrix found in the newer rooms of materials: sterile supply, reagents, bins, labels and prices."""

from __future__ import annotations

from hrp.platform.access.models import RolePermission
from tests.permissions.world import Hospital


def test_who_keeps_the_books_does_not_release_loads(hospital: Hospital) -> None:
    """The accountant of materials held all of sterile supply; who keeps stores held nothing of reagents and hazards."""
    held = RolePermission.objects.filter(role__code="material_accountant").values_list("code", flat=True)
    assert not {"logistics.pack.work", "logistics.pack.release", "logistics.pack.use"} & set(held)
    keeps = set(RolePermission.objects.filter(role__code="store_keeper").values_list("code", flat=True))
    assert {"logistics.reagent.work", "logistics.hazard.work", "logistics.cold.work"} <= keeps
