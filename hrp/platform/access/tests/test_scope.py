"""The gate: who holds what where, at what cost, and how soon a change is seen."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from hrp.platform.access import scope
from hrp.platform.access.models import RoleGrant, User
from hrp.platform.access.services import system_actor
from hrp.platform.access.tests.people import allow, person
from hrp.platform.base import stamps
from hrp.platform.base.refusals import Forbidden, NotFound
from hrp.platform.org.models import OrgTreeEdge, OrgUnit
from hrp.platform.org.tests.places import unit

ISSUE = "logistics.stock_issue.post"
pytestmark = pytest.mark.django_db


def test_a_grant_with_children_reaches_what_stands_below_and_nothing_else():
    medicine = unit("内科")
    ward = unit("呼吸内科", under=medicine)
    other = unit("外科")
    actor = person(ISSUE, unit=medicine)
    assert scope.units(actor, ISSUE) == {medicine.pk, ward.pk}
    assert scope.has(actor, ISSUE, ward.pk)
    assert not scope.has(actor, ISSUE, other.pk)
    assert not scope.has(actor, "logistics.stock_issue.view")


def test_a_grant_without_children_is_one_unit():
    medicine = unit("内科")
    ward = unit("呼吸内科", under=medicine)
    actor = person(ISSUE, unit=medicine, include_children=False)
    assert scope.units(actor, ISSUE) == {medicine.pk}
    assert not scope.has(actor, ISSUE, ward.pk)


def test_everywhere_wins_over_units_and_several_grants_add_up():
    first, second = unit(), unit()
    actor = person(ISSUE, unit=first)
    allow(actor, ISSUE, unit=second)
    assert scope.units(actor, ISSUE) == {first.pk, second.pk}
    allow(actor, ISSUE)
    assert scope.units(actor, ISSUE) is None


def test_strangers_locked_and_disabled_users_hold_nothing():
    assert scope.units(AnonymousUser(), ISSUE) == frozenset()
    for change in ({"is_active": False}, {"is_locked": True}):
        actor = person(ISSUE)
        assert scope.has(actor, ISSUE)
        User.objects.filter(pk=actor.pk).update(**change)
        stamps.forget()
        assert not scope.has(actor, ISSUE)


def test_the_actor_of_jobs_is_real_locked_and_may_do_anything():
    actor = system_actor("nightly")
    assert actor == system_actor("nightly")
    assert not actor.may_sign_in
    assert not actor.has_usable_password()
    assert scope.units(actor, ISSUE) is None


def test_a_key_narrows_its_user():
    actor = person(ISSUE, "logistics.stock_issue.view")
    actor.narrowed_to = frozenset({"logistics.stock_issue.view", "hr.payroll.view"})
    assert scope.has(actor, "logistics.stock_issue.view")
    assert not scope.has(actor, ISSUE)
    assert not scope.has(actor, "hr.payroll.view"), "a key never widens what its user holds"


def test_require_says_whether_the_permission_or_the_place_is_missing():
    here, there = unit(), unit()
    actor = person(ISSUE, unit=here)
    scope.require(actor, ISSUE, here.pk)
    with pytest.raises(Forbidden, match="在该科室没有"):
        scope.require(actor, ISSUE, there.pk)
    with pytest.raises(Forbidden, match=r"^您没有"):
        scope.require(actor, "logistics.stock_issue.void")


def test_a_warm_check_costs_no_query(django_assert_num_queries):
    medicine = unit("内科")
    unit("呼吸内科", under=medicine)
    actor = person(ISSUE, unit=medicine)
    scope.has(actor, ISSUE, medicine.pk)
    with django_assert_num_queries(0):
        for _ in range(50):
            assert scope.has(actor, ISSUE, medicine.pk)
            assert not scope.has(actor, "x.y", medicine.pk)
            assert scope.units(actor, ISSUE) is not None


def test_a_cold_check_costs_the_stamp_the_grants_and_the_tree(django_assert_max_num_queries):
    actor = person(ISSUE, unit=unit())
    with django_assert_max_num_queries(3):
        scope.has(actor, ISSUE)


def test_filter_and_check_object():
    here, there = unit("内科"), unit("外科")
    actor = person(ISSUE, unit=here)
    assert list(scope.filter(actor, ISSUE, OrgUnit.objects.all(), field="id")) == [here]
    assert not scope.filter(actor, "x.y", OrgUnit.objects.all(), field="id").exists()
    scope.check_object(actor, ISSUE, here, field="id")
    with pytest.raises(NotFound):
        scope.check_object(actor, ISSUE, there, field="id")
    with pytest.raises(Forbidden):
        scope.check_object(actor, "x.y", here, field="id")


@transaction.atomic
def move_away(edge: OrgTreeEdge, there: OrgUnit, actor: User) -> None:
    OrgTreeEdge.objects.filter(unit=there).delete()
    OrgTreeEdge.objects.filter(pk=edge.pk).update(unit=there)
    # the object in memory still says ``here``: the database is what counts
    scope.check_written(actor, ISSUE, edge, field="unit_id")


def test_a_write_that_leaves_the_scope_is_refused_and_rolled_back():
    here, there = unit("内科"), unit("外科")
    edge = OrgTreeEdge.objects.get(unit=here)
    actor = person(ISSUE, unit=here)
    with pytest.raises(Forbidden, match="已撤销本次保存"):
        move_away(edge, there, actor)
    assert OrgTreeEdge.objects.get(pk=edge.pk).unit == here
    with transaction.atomic():
        scope.check_written(actor, ISSUE, edge, field="unit_id")


def test_grants_begin_and_end_by_themselves():
    actor = person()
    role = allow(actor, ISSUE)
    RoleGrant.objects.filter(user=actor, role=role).update(
        valid_from=dt.date(2026, 3, 2), valid_to=dt.date(2026, 3, 3)
    )
    stamps.forget()
    expected = {1: False, 2: True, 3: True, 4: False}
    for day, held in expected.items():
        with time_machine.travel(dt.datetime(2026, 3, day, 12, tzinfo=dt.UTC), tick=False):
            assert scope.has(actor, ISSUE) is held, day


def test_moving_a_unit_moves_it_out_of_scope():
    medicine, surgery = unit("内科"), unit("外科")
    ward = unit("病区", under=medicine)
    actor = person(ISSUE, unit=medicine)
    assert scope.has(actor, ISSUE, ward.pk)
    OrgTreeEdge.objects.filter(unit=ward).update(parent=surgery)
    stamps.forget()
    assert not scope.has(actor, ISSUE, ward.pk)
