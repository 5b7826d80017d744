"""The clock engine where the published cases are silent, and what must hold for every history."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrp.operations.contracts.defaults import default_terms
from hrp.operations.desk.published import published_calendar
from hrp.operations.desk.rules.clocks import Evaluation, evaluate
from hrp.operations.desk.rules.events import Event, parse_events
from hrp.platform.base.clock import HOSPITAL_ZONE
from hrp.platform.base.refusals import Invalid

TERMS = default_terms()
DAY = dt.datetime(2026, 11, 23, 9, 0, tzinfo=HOSPITAL_ZONE)


def at(minutes: float) -> dt.datetime:
    return DAY + dt.timedelta(minutes=minutes)


def event(minutes: float, event_type: str, **facts: Any) -> dict[str, Any]:
    return {"t": at(minutes).isoformat(), "type": event_type, **facts}


def judge(*rows: dict[str, Any], as_of: float = 24 * 60) -> Evaluation:
    return evaluate(parse_events(rows), TERMS, published_calendar(), at(as_of))


def verdicts(result: Evaluation) -> list[tuple[str, str | None, str]]:
    return [(clock.kind, clock.level, clock.verdict) for clock in result.clocks]


def phone(minutes: float = 0, level: str = "1", **facts: Any) -> dict[str, Any]:
    return event(minutes, "CONTACT", channel="phone", level=level, **facts)


def test_emergency_start_is_moot_when_resolved_in_time() -> None:
    result = judge(phone(answered_at=at(1).isoformat()), event(40, "RESOLVED"))
    assert verdicts(result) == [("response", "1", "met"), ("emergency_start", "1", "moot")]


def test_resolving_late_does_not_excuse_a_missed_emergency_start() -> None:
    result = judge(phone(answered_at=at(1).isoformat()), event(61, "RESOLVED"))
    assert verdicts(result)[1] == ("emergency_start", "1", "breached")


def test_on_site_is_moot_when_resolved_remotely_before_due() -> None:
    result = judge(phone(level="B"), event(5, "RESPONSE"), event(30, "REMOTE_FAILED"), event(90, "RESOLVED"))
    assert verdicts(result) == [("response", "B", "met"), ("onsite", "B", "moot")]


def test_upgrade_while_on_site_runs_takes_the_earlier_due() -> None:
    result = judge(
        phone(level="B"), event(5, "RESPONSE"), event(60, "REMOTE_FAILED"),
        event(120, "RECLASS", to="A", basis="new_facts"), as_of=130,
    )  # fmt: skip
    onsite = next(clock for clock in result.clocks if clock.kind == "onsite")
    assert (onsite.level, onsite.start, onsite.due) == ("A", at(60), at(120 + 240))


def test_late_upgrade_cannot_extend_the_on_site_due() -> None:
    result = judge(
        phone(level="B"), event(5, "RESPONSE"), event(60, "REMOTE_FAILED"),
        event(60 + 22 * 60, "RECLASS", to="A", basis="new_facts"), as_of=60 + 23 * 60,
    )  # fmt: skip
    onsite = next(clock for clock in result.clocks if clock.kind == "onsite")
    assert onsite.due == at(60 + 24 * 60)


def test_upgrade_does_not_buy_time_for_an_emergency_already_owed() -> None:
    result = judge(
        phone(level="A", answered_at=at(1).isoformat()),
        event(50, "RECLASS", to="1", basis="new_facts"), event(51, "RESPONSE"), event(70, "EMERGENCY_STARTED"),
    )  # fmt: skip
    assert ("emergency_start", "A", "breached") in verdicts(result)
    assert ("emergency_start", "1", "met") in verdicts(result)


def test_misjudged_report_first_made_in_writing_counts_from_the_first_call() -> None:
    result = judge(
        event(0, "CONTACT", channel="web", level="B"),
        phone(30, level="B", answered_at=at(31).isoformat()),
        event(60, "RECLASS", to="A", basis="supplier_misclassified", by="hospital"),
    )
    upgraded = [clock for clock in result.clocks if clock.level == "A" and clock.kind == "response"]
    assert [clock.start for clock in upgraded] == [at(30)]


def test_waiting_for_the_hospital_pauses_nothing() -> None:
    waited = judge(phone(level="C"), event(10, "PENDING", reason="等待口令"), as_of=121)
    assert verdicts(waited) == [("response", "C", "breached")]


def test_emergency_flag_survives_a_downgrade() -> None:
    result = judge(
        phone(level="A", answered_at=at(1).isoformat()),
        event(5, "EMERGENCY_FLAG", by="hospital", kind="data_breach"),
        event(20, "RECLASS", to="B", basis="overstated", hospital_approved=True),
    )
    assert ("emergency_start", "A", "breached") in verdicts(result)


def test_unanswered_call_back_is_not_a_contact() -> None:
    result = judge(
        event(0, "CONTACT", channel="web", level="1"),
        event(3, "CONTACT", channel="phone", level="1", direction="out", answered_at=None),
    )
    assert result.final_level == "B"


def test_call_back_that_connects_takes_the_level_that_was_reported() -> None:
    result = judge(
        event(0, "CONTACT", channel="web", level="1"),
        event(3, "CONTACT", channel="phone", direction="out", answered_at=at(3).isoformat()),
    )
    assert result.final_level == "1"


def test_voice_mail_is_not_a_response() -> None:
    result = judge(phone(answered_at=at(1).isoformat(), answered_by="voicemail"), as_of=6)
    assert "auto_reply_ignored" in result.flags
    assert verdicts(result)[0] == ("response", "1", "breached")


def test_closing_without_a_record_is_flagged() -> None:
    assert "close_rejected_no_maintenance_record" in judge(phone(), event(5, "CLOSE_ATTEMPT")).flags


def test_verdict_is_blocked_while_the_calendar_is_missing() -> None:
    rows = [
        {"t": "2026-12-30T17:00:00+08:00", "type": "INSPECTION_ENDED"},
        {"t": "2027-02-01T09:00:00+08:00", "type": "REPORT_DELIVERED"},
    ]
    later = dt.datetime(2027, 3, 1, tzinfo=HOSPITAL_ZONE)
    result = evaluate(parse_events(rows), TERMS, published_calendar(), later)
    assert [clock.verdict for clock in result.clocks] == ["running"]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([{"t": "2026-11-23T09:00:00", "type": "CONTACT"}], "bad_instant"),
        ([{"t": "昨天", "type": "CONTACT"}], "bad_instant"),
        ([{"t": "2026-11-23T09:00:00+08:00", "type": "CALL"}], "bad_event"),
        (["09:00"], "bad_event"),
    ],
)
def test_unreadable_event_is_refused_by_its_place(rows: list[Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_events(rows)
    assert refused.value.code == code
    assert "第 1 条事件" in refused.value.reason


@pytest.mark.parametrize("level", [None, "D"])
def test_first_contact_needs_a_level_of_the_contract(level: str | None) -> None:
    with pytest.raises(Invalid) as refused:
        judge(event(0, "CONTACT", channel="phone", level=level))
    assert refused.value.code == "unknown_level"


# --- every history ---------------------------------------------------------------------------------------------------

_LEVELS = st.sampled_from(["1", "A", "B", "C"])
_FACTS = {
    "CONTACT": st.fixed_dictionaries(
        {"channel": st.sampled_from(["phone", "web", "email"]), "level": _LEVELS}
    ),
    "REOPEN_CONTACT": st.fixed_dictionaries({"channel": st.just("phone"), "level": _LEVELS}),
    "RESPONSE": st.fixed_dictionaries({"kind": st.sampled_from(["human", "human", "auto"])}),
    "RECLASS": st.fixed_dictionaries(
        {
            "to": _LEVELS,
            "basis": st.sampled_from(["new_facts", "supplier_misclassified", "overstated", "impact_reduced"]),
            "by": st.sampled_from(["hospital", "supplier"]),
        }
    ),
    "ONSITE_ETA": st.fixed_dictionaries(
        {"eta": st.integers(0, 3000).map(lambda m: at(m).isoformat()), "agreed_by": st.just("李工")}
    ),
    "MERGE_EARLIER_CALL": st.fixed_dictionaries(
        {"first_call_at": st.integers(-60, 60).map(lambda m: at(m).isoformat())}
    ),
}
_PLAIN = [
    "EMERGENCY_FLAG", "EMERGENCY_STARTED", "REMOTE_FAILED", "ONSITE_ARRIVED", "RESOLVED", "PENDING", "MONITOR_ALERT",
]  # fmt: skip


@st.composite
def _events(draw: st.DrawFn, first: int = 0) -> dict[str, Any]:
    kind = draw(st.sampled_from([*_FACTS, *_PLAIN]))
    facts = draw(_FACTS[kind]) if kind in _FACTS else {}
    return event(draw(st.integers(first, 600)), kind, **facts)


_HISTORIES = st.lists(_events(), max_size=9).map(lambda rows: [phone(0, level="B"), *rows])


def facts_of(result: Evaluation) -> list[tuple[Any, ...]]:
    return sorted(
        (c.cycle, c.kind, c.level or "", c.start, c.due, str(c.stop), c.verdict, c.margin_s or 0)
        for c in result.clocks
    )


@settings(max_examples=300, deadline=None)
@given(_HISTORIES, st.randoms(use_true_random=False))
def test_order_of_recording_does_not_matter(rows: list[dict[str, Any]], shuffle: Any) -> None:
    other = list(rows)
    shuffle.shuffle(other)
    one, two = judge(*rows), judge(*other)
    assert facts_of(one) == facts_of(two)
    assert (one.flags, one.notify, one.final_level) == (two.flags, two.notify, two.final_level)


@settings(max_examples=300, deadline=None)
@given(_HISTORIES, st.integers(0, 700), st.integers(0, 2000))
def test_verdict_once_given_stays_unless_an_earlier_start_is_proved(
    rows: list[dict[str, Any]], first: int, more: int
) -> None:
    rows = [row for row in rows if row["type"] != "MERGE_EARLIER_CALL"]
    early, late = judge(*rows, as_of=first), judge(*rows, as_of=first + more)
    final = {clock.key: clock.verdict for clock in late.clocks}
    for clock in early.clocks:
        if clock.verdict != "running":
            assert final[clock.key] == clock.verdict
    assert set(early.notify) <= set(late.notify)


@settings(max_examples=200, deadline=None)
@given(_HISTORIES, st.integers(0, 600))
def test_waiting_never_moves_a_clock(rows: list[dict[str, Any]], minute: int) -> None:
    assert facts_of(judge(*rows)) == facts_of(judge(*rows, event(minute, "PENDING", reason="等待甲方")))


@settings(max_examples=200, deadline=None)
@given(_HISTORIES, st.integers(-60, 60), st.integers(61, 600))
def test_merging_a_call_never_moves_a_start_later_nor_saves_a_breach(
    rows: list[dict[str, Any]], call: int, merged: int
) -> None:
    rows = [row for row in rows if row["type"] in ("CONTACT", "RESPONSE", "EMERGENCY_STARTED")]
    plain = {clock.key: clock for clock in judge(*rows).clocks}
    for clock in judge(*rows, event(merged, "MERGE_EARLIER_CALL", first_call_at=at(call).isoformat())).clocks:
        before = plain.get(clock.key)
        if before is not None:
            assert clock.start <= before.start
            assert not (before.verdict == "breached" and clock.verdict == "met")


@settings(max_examples=200, deadline=None)
@given(_HISTORIES)
def test_met_means_in_time_and_margins_agree(rows: list[dict[str, Any]]) -> None:
    result = judge(*rows, as_of=5000)
    for clock in result.clocks:
        if clock.verdict == "met":
            assert clock.stop is not None
            assert clock.start <= clock.stop <= clock.due
        if clock.margin_s is not None:
            assert (clock.margin_s >= 0) == (clock.verdict == "met")
        if clock.verdict in ("superseded", "moot", "running"):
            assert clock.margin_s is None
    assert len({clock.key for clock in result.clocks}) == len(result.clocks)


def test_answer_within_the_same_second_as_a_call_counts() -> None:
    rows = [Event(DAY, "CONTACT", {"channel": "phone", "level": "1", "answered_at": DAY.isoformat()}, 1)]
    result = evaluate(rows, TERMS, published_calendar(), at(1))
    assert result.clocks[0].margin_s == 300
