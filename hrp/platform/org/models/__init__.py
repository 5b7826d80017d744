"""Registers of the organisation."""

from hrp.platform.org.models.calendar import CalendarDay, CalendarYear
from hrp.platform.org.models.parameters import Parameter
from hrp.platform.org.models.units import (
    Campus,
    Hospital,
    OrgTreeEdge,
    OrgUnit,
    OrgUnitCategory,
    Setting,
    Tree,
    UnitCategory,
    valid_on,
)

__all__ = [
    "CalendarDay",
    "CalendarYear",
    "Campus",
    "Hospital",
    "OrgTreeEdge",
    "OrgUnit",
    "OrgUnitCategory",
    "Parameter",
    "Setting",
    "Tree",
    "UnitCategory",
    "valid_on",
]
