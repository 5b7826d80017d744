"""Plan clocks and the figures of the report, over events written down here."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from hrp.operations.contracts.defaults import default_terms
from hrp.operations.desk.published import published_calendar
from hrp.operations.desk.rules import kpi, plan
from hrp.operations.desk.rules.clocks import evaluate
from hrp.operations.desk.rules.events import parse_events
from hrp.operations.desk.rules.kpi import History, Share
from hrp.platform.base.clock import HOSPITAL_ZONE

TERMS, CALENDAR = default_terms(), published_calendar()
DAY = dt.datetime(2026, 11, 23, 9, 0, tzinfo=HOSPITAL_ZONE)


def at(minutes: float) -> dt.datetime:
    return DAY + dt.timedelta(minutes=minutes)


def event(minutes: float, event_type: str, **facts: Any) -> dict[str, Any]:
    return {"t": at(minutes).isoformat(), "type": event_type, **facts}


def call(minutes: float = 0, level: str = "B", answered: float | None = None, **facts: Any) -> dict[str, Any]:
    known = {"answered_at": at(answered).isoformat()} if answered is not None else {}
    return event(minutes, "CONTACT", channel="phone", level=level, **known, **facts)


def shown(clocks: list[plan.PlanClock]) -> list[tuple[str, float, float, str]]:
    """(subject, start, due, verdict), times in minutes."""
    return [
        (
            c.subject,
            (c.start - DAY) / dt.timedelta(minutes=1),
            (c.due - DAY) / dt.timedelta(minutes=1),
            c.verdict,
        )
        for c in clocks
    ]


def history(*rows: dict[str, Any], as_of: float = 30 * 1440, number: str = "FW-1", **facts: str) -> History:
    events = parse_events(rows)
    return History(number, events, evaluate(events, TERMS, CALENDAR, at(as_of)), **facts)


# --- escalation ------------------------------------------------------------------------------------------------------


def test_steps_of_a_clock_end_with_the_miss() -> None:
    (clock,) = evaluate(parse_events([call()]), TERMS, CALENDAR, at(1)).clocks
    assert [(step.percent, step.at) for step in plan.steps(clock, TERMS)] == [
        (50, at(30)), (75, at(45)), (90, at(54)), (100, at(60)),
    ]  # fmt: skip
    assert plan.steps(clock, TERMS)[-1].roles == TERMS.notify_on_breach


@pytest.mark.parametrize(
    ("as_of", "reached"),
    [(30, []), (30.1, [50]), (45, [50]), (59, [50, 75, 90]), (60, [50, 75, 90]), (60.1, [100])],
)
def test_steps_reached(as_of: float, reached: list[int]) -> None:
    (clock,) = evaluate(parse_events([call()]), TERMS, CALENDAR, at(as_of)).clocks
    assert [step.percent for step in plan.reached(clock, TERMS, at(as_of))] == reached


def test_next_look_is_at_the_next_step_of_any_running_clock() -> None:
    result = evaluate(parse_events([call(level="1", answered=1)]), TERMS, CALENDAR, at(2))
    assert plan.next_step_at(result.clocks, TERMS, at(2)) == at(30)
    assert plan.next_step_at(result.clocks, TERMS, at(57)) == at(60)
    assert plan.next_step_at(result.clocks, TERMS, at(61)) is None


# --- told ------------------------------------------------------------------------------------------------------------


def test_every_role_of_the_level_is_told_in_time_and_the_product_team_has_twice_as_long() -> None:
    told = [plan.Told("值班工程师", at(1)), plan.Told("产品团队", at(29)), plan.Told("服务台主管", at(16))]
    clocks = plan.notify_clocks(parse_events([call(level="1", answered=1)]), TERMS, CALENDAR, at(60), told)
    found = {clock.subject: (clock.verdict, clock.due) for clock in clocks}
    assert found["值班工程师"] == ("met", at(15))
    assert found["产品团队"] == ("met", at(30))
    assert found["服务台主管"] == ("breached", at(15))
    assert found["公司高级经理主管人员"] == ("breached", at(15))


def test_roles_a_raised_level_adds_are_told_from_then_on() -> None:
    rows = [
        call(level="B"),
        event(20, "RECLASS", to="A", basis="new_facts", by="hospital"),
        event(25, "PAGED", to_whom="客户经理"),
    ]
    clocks = plan.notify_clocks(parse_events(rows), TERMS, CALENDAR, at(30))
    found = {clock.subject: (clock.start, clock.verdict) for clock in clocks}
    assert found["值班工程师"] == (at(0), "breached")
    assert found["客户经理"] == (at(20), "met")
    assert found["公司高级经理"] == (at(20), "running")


# --- kept informed ---------------------------------------------------------------------------------------------------


def test_the_hospital_hears_every_half_hour_until_the_fault_is_over() -> None:
    rows = [
        call(level="1", answered=1), event(25, "STATUS_UPDATE"), event(70, "STATUS_UPDATE"), event(80, "RESOLVED"),
        event(90, "STATUS_UPDATE"),
    ]  # fmt: skip
    clocks = plan.update_clocks(parse_events(rows), TERMS, CALENDAR, at(500))
    assert shown(clocks) == [("1", 1, 31, "met"), ("1", 25, 55, "breached"), ("1", 70, 100, "moot")]


def test_a_raised_level_shortens_the_wait_for_the_next_word() -> None:
    rows = [call(level="B", answered=1), event(30, "RECLASS", to="1", basis="new_facts", by="hospital")]
    assert shown(plan.update_clocks(parse_events(rows), TERMS, CALENDAR, at(59))) == [("B", 1, 60, "running")]
    assert shown(plan.update_clocks(parse_events(rows), TERMS, CALENDAR, at(61))) == [
        ("B", 1, 60, "breached")
    ]


def test_a_fault_that_comes_back_is_reported_on_again() -> None:
    rows = [
        call(level="B", answered=1), event(30, "RESOLVED"),
        event(100, "REOPEN_CONTACT", channel="phone", level="B", answered_at=at(101).isoformat()),
    ]  # fmt: skip
    clocks = plan.update_clocks(parse_events(rows), TERMS, CALENDAR, at(110))
    assert [(clock.cycle, clock.verdict) for clock in clocks] == [(1, "moot"), (2, "running")]


# --- reviewed --------------------------------------------------------------------------------------------------------


def test_an_emergency_is_reviewed_within_five_working_days() -> None:
    rows = [call(level="A", answered=1), event(20, "EMERGENCY_STARTED"), event(60, "RESOLVED")]
    (clock,) = plan.review_clocks(parse_events(rows), TERMS, CALENDAR, at(120))
    assert clock.due.astimezone(HOSPITAL_ZONE).date() == dt.date(2026, 11, 30)
    assert clock.verdict == "running"
    approved = [*rows, event(3 * 1440, "REVIEW_APPROVED")]
    assert plan.review_clocks(parse_events(approved), TERMS, CALENDAR, at(9000))[0].verdict == "met"
    assert plan.review_clocks(parse_events(rows), TERMS, CALENDAR, at(20 * 1440))[0].verdict == "breached"


def test_a_milder_ticket_needs_no_review() -> None:
    rows = [call(level="B", answered=1), event(60, "RESOLVED")]
    assert plan.review_clocks(parse_events(rows), TERMS, CALENDAR, at(9000)) == []


def test_no_verdict_on_a_review_rests_on_a_year_without_its_calendar() -> None:
    ahead = dt.datetime(2026, 12, 30, 9, 0, tzinfo=HOSPITAL_ZONE) - DAY
    minutes = ahead / dt.timedelta(minutes=1)
    rows = [call(minutes, "A", minutes + 1), event(minutes + 60, "RESOLVED")]
    (clock,) = plan.review_clocks(parse_events(rows), TERMS, CALENDAR, at(minutes + 60 * 1440))
    assert clock.verdict == "running"


# --- figures ---------------------------------------------------------------------------------------------------------


def test_a_share_is_never_a_bare_percentage() -> None:
    assert Share(3, 4).text == "3/4（75.0%）"
    assert Share(1, 1).text == "1/1（100.0%）"
    assert Share(0, 0).text == "0/0"


def test_mean_and_the_ninetieth_percentile() -> None:
    ten = kpi.spread([60 * n for n in range(1, 11)], 12)
    assert (ten.n, ten.of, ten.mean_s, ten.p90_s) == (10, 12, 330, 540)
    assert kpi.spread([7], 1).p90_s == 7
    assert kpi.spread([], 3) == kpi.Spread(0, 3, None, None)


def test_tally_counts_what_is_excused_among_the_breached() -> None:
    figures = kpi.tally(
        [("met", False), ("breached", True), ("breached", False), ("moot", False), ("running", False)]
    )
    assert figures == kpi.Tally(started=5, met=1, breached=2, excused=1, moot=1, superseded=0, running=1)
    assert figures.rate.text == "1/2（50.0%）"


def test_time_to_the_first_answer() -> None:
    found = kpi.acknowledgement(
        [history(call(answered=2)), history(call()), history(call(), event(6, "RESPONSE"))]
    )
    assert (found.n, found.of, found.mean_s) == (2, 3, 240)


def test_time_to_repair_with_and_without_waiting_for_the_hospital() -> None:
    one = history(
        call(answered=1), event(10, "PENDING", reason="口令"), event(20, "NOTE", text="催"), event(40, "RESPONSE"),
        event(60, "RESOLVED"),
    )  # fmt: skip
    assert kpi.repair([one]).mean_s == 3600
    assert kpi.repair([one], without_waiting=True).mean_s == 1800


def test_each_cycle_is_repaired_for_itself() -> None:
    again = event(1000, "REOPEN_CONTACT", channel="phone", level="B", answered_at=at(1001).isoformat())
    one = history(call(answered=1), event(60, "RESOLVED"), again, event(1120, "RESOLVED"), as_of=2000)
    found = kpi.repair([one, history(call(answered=1))])
    assert (found.n, found.of, found.mean_s) == (2, 3, 5400)


def test_a_wait_that_never_ended_lasts_until_the_fault_was_cleared() -> None:
    events = parse_events(
        [call(answered=1), event(10, "PENDING", reason="口令"), event(15, "PENDING", reason="口令")]
    )
    assert kpi.waiting(events, at(0), at(40)) == dt.timedelta(minutes=30)


@pytest.mark.parametrize(
    ("rows", "fixed"),
    [
        ([event(8, "RESOLVED")], 1),
        ([event(31, "RESOLVED")], 0),
        ([], 0),
        ([event(5, "REMOTE_FAILED"), event(8, "RESOLVED")], 0),
        ([event(8, "RESOLVED"), event(3000, "REOPEN_CONTACT", channel="phone", level="B")], 0),
        ([event(8, "RESOLVED"), event(20000, "REOPEN_CONTACT", channel="phone", level="B")], 1),
    ],
)
def test_resolved_in_the_first_call(rows: list[dict[str, Any]], fixed: int) -> None:
    assert kpi.first_contact_fix([history(call(answered=1), *rows)], at(30 * 1440)) == Share(fixed, 1)


def test_a_call_whose_end_is_known_must_have_been_enough() -> None:
    ended = call(answered=1, ended_at=at(5).isoformat())
    assert kpi.first_contact_fix([history(ended, event(8, "RESOLVED"))], at(30 * 1440)) == Share(0, 1)


def test_what_cannot_be_known_yet_is_not_counted_as_fixed() -> None:
    one = history(call(answered=1), event(8, "RESOLVED"))
    assert kpi.first_contact_fix([one], at(1440)) == Share(0, 0)
    written = history(event(0, "CONTACT", channel="web", level="C"), event(8, "RESOLVED"))
    assert kpi.first_contact_fix([written], at(30 * 1440)) == Share(0, 0)


def test_reopened_of_those_once_resolved() -> None:
    again = event(1000, "REOPEN_CONTACT", channel="phone", level="B")
    found = [
        history(call(), event(60, "RESOLVED"), again),
        history(call(), event(60, "RESOLVED")),
        history(call()),
    ]
    assert kpi.reopened(found) == Share(1, 2)


def test_the_same_cause_within_ninety_days_is_a_repeat() -> None:
    first = history(call(0), number="FW-1", module="物流", cause="database")
    within = history(call(90 * 1440), number="FW-2", module="物流", cause="database", as_of=91 * 1440)
    after = history(call(181 * 1440), number="FW-3", module="物流", cause="database", as_of=182 * 1440)
    other = history(call(5), number="FW-4", module="人事", cause="database")
    unknown = history(call(6), number="FW-5", module="物流")
    assert kpi.repeated([first, within, after, other, unknown]) == Share(1, 4)
    assert kpi.repeated([within], earlier=[first]) == Share(1, 1)
    assert kpi.repeated([first], earlier=[within]) == Share(0, 1)
