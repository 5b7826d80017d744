"""Trees: the pure rule and the database agree, and neither lets a unit stand above itself or in two places at once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hrp.platform.base import stamps
from hrp.platform.org import selectors
from hrp.platform.org.models import OrgTreeEdge, OrgUnitCategory
from hrp.platform.org.rules.trees import Edge, below, closes_cycle, overlapping
from hrp.platform.org.tests.places import START, campus, unit

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
ORIGIN = dt.date(2024, 1, 1)


def edges_of(numbers: int) -> st.SearchStrategy[list[Edge]]:
    spans = st.tuples(st.integers(0, 9), st.one_of(st.none(), st.integers(0, 5)))
    return st.lists(
        st.builds(
            lambda child, parent, span: Edge(
                child,
                parent,
                ORIGIN + span[0] * DAY,
                None if span[1] is None else ORIGIN + (span[0] + span[1]) * DAY,
            ),
            st.integers(0, numbers - 1),
            st.integers(0, numbers - 1),
            spans,
        ),
        max_size=8,
    )


def has_cycle_on_some_day(edges: list[Edge]) -> bool:
    """The slow oracle: look at each day by itself, and walk up from each unit."""
    for number in range(17):
        day = ORIGIN + number * DAY
        above: dict[int, list[int]] = {}
        for edge in edges:
            if edge.holds_on(day) and edge.parent is not None:
                above.setdefault(edge.unit, []).append(edge.parent)
        for start in above:
            seen, waiting = set(), list(above[start])
            while waiting:
                here = waiting.pop()
                if here == start:
                    return True
                if here not in seen:
                    seen.add(here)
                    waiting.extend(above.get(here, ()))
    return False


@given(edges_of(5))
def test_the_pure_rule_finds_exactly_the_cycles_of_a_day(edges):
    accepted: list[Edge] = []
    for edge in edges:
        closes = closes_cycle(accepted, edge)
        assert closes == has_cycle_on_some_day([*accepted, edge])
        if not closes:
            accepted.append(edge)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(edges_of(5))
def test_the_database_accepts_exactly_what_the_pure_rules_accept(db, edges):
    with transaction.atomic():
        place = campus()
        units = [unit(at=place) for _ in range(5)]
        OrgTreeEdge.objects.all().delete()
        accepted: list[Edge] = []
        for edge in edges:
            allowed = overlapping([*accepted, edge]) is None and not closes_cycle(accepted, edge)
            try:
                with transaction.atomic():
                    OrgTreeEdge.objects.create(
                        tree="nursing",
                        unit=units[edge.unit],
                        parent=None if edge.parent is None else units[edge.parent],
                        valid_from=edge.start,
                        valid_to=edge.end,
                    )
                assert allowed, edge
                accepted.append(edge)
            except IntegrityError:
                assert not allowed, edge
        stamps.forget()
        for number in (0, 4, 9, 16):
            day = ORIGIN + number * DAY
            expected = {units[i].pk for i in below(accepted, [0], day)}
            assert selectors.descendants([units[0].pk], tree="nursing", on=day) == expected
        transaction.set_rollback(True)


def raw(sql: str, *params: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)


def test_raw_sql_cannot_overlap_a_place_or_a_category():
    top, child = unit(), unit()
    insert = "INSERT INTO org_tree_edge (tree, unit_id, parent_id, valid_from, valid_to) VALUES (%s, %s, %s, %s, %s)"
    with pytest.raises(IntegrityError, match="org_tree_edge_admin_no_overlap"):
        raw(insert, "admin", child.pk, top.pk, START + 400 * DAY, None)
    raw(insert, "nursing", child.pk, top.pk, START, START + 9 * DAY)
    with pytest.raises(IntegrityError, match="org_tree_edge_nursing_no_overlap"):
        raw(insert, "nursing", child.pk, None, START + 9 * DAY, None)
    raw(insert, "nursing", child.pk, None, START + 10 * DAY, None)
    category = "INSERT INTO org_unit_category (unit_id, category, setting, valid_from, valid_to) VALUES (%s, %s, %s, %s, %s)"
    raw(category, child.pk, "clinical", "inpatient", START, None)
    with pytest.raises(IntegrityError, match="org_unit_category_no_overlap"):
        raw(category, child.pk, "medtech", "none", START + DAY, None)
    with pytest.raises(IntegrityError, match="org_unit_category_setting"):
        raw(category, top.pk, "medtech", "inpatient", START, None)
    raw(category, top.pk, "medtech", "none", START, None)


def test_raw_sql_cannot_close_a_cycle_by_insert_or_update():
    grandparent = unit()
    parent = unit(under=grandparent)
    child = unit(under=parent)
    with pytest.raises(IntegrityError, match="自己的上级"):
        raw("UPDATE org_tree_edge SET parent_id = %s WHERE unit_id = %s", child.pk, grandparent.pk)
    with pytest.raises(IntegrityError, match="not_self"):
        raw("UPDATE org_tree_edge SET parent_id = unit_id WHERE unit_id = %s", child.pk)
    with pytest.raises(DatabaseError):
        raw("ALTER TABLE org_tree_edge DISABLE TRIGGER org_tree_edge_no_cycle")


def test_a_cycle_between_different_days_is_no_cycle():
    a, b = unit(), unit()
    OrgTreeEdge.objects.filter(unit__in=[a, b]).delete()
    OrgTreeEdge.objects.create(tree="admin", unit=a, parent=b, valid_from=START, valid_to=START)
    OrgTreeEdge.objects.create(tree="admin", unit=b, parent=a, valid_from=START + DAY)
    assert selectors.descendants([b.pk], on=START) == {a.pk, b.pk}
    assert selectors.descendants([b.pk], on=START + DAY) == {b.pk}


def test_descendants_are_asked_once(django_assert_num_queries):
    top = unit()
    child = unit(under=top)
    selectors.descendants([top.pk], on=START)
    with django_assert_num_queries(0):
        assert selectors.descendants([top.pk], on=START) == {top.pk, child.pk}
    assert selectors.ancestors(child.pk, on=START) == [top.pk]


def test_leaf_accounting_units_and_their_categories():
    top = unit("内科", tree="accounting")
    leaf = unit("呼吸内科病区", under=top, tree="accounting", category="clinical", setting="inpatient")
    assert selectors.leaf_accounting_units(START) == {leaf.pk}
    assert selectors.category_map(START) == {
        leaf.pk: selectors.UnitCategory(leaf.pk, "clinical", "inpatient")
    }
    assert selectors.category_map(START - DAY) == {}
    assert OrgUnitCategory.objects.count() == 1
