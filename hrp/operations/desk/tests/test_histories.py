"""What must hold for every history of a ticket, however its events were recorded."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from hrp.operations.contracts.defaults import default_terms
from hrp.operations.desk.published import published_calendar
from hrp.operations.desk.rules.clocks import Clock, Evaluation, evaluate
from hrp.operations.desk.rules.events import Event, parse_events
from hrp.platform.base.clock import HOSPITAL_ZONE

TERMS = default_terms()
DAY = dt.datetime(2026, 11, 23, 9, 0, tzinfo=HOSPITAL_ZONE)
MINUTES = [0, 1, 4, 5, 6, 30, 59, 60, 61, 90, 120, 121, 240, 245, 300, 301, 1440, 1500]
"""Few instants, so that equal ones and those on a due time are common."""


def at(minutes: float) -> dt.datetime:
    return DAY + dt.timedelta(minutes=minutes)


_LEVEL = st.sampled_from(["1", "A", "B", "C"])
_INSTANT = st.sampled_from(MINUTES).map(lambda minute: at(minute).isoformat())
_RINGING = st.sampled_from([0, 1, 6, 61])
"""Minutes from the ring to the answer; made an instant by :func:`events`."""

_FACTS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "CONTACT": st.fixed_dictionaries(
        {"channel": st.sampled_from(["phone", "web", "email"]), "level": _LEVEL},
        optional={"direction": st.just("out"), "answered_at": _RINGING, "unattributed": st.just(True)},
    ),
    "REOPEN_CONTACT": st.fixed_dictionaries(
        {"channel": st.sampled_from(["phone", "web"]), "level": _LEVEL}, optional={"answered_at": _RINGING}
    ),
    "RESPONSE": st.fixed_dictionaries({"kind": st.sampled_from(["human", "human", "auto"])}),
    "RECLASS": st.fixed_dictionaries(
        {
            "to": _LEVEL,
            "basis": st.sampled_from(["new_facts", "supplier_misclassified", "overstated", "impact_reduced"]),
            "by": st.sampled_from(["hospital", "supplier"]),
        }
    ),
    "ONSITE_ETA": st.fixed_dictionaries(
        {"eta": _INSTANT}, optional={"agreed_by": st.just("李工"), "hospital_waiver": st.just("延 7")}
    ),
    "MERGE_EARLIER_CALL": st.fixed_dictionaries(
        {"first_call_at": st.integers(-60, 90).map(lambda minute: at(minute).isoformat())}
    ),
    "CLOSE_ATTEMPT": st.fixed_dictionaries({}, optional={"maintenance_record": st.just("WX2026-00001")}),
}
_PLAIN = (
    "EMERGENCY_FLAG", "EMERGENCY_STARTED", "REMOTE_FAILED", "ONSITE_ARRIVED", "RESOLVED", "PENDING", "MONITOR_ALERT",
    "INSPECTION_ENDED", "REPORT_DELIVERED", "NO_CONTRACT", "CANCELLED", "MERGED_INTO",
)  # fmt: skip
TYPES = (*_FACTS, *_PLAIN)


@st.composite
def events(
    draw: st.DrawFn, minutes: st.SearchStrategy[int], types: tuple[str, ...] = TYPES
) -> dict[str, Any]:
    kind = draw(st.sampled_from(types))
    minute, facts = draw(minutes), draw(_FACTS.get(kind, st.just({})))
    if "answered_at" in facts:
        facts = {**facts, "answered_at": at(minute + facts["answered_at"]).isoformat()}
    return {"t": at(minute).isoformat(), "type": kind, **facts}


FIRST = st.builds(
    lambda level, channel: {"t": at(0).isoformat(), "type": "CONTACT", "channel": channel, "level": level},
    _LEVEL,
    st.sampled_from(["phone", "web"]),
)
HISTORIES = st.builds(
    lambda first, rest: [first, *rest],
    FIRST,
    st.lists(events(st.sampled_from(MINUTES)), max_size=9),
)
"""A first contact and up to nine more events, the same instants again and again."""


def judge(rows: list[dict[str, Any]], as_of: float) -> Evaluation:
    return evaluate(parse_events(rows), TERMS, published_calendar(), at(as_of))


def without_key(clock: Clock) -> tuple[Any, ...]:
    """Everything but the key, which is the place of recording of the event that opened it."""
    return (
        clock.cycle, clock.kind, clock.level or "", clock.start, clock.due, clock.stop or DAY, clock.stop is None,
        clock.verdict, clock.margin_s or 0,
    )  # fmt: skip


def final(result: Evaluation) -> dict[str, str]:
    return {clock.key: clock.verdict for clock in result.clocks if clock.verdict != "running"}


@settings(max_examples=400, deadline=None)
@given(HISTORIES, st.randoms(use_true_random=False), st.sampled_from([*MINUTES, 9000]))
def test_equal_instants_in_any_order_give_one_result(
    rows: list[dict[str, Any]], shuffle: Any, as_of: int
) -> None:
    other = list(rows)
    shuffle.shuffle(other)
    one, two = judge(rows, as_of), judge(other, as_of)
    assert sorted(map(without_key, one.clocks)) == sorted(map(without_key, two.clocks))
    assert (one.flags, one.notify, one.final_level, one.cycles, one.is_emergency) == (
        two.flags, two.notify, two.final_level, two.cycles, two.is_emergency,
    )  # fmt: skip


LATER = tuple(kind for kind in TYPES if kind != "MERGE_EARLIER_CALL")


@settings(max_examples=600, deadline=None)
@given(HISTORIES, st.sampled_from(MINUTES), st.data())
def test_no_later_event_but_a_merge_changes_a_verdict_already_given(
    rows: list[dict[str, Any]], as_of: int, data: st.DataObject
) -> None:
    """A verdict given at an instant stands whatever happens after it. What a RECLASS may do is open further clocks,
    which may start before it; the clocks there were keep their start and their verdict."""
    rows = [row for row in rows if row["type"] != "MERGE_EARLIER_CALL"]
    before = judge(rows, as_of)
    later = data.draw(events(st.integers(as_of + 1, as_of + 600), LATER))
    after = judge([*rows, later], 9000)
    known = final(after)
    for key, verdict in final(before).items():
        assert known[key] == verdict, (key, later)
    starts = {clock.key: clock.start for clock in after.clocks}
    assert all(starts[clock.key] == clock.start for clock in before.clocks)
    if later["type"] not in ("RECLASS", "CONTACT", "REOPEN_CONTACT", "EMERGENCY_FLAG"):
        fresh = [clock for clock in after.clocks if clock.start < at(as_of)]
        assert {clock.key for clock in fresh} <= {clock.key for clock in judge(rows, 9000).clocks} | {
            clock.key for clock in after.clocks if clock.kind == "onsite_agreed"
        }


@settings(max_examples=400, deadline=None)
@given(HISTORIES, st.integers(-60, 90), st.sampled_from(MINUTES))
def test_a_merge_moves_no_start_later_and_saves_no_breach(
    rows: list[dict[str, Any]], call: int, merged: int
) -> None:
    merge = {"t": at(merged).isoformat(), "type": "MERGE_EARLIER_CALL", "first_call_at": at(call).isoformat()}
    before = {clock.key: clock for clock in judge(rows, 9000).clocks}
    after = {clock.key: clock for clock in judge([*rows, merge], 9000).clocks}
    assert set(before) == set(after)
    for key, clock in before.items():
        assert after[key].start <= clock.start
        assert after[key].due <= clock.due
        if clock.verdict == "breached":
            assert after[key].verdict == "breached"


@settings(max_examples=300, deadline=None)
@given(HISTORIES, st.sampled_from(MINUTES), st.integers(0, 9000))
def test_looking_later_changes_no_verdict(rows: list[dict[str, Any]], first: int, more: int) -> None:
    rows = [row for row in rows if row["type"] != "MERGE_EARLIER_CALL"]
    early, late = final(judge(rows, first)), final(judge(rows, first + more))
    assert {key: late[key] for key in early} == early


def phone(minute: int, level: str) -> dict[str, Any]:
    return {"t": at(minute).isoformat(), "type": "CONTACT", "channel": "phone", "level": level}


@settings(max_examples=200, deadline=None)
@given(
    HISTORIES,
    st.sampled_from(["2026-11-23T01:00:00Z", "2026-11-22T20:00:00-05:00", "2026-11-23T09:00:00+08:00"]),
)
@example([phone(0, "1")], "2026-11-22T20:00:00-05:00")
def test_how_an_instant_is_written_does_not_matter(rows: list[dict[str, Any]], written: str) -> None:
    zone = dt.datetime.fromisoformat(written).tzinfo
    other = [{**row, "t": dt.datetime.fromisoformat(row["t"]).astimezone(zone).isoformat()} for row in rows]
    assert list(map(without_key, judge(rows, 500).clocks)) == list(map(without_key, judge(other, 500).clocks))


def test_a_moot_clock_is_not_superseded_by_a_level_changed_after_the_fault_was_cleared() -> None:
    rows = [
        phone(0, "A"),
        {"t": at(1).isoformat(), "type": "RESPONSE"},
        {"t": at(30).isoformat(), "type": "RESOLVED"},
    ]
    down = {
        "t": at(40).isoformat(),
        "type": "RECLASS",
        "to": "B",
        "basis": "impact_reduced",
        "by": "hospital",
    }
    key = "1.emergency_start.1"
    assert final(judge(rows, 35))[key] == "moot"
    assert final(judge([*rows, down], 50))[key] == "moot"


def test_events_of_one_instant_are_told_apart_by_their_facts_alone() -> None:
    one = Event(DAY, "RESPONSE", {"kind": "human"}, 7)
    two = Event(DAY.astimezone(dt.UTC), "RESPONSE", {"kind": "human"}, 3)
    assert one.sort_key() == two.sort_key()
