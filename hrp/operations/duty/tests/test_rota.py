"""Laying the rota: only ever added to, never into the past, nobody twice."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import Error, connection, transaction

from hrp.operations.duty import rules, selectors
from hrp.operations.duty.models import Shift, ShiftCut, Substitution, SwapRequest
from hrp.operations.duty.services import handover, rota, swaps
from hrp.operations.duty.tests import world
from hrp.operations.duty.tests.world import BEFORE, MONDAY, Team
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound, Refusal
from hrp.platform.notify.selectors import unread_count

pytestmark = pytest.mark.django_db
TODAY = MONDAY.date()
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def team() -> Team:
    return world.make()


def names(at: dt.datetime) -> dict[str, list[str]]:
    return {layer: [user.display_name for user in users] for layer, users in selectors.on_duty(at).items()}


def test_weekly_turns_hand_over_at_eight(team: Team) -> None:
    at_eight = clock.at(TODAY, 8)
    assert names(at_eight - HOUR / 60) == {}
    assert names(at_eight) == {"一线": ["一线甲"], "二线": ["二线甲"], "主管": ["主管甲"]}
    assert names(at_eight + dt.timedelta(days=7) - HOUR / 60)["一线"] == ["一线甲"]
    assert names(at_eight + dt.timedelta(days=7))["一线"] == ["一线乙"]
    with clock.pinned(MONDAY):
        assert selectors.coming_faults() == []
        assert selectors.hole_count(team.boss) == 0


def test_the_end_of_the_rota_is_a_hole_within_sixty_days(team: Team) -> None:
    with clock.pinned(MONDAY + dt.timedelta(days=30)):
        faults = selectors.coming_faults()
    end = clock.at(TODAY + dt.timedelta(days=70), 8)
    assert {fault.kind for fault in faults} == {"thin", "first", "empty"}
    assert {fault.start for fault in faults} == {end}


def test_laying_anew_cuts_what_was_planned_and_keeps_what_lies_beyond(team: Team) -> None:
    wednesday = TODAY + dt.timedelta(days=2)
    with clock.pinned(MONDAY):
        rota.generate(
            actor=team.boss, layer="一线", people=[team.layers["一线"][1]], first_day=wednesday, last_day=wednesday, hours=24
        )  # fmt: skip
    assert names(clock.at(wednesday, 7))["一线"] == ["一线甲"]
    assert names(clock.at(wednesday, 8))["一线"] == ["一线乙"]
    assert names(clock.at(wednesday + dt.timedelta(days=1), 8))["一线"] == ["一线甲"]
    assert names(clock.at(TODAY + dt.timedelta(days=7), 8))["一线"] == ["一线乙"]
    assert ShiftCut.objects.count() == 1
    with clock.pinned(MONDAY):
        assert selectors.coming_faults() == []


def test_the_past_cannot_be_laid(team: Team) -> None:
    with clock.pinned(MONDAY), pytest.raises(Invalid) as refused:
        rota.generate(
            actor=team.boss, layer="一线", people=[team.first], first_day=TODAY, last_day=TODAY + dt.timedelta(days=3)
        )  # fmt: skip
    assert refused.value.code == "rota_in_the_past"


def test_nobody_stands_in_two_layers(team: Team) -> None:
    before = Shift.objects.count()
    with clock.pinned(MONDAY), pytest.raises(Conflict) as refused:
        rota.generate(
            actor=team.boss, layer="二线", people=[team.first], first_day=TODAY + dt.timedelta(days=1), last_day=TODAY + dt.timedelta(days=5)
        )  # fmt: skip
    assert refused.value.code == "two_layers_at_once"
    assert Shift.objects.count() == before
    assert not ShiftCut.objects.exists()


@pytest.mark.parametrize(
    "wish",
    [
        {"layer": "三线"},
        {"hours": 5},
        {"handover_hour": 24},
        {"last_day": TODAY - dt.timedelta(days=1)},
        {"last_day": TODAY + dt.timedelta(days=500)},
        {"people": []},
    ],
)
def test_a_wrong_wish_changes_nothing(team: Team, wish: dict[str, object]) -> None:
    facts: dict[str, object] = {
        "layer": "一线", "people": [team.first], "first_day": TODAY + dt.timedelta(days=1),
        "last_day": TODAY + dt.timedelta(days=5),
    }  # fmt: skip
    before = Shift.objects.count()
    with clock.pinned(MONDAY), pytest.raises(Invalid):
        rota.generate(actor=team.boss, **(facts | wish))  # type: ignore[arg-type]
    assert Shift.objects.count() == before


def test_only_registered_people_of_the_supplier_stand(team: Team) -> None:
    with pytest.raises(Invalid, match="不是乙方人员"):
        rota.save_person(actor=team.boss, user=team.desk.head, travel_minutes=5)
    with clock.pinned(MONDAY), pytest.raises(Invalid, match="不是值班人员"):
        rota.generate(
            actor=team.boss, layer="一线", people=[team.desk.engineer], first_day=TODAY + dt.timedelta(days=1), last_day=TODAY + dt.timedelta(days=2)
        )  # fmt: skip


def test_only_the_suppliers_supervisor_lays_the_rota(team: Team) -> None:
    for actor in (team.first, team.desk.head):
        with clock.pinned(MONDAY), pytest.raises(Forbidden):
            rota.generate(
                actor=actor, layer="一线", people=[team.first], first_day=TODAY + dt.timedelta(days=1), last_day=TODAY + dt.timedelta(days=2)
            )  # fmt: skip


def test_too_far_or_unknown_a_way_is_shown(team: Team) -> None:
    rota.save_person(actor=team.boss, user=team.first, travel_minutes=181)
    rota.save_person(actor=team.boss, user=team.second, travel_minutes=None)
    with clock.pinned(MONDAY):
        far = {fault.person for fault in selectors.coming_faults() if fault.kind == "far"}
    assert far == {team.first.pk, team.second.pk}


def test_a_substitute_stands_for_the_time_and_not_a_minute_longer(team: Team) -> None:
    begin, end = MONDAY + HOUR, MONDAY + 5 * HOUR
    with clock.pinned(MONDAY):
        rota.substitute(
            actor=team.boss, layer="一线", out=team.first, into=team.layers["一线"][1], starts_at=begin, ends_at=end, reason="门诊看病"
        )  # fmt: skip
    assert [names(at)["一线"] for at in (begin - HOUR / 60, begin, end - HOUR / 60, end)] == [
        ["一线甲"], ["一线乙"], ["一线乙"], ["一线甲"],
    ]  # fmt: skip


def test_a_substitution_written_late_holds_only_from_then_on(team: Team) -> None:
    with clock.pinned(MONDAY):
        rota.substitute(
            actor=team.boss, layer="一线", out=team.first, into=team.layers["一线"][1], starts_at=MONDAY - HOUR, ends_at=MONDAY + HOUR, reason="临时"
        )  # fmt: skip
    assert names(MONDAY - HOUR / 2)["一线"] == ["一线甲"]
    assert names(MONDAY)["一线"] == ["一线乙"]


@pytest.mark.parametrize("what", ["past", "self", "no reason", "not standing", "twice"])
def test_a_substitution_that_makes_no_sense_is_refused(team: Team, what: str) -> None:
    facts: dict[str, object] = {
        "layer": "一线", "out": team.first, "into": team.layers["一线"][1], "starts_at": MONDAY + HOUR,
        "ends_at": MONDAY + 2 * HOUR, "reason": "病假",
    }  # fmt: skip
    facts |= {
        "past": {"starts_at": MONDAY - 3 * HOUR, "ends_at": MONDAY - 2 * HOUR},
        "self": {"into": team.first},
        "no reason": {"reason": " "},
        "not standing": {"ends_at": MONDAY + dt.timedelta(days=9)},
        "twice": {"into": team.second},
    }[what]
    with clock.pinned(MONDAY), pytest.raises(Refusal):
        rota.substitute(actor=team.boss, **facts)  # type: ignore[arg-type]
    assert not Substitution.objects.exists()


def test_a_swap_is_asked_accepted_and_approved_by_three_people(team: Team) -> None:
    asker, colleague = team.layers["一线"]
    begin, end = MONDAY + HOUR, MONDAY + 9 * HOUR
    with clock.pinned(MONDAY):
        swap = swaps.ask(
            actor=asker, layer="一线", colleague=colleague, starts_at=begin, ends_at=end, reason="孩子家长会"
        )
        assert unread_count(colleague) == 1
        with pytest.raises(Forbidden):
            swaps.answer(actor=team.boss, swap=swap, accept=True)
        with pytest.raises(Conflict):
            swaps.decide(actor=team.boss, swap=swap, approve=True)
        swaps.answer(actor=colleague, swap=swap, accept=True)
        assert names(begin)["一线"] == ["一线甲"], "nothing changes before the approval"
        with pytest.raises(Forbidden):
            swaps.decide(actor=asker, swap=swap, approve=True)
        swaps.decide(actor=team.boss, swap=swap, approve=True)
        assert names(begin)["一线"] == ["一线乙"]
        with pytest.raises(Conflict):
            swaps.withdraw(actor=asker, swap=swap)
    swap.refresh_from_db()
    assert (swap.state, swap.decided_by) == ("approved", team.boss)
    assert unread_count(asker) == 1


def test_a_swap_can_be_declined_rejected_and_withdrawn_and_the_rota_stays(team: Team) -> None:
    asker, colleague = team.layers["一线"]
    facts = {
        "layer": "一线",
        "colleague": colleague,
        "starts_at": MONDAY + HOUR,
        "ends_at": MONDAY + 2 * HOUR,
    }
    with clock.pinned(MONDAY):
        declined = swaps.ask(actor=asker, reason="一", **facts)  # type: ignore[arg-type]
        swaps.answer(actor=colleague, swap=declined, accept=False, note="那天也有事")
        rejected = swaps.ask(actor=asker, reason="二", **facts)  # type: ignore[arg-type]
        swaps.answer(actor=colleague, swap=rejected, accept=True)
        swaps.decide(actor=team.boss, swap=rejected, approve=False)
        gone = swaps.ask(actor=asker, reason="三", **facts)  # type: ignore[arg-type]
        with pytest.raises(Forbidden):
            swaps.withdraw(actor=colleague, swap=gone)
        swaps.withdraw(actor=asker, swap=gone)
        with pytest.raises(NotFound):
            swaps.ask(actor=asker, reason="不是我的班", **(facts | {"layer": "二线"}))  # type: ignore[arg-type]
    assert sorted(SwapRequest.objects.values_list("state", flat=True)) == [
        "declined",
        "rejected",
        "withdrawn",
    ]
    assert not Substitution.objects.exists()


def test_a_shift_recorded_late_covers_only_from_then_on(team: Team) -> None:
    with clock.pinned(MONDAY):
        Shift.objects.create(
            layer="一线", user=team.second, starts_at=BEFORE, ends_at=BEFORE + HOUR, recorded_at=MONDAY, recorded_by=team.boss
        )  # fmt: skip
    assert selectors.standing(BEFORE, BEFORE + 2 * HOUR) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE operations_duty_shift SET user_id = user_id",
        "DELETE FROM operations_duty_shift",
        "INSERT INTO operations_duty_shift_cut (shift_id, at, recorded_at, recorded_by_id)"
        " SELECT id, starts_at, starts_at + interval '1 hour', user_id FROM operations_duty_shift LIMIT 1",
    ],
)
def test_raw_sql_cannot_rewrite_who_stood(team: Team, statement: str) -> None:
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_handing_over_tells_the_next_one(team: Team) -> None:
    note = handover.write_note(
        actor=team.first, layer="一线", text="FW-3 等备件", taken_by=team.layers["一线"][1]
    )
    assert selectors.handovers() == [note]
    assert unread_count(team.layers["一线"][1]) == 1
    with pytest.raises(Invalid):
        handover.write_note(actor=team.first, layer="一线", text=" ")
    with pytest.raises(Forbidden):
        handover.write_note(actor=team.desk.head, layer="一线", text="无")


def test_days_after_the_contracts_figures_are_examined_by_them(team: Team) -> None:
    begin = clock.at(TODAY, 8)
    faults = selectors.faults(begin, begin + dt.timedelta(days=1))
    assert faults == []
    assert rules.uncovered_s(selectors.faults(begin - HOUR, begin)) == 3600
