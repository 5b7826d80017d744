"""Small reads for the shell that no other room names."""

from __future__ import annotations

from dataclasses import dataclass

from hrp.platform.base import clock
from hrp.platform.ledger.selectors import current_period
from hrp.platform.org.models import Hospital, OrgUnit

_REMEMBER_SECONDS = 60
_hospital: tuple[float, str] = (0.0, "")
_periods: dict[int, tuple[float, str | None]] = {}
_units: dict[int, tuple[float, Place]] = {}


@dataclass(frozen=True)
class Place:
    """Where a person belongs, as the top bar names it."""

    unit: str
    campus: str
    hospital_id: int


def hospital_name() -> str:
    """The name of the hospital this installation serves; asked again once a minute."""
    global _hospital
    now = clock.now().timestamp()
    if now - _hospital[0] > _REMEMBER_SECONDS:
        name = Hospital.objects.order_by("pk").values_list("name", flat=True).first()
        _hospital = (now, name or "")
    return _hospital[1]


def place_of(unit_id: int | None) -> Place | None:
    """Names of a unit and its site, remembered for a minute; None for people without a unit."""
    if unit_id is None:
        return None
    now = clock.now().timestamp()
    known = _units.get(unit_id)
    if known is None or now - known[0] > _REMEMBER_SECONDS:
        unit = OrgUnit.objects.select_related("campus").get(pk=unit_id)
        known = (now, Place(unit.name, unit.campus.name, unit.campus.hospital_id))
        _units[unit_id] = known
    return known[1]


def open_period(hospital_id: int | None) -> str | None:
    """The newest open month of a hospital in words, remembered for a minute."""
    if hospital_id is None:
        return None
    now = clock.now().timestamp()
    known = _periods.get(hospital_id)
    if known is None or now - known[0] > _REMEMBER_SECONDS:
        period = current_period(hospital_id)
        known = (now, f"{period.first_day:%Y年%-m月} · 未结账" if period else None)
        _periods[hospital_id] = known
    return known[1]
