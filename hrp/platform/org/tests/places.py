"""Hospitals and units for tests of every module."""

from __future__ import annotations

import datetime as dt
import itertools

from hrp.platform.base import stamps
from hrp.platform.org.models import Campus, Hospital, OrgTreeEdge, OrgUnit, OrgUnitCategory

START = dt.date(2020, 1, 1)

_numbers = itertools.count(1)


def campus(name: str = "本部") -> Campus:
    number = next(_numbers)
    hospital = Hospital.objects.create(code=f"H{number}", name="测试医院")
    return Campus.objects.create(hospital=hospital, code=f"C{number}", name=name)


def unit(
    name: str = "测试科室",
    *,
    under: OrgUnit | None = None,
    tree: str = "admin",
    at: Campus | None = None,
    category: str = "",
    setting: str = "none",
    code: str = "",
    valid_from: dt.date = START,
) -> OrgUnit:
    """A unit from ``valid_from`` on, in ``tree`` under ``under`` (at its top without), with a category when given."""
    place = at or (under.campus if under else campus())
    made = OrgUnit.objects.create(
        campus=place, code=code or f"U{next(_numbers)}", name=name, valid_from=valid_from
    )
    OrgTreeEdge.objects.create(tree=tree, unit=made, parent=under, valid_from=valid_from)
    if category:
        OrgUnitCategory.objects.create(unit=made, category=category, setting=setting, valid_from=valid_from)
    stamps.forget()
    return made
