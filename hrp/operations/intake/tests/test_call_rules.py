"""Numbers and calls that belong together: examples and properties."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrp.operations.intake.rules import calls as rules
from hrp.operations.intake.rules.calls import Said, Story

START = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)


def at(seconds: float) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


@dataclass(frozen=True)
class Rang:
    number: str
    ring_at: dt.datetime


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0571-8888 6612", "057188886612"),
        ("+86 571 8888 6612", "057188886612"),
        ("0086-13800001111", "13800001111"),
        ("(6612)", "6612"),
    ],
)
def test_a_number_is_the_same_however_it_is_written(one: str, other: str) -> None:
    assert rules.normal(one) == rules.normal(other) != ""


def test_short_numbers_beginning_with_86_keep_it() -> None:
    assert rules.normal("8612") == "8612"


@pytest.mark.parametrize(
    ("story", "known", "now", "decision"),
    [
        (Story(at(0)), False, at(59), "wait"),
        (Story(at(0)), False, at(60), "open"),
        (Story(at(0), answered_at=at(8)), False, at(500), "wait"),
        (Story(at(0), over_at=at(9.9)), False, at(10), "unattributed"),
        (Story(at(0), over_at=at(10)), False, at(10), "open"),
        (Story(at(0), over_at=at(3)), True, at(4), "open"),
    ],
)
def test_what_a_call_calls_for(story: Story, known: bool, now: dt.datetime, decision: str) -> None:
    assert rules.decide(story, known=known, now=now) == decision


events = st.lists(
    st.builds(
        Said,
        st.sampled_from(["ring", "answered", "missed", "ended"]),
        st.integers(-600, 600).map(at),
        st.sampled_from(["", "sunhao"]),
    ),
    max_size=6,
)


@given(events, st.randoms())
def test_a_story_does_not_depend_on_the_order_of_arrival(told: list[Said], random: object) -> None:
    shuffled = list(told)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = rules.story_of(told, at(0)), rules.story_of(shuffled, at(0))
    assert (one.ring_at, one.answered_at, one.over_at) == (other.ring_at, other.answered_at, other.over_at)
    assert one.ring_at <= at(0)
    assert one.answered_at is None or one.answered_at >= one.ring_at
    assert one.over_at is None or one.over_at >= one.ring_at


rang = st.builds(
    Rang, st.sampled_from(["6612", "06612", "0571 6612", "", "13800001111"]), st.integers(-4000, 600).map(at)
)


@given(st.lists(rang, max_size=8), st.sampled_from(["6612", "", "86 138 0000 1111"]))
def test_only_earlier_calls_of_the_same_number_within_half_an_hour_match(
    calls: list[Rang], number: str
) -> None:
    found = rules.earlier_calls(calls, number, at(0))
    expected = {
        call
        for call in calls
        if number
        and rules.normal(call.number) == rules.normal(number)
        and 0 < (at(0) - call.ring_at).total_seconds() <= 1800
    }
    assert set(found) == expected
    assert [c.ring_at for c in found] == sorted(c.ring_at for c in found)
