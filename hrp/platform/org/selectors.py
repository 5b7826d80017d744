"""Named reads of the organisation. What a process has asked once it knows until the stamp of the registers changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q, QuerySet

from hrp.platform.base.stamps import Memo
from hrp.platform.org.models import (
    CalendarDay,
    CalendarYear,
    OrgTreeEdge,
    OrgUnit,
    OrgUnitCategory,
    valid_on,
)
from hrp.platform.org.rules.calendar import DayKind, WorkCalendar


@dataclass(frozen=True)
class UnitCategory:
    """The 科室类别 of one unit on one day: ``category`` as in models.UnitCategory, ``setting`` as in models.Setting."""

    unit_id: int
    category: str
    setting: str


_descendants: Memo[frozenset[int]] = Memo("tree")
_categories: Memo[Mapping[int, UnitCategory]] = Memo("tree")
_leaves: Memo[frozenset[int]] = Memo("tree")
_calendar: Memo[WorkCalendar] = Memo("calendar")

_DESCENDANTS_SQL = """
WITH RECURSIVE below (unit_id) AS (
    SELECT unnest(%(units)s::bigint[])
    UNION
    SELECT e.unit_id FROM below b JOIN org_tree_edge e ON e.parent_id = b.unit_id
    WHERE e.tree = %(tree)s AND e.valid_from <= %(on)s AND (e.valid_to IS NULL OR e.valid_to >= %(on)s)
)
SELECT unit_id FROM below
"""

_ANCESTORS_SQL = """
WITH RECURSIVE above (unit_id, step) AS (
    SELECT %(unit)s::bigint, 0
    UNION
    SELECT e.parent_id, a.step + 1 FROM above a JOIN org_tree_edge e ON e.unit_id = a.unit_id
    WHERE e.parent_id IS NOT NULL AND e.tree = %(tree)s
      AND e.valid_from <= %(on)s AND (e.valid_to IS NULL OR e.valid_to >= %(on)s)
)
SELECT unit_id FROM above WHERE step > 0 ORDER BY step
"""


def descendants(unit_ids: Iterable[int], *, tree: str = "admin", on: dt.date) -> frozenset[int]:
    """The units themselves and everything below them in ``tree`` on the day. One recursive query, then none."""
    units = frozenset(unit_ids)
    if not units:
        return units

    def read() -> frozenset[int]:
        with connection.cursor() as cursor:
            cursor.execute(_DESCENDANTS_SQL, {"units": sorted(units), "tree": tree, "on": on})
            return frozenset(row[0] for row in cursor.fetchall())

    return _descendants.get((units, tree, on), read)


def ancestors(unit_id: int, *, tree: str = "admin", on: dt.date) -> list[int]:
    """The units above, nearest first, without the unit itself."""
    with connection.cursor() as cursor:
        cursor.execute(_ANCESTORS_SQL, {"unit": unit_id, "tree": tree, "on": on})
        return [row[0] for row in cursor.fetchall()]


def units_on(on: dt.date) -> QuerySet[OrgUnit]:
    """Units that exist on the day, by code."""
    return OrgUnit.objects.filter(valid_on(on)).select_related("campus").order_by("code")


def search_units(text: str, *, on: dt.date) -> QuerySet[OrgUnit]:
    """Units of the day whose code, name, short name or pinyin key contains ``text``."""
    word = text.strip()
    return units_on(on).filter(
        Q(code__icontains=word)
        | Q(name__icontains=word)
        | Q(short_name__icontains=word)
        | Q(pinyin__icontains=word)
    )


def edges_on(on: dt.date, *, tree: str = "admin") -> QuerySet[OrgTreeEdge]:
    """The edges of a tree that hold on the day."""
    return OrgTreeEdge.objects.filter(valid_on(on), tree=tree)


def leaf_accounting_units(on: dt.date) -> frozenset[int]:
    """Units that stand in the accounting tree on the day and have nothing below them: the 核算单元."""

    def read() -> frozenset[int]:
        edges = list(edges_on(on, tree="accounting").values_list("unit_id", "parent_id"))
        parents = {parent for _, parent in edges}
        return frozenset(unit for unit, _ in edges if unit not in parents)

    return _leaves.get(on, read)


def category_map(on: dt.date) -> Mapping[int, UnitCategory]:
    """The category of every unit that has one on the day, by unit id."""

    def read() -> Mapping[int, UnitCategory]:
        rows = OrgUnitCategory.objects.filter(valid_on(on)).values_list("unit_id", "category", "setting")
        return {unit: UnitCategory(unit, category, setting) for unit, category, setting in rows}

    return _categories.get(on, read)


def work_calendar() -> WorkCalendar:
    """The working calendar with all imported years."""

    def read() -> WorkCalendar:
        days = {date: DayKind(kind) for date, kind in CalendarDay.objects.values_list("date", "kind")}
        return WorkCalendar(days, dict(CalendarYear.objects.values_list("year", "revision")))

    return _calendar.get((), read)


def missing_years(on: dt.date) -> list[int]:
    """Years whose calendar should be here and is not: this year, and from 1 November on also the next.

    The notice appears in autumn; importing it is a yearly task with its own alert.
    """
    wanted = [on.year, on.year + 1] if on.month >= 11 else [on.year]
    known = set(CalendarYear.objects.filter(year__in=wanted).values_list("year", flat=True))
    return [year for year in wanted if year not in known]
