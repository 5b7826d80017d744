"""AC-08 and AC-09, each verdict."""

from __future__ import annotations

import datetime as dt

import pytest

from hrp.operations.contracts.proofs import Span, Verdict, prove
from hrp.operations.desk.tests.world import World
from hrp.operations.emergency.rules import SCENARIOS
from hrp.operations.emergency.services import drills
from hrp.operations.emergency.tests import stage
from hrp.platform.base import clock

pytestmark = pytest.mark.django_db
AFTERWARDS = clock.at(dt.date(2027, 1, 20))


@pytest.fixture
def world() -> World:
    return stage.make()


def span(world: World, *, as_of: dt.datetime = AFTERWARDS, last: dt.date = dt.date(2026, 12, 31)) -> Span:
    return Span(world.contract, dt.date(2026, 1, 1), last, as_of)


def test_no_plan_registered_proves_nothing(world: World) -> None:
    assert prove("AC-08", span(world)).verdict is Verdict.UNPROVEN


def test_every_scenario_needs_both_signatures(world: World) -> None:
    *signed, last = SCENARIOS
    for scenario in signed:
        stage.in_force(world, scenario)
    version = stage.draft(world, last)
    found = prove("AC-08", span(world))
    assert (found.verdict, found.exceptions) == (Verdict.NOT_MET, (f"{SCENARIOS[last]}：没有双方签署的预案",))
    assert found.figure.startswith("6/7")
    with clock.pinned(stage.JANUARY):
        for signer in (world.engineer, world.head):
            stage.plans.sign(actor=signer, version=version)
    found = prove("AC-08", span(world))
    assert (found.verdict, found.figure.split(" ")[0]) == (Verdict.MET, "7/7")
    assert all(one.sha256 and one.url for one in found.evidence)


def test_a_plan_signed_after_the_span_does_not_count(world: World) -> None:
    for scenario in SCENARIOS:
        stage.in_force(world, scenario, at=clock.at(dt.date(2026, 6, 1)))
    spring = span(world, last=dt.date(2026, 3, 31))
    assert prove("AC-08", spring).verdict is Verdict.NOT_MET


def test_a_year_still_running_owes_no_drill_yet(world: World) -> None:
    found = prove("AC-09", span(world, as_of=clock.at(dt.date(2026, 6, 1))))
    assert found.verdict is Verdict.NOT_APPLICABLE


def test_a_year_over_without_a_drill_is_not_met(world: World) -> None:
    found = prove("AC-09", span(world))
    assert (found.verdict, found.figure) == (Verdict.NOT_MET, "0/1 个合同年度做过演练")


def test_a_drill_counts_once_both_have_signed(world: World) -> None:
    stage.in_force(world)
    drill = stage.held_drill(world, began=clock.at(dt.date(2026, 9, 1), 14))
    assert prove("AC-09", span(world)).verdict is Verdict.UNPROVEN
    with clock.pinned(clock.at(dt.date(2026, 9, 2))):
        drills.sign(actor=world.engineer, drill=drill)
        drills.sign(actor=world.head, drill=drill)
    found = prove("AC-09", span(world))
    assert (found.verdict, found.figure) == (Verdict.MET, "1/1 个合同年度做过演练")
    assert found.evidence[0].url == f"/operations/drills/{drill.pk}"
    assert prove("AC-09", span(world, as_of=clock.at(dt.date(2026, 8, 1)))).verdict is Verdict.NOT_APPLICABLE
