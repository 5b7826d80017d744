"""Small reads for the shell that no other room names."""

from __future__ import annotations

from hrp.platform.base import clock
from hrp.platform.org.models import Hospital

_REMEMBER_SECONDS = 60
_hospital: tuple[float, str] = (0.0, "")


def hospital_name() -> str:
    """The name of the hospital this installation serves; asked again once a minute."""
    global _hospital
    now = clock.now().timestamp()
    if now - _hospital[0] > _REMEMBER_SECONDS:
        name = Hospital.objects.order_by("pk").values_list("name", flat=True).first()
        _hospital = (now, name or "")
    return _hospital[1]
