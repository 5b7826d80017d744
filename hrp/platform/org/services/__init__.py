"""Verbs of the organisation."""

from hrp.platform.org.services.calendar import import_calendar, load_shipped_years
from hrp.platform.org.services.units import (
    categorise_unit,
    close_unit,
    create_unit,
    merge_unit,
    move_unit,
    rename_unit,
)

__all__ = [
    "categorise_unit",
    "close_unit",
    "create_unit",
    "import_calendar",
    "load_shipped_years",
    "merge_unit",
    "move_unit",
    "rename_unit",
]
