"""The rota's arithmetic against an oracle that looks at every minute."""

from __future__ import annotations

import datetime as dt
import time
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from hrp.operations.duty import rules
from hrp.operations.duty.rules import Change, Fault, Stint
from hrp.platform.base.clock import HOSPITAL_ZONE

BEGIN = dt.datetime(2026, 2, 14, 0, 0, tzinfo=HOSPITAL_ZONE)  # the eve of the Spring Festival
MINUTES = 60
LAYERS = ("一线", "二线", "主管")
TRAVEL = {1: 600, 2: 10_800, 3: 10_801, 4: None}


def minute(number: int) -> dt.datetime:
    return BEGIN + dt.timedelta(minutes=number)


spans = st.tuples(st.integers(-5, MINUTES + 5), st.integers(1, 40)).map(lambda t: (t[0], t[0] + t[1]))
stints = st.lists(
    st.builds(
        lambda layer, person, span: Stint(layer, person, minute(span[0]), minute(span[1])),
        st.sampled_from([*LAYERS, "旧层"]), st.integers(1, 5), spans,
    ),
    max_size=9,
)  # fmt: skip
changes = st.lists(
    st.builds(
        lambda layer, out, into, span: Change(layer, out, into, minute(span[0]), minute(span[1])),
        st.sampled_from(LAYERS), st.integers(1, 5), st.integers(1, 5), spans,
    ),
    max_size=4,
)  # fmt: skip


def there(stints: list[Stint], number: int) -> set[tuple[str, int]]:
    at = minute(number)
    return {(one.layer, one.person) for one in stints if one.start <= at < one.end}


def oracle(stints: list[Stint], at_least: int) -> set[tuple[int, str, str, int | None]]:
    """(minute, kind, layer, person) of everything wrong, minute by minute."""
    wrong: set[tuple[int, str, str, int | None]] = set()
    for number in range(MINUTES):
        here = there(stints, number)
        manned = {layer for layer, _ in here if layer in LAYERS}
        if len(manned) < at_least:
            wrong.add((number, "thin", "", None))
        for layer in LAYERS:
            if layer not in manned:
                wrong.add((number, "first" if layer == LAYERS[0] else "empty", layer, None))
        for person in {who for _, who in here}:
            if len({layer for layer, who in here if who == person}) > 1:
                wrong.add((number, "double", "", person))
            way = TRAVEL.get(person)
            if way is None or way > 10_800:
                wrong.add((number, "far", "", person))
    return wrong


def found(stints: list[Stint], at_least: int) -> list[Fault]:
    return rules.examine(
        stints, BEGIN, minute(MINUTES), layers=LAYERS, at_least=at_least, travel_s=TRAVEL, travel_max_s=10_800
    )


def by_minute(faults: list[Fault]) -> set[tuple[int, str, str, int | None]]:
    return {
        (number, fault.kind, fault.layer, fault.person)
        for fault in faults
        for number in range(MINUTES)
        if fault.start <= minute(number) < fault.end
    }


@settings(max_examples=300, deadline=None)
@given(stints, st.integers(1, 3))
def test_the_validator_agrees_with_looking_at_every_minute(given: list[Stint], at_least: int) -> None:
    faults = found(given, at_least)
    expected = oracle(given, at_least)
    assert by_minute(faults) == expected
    holes = {number for number, kind, *_ in expected if kind in rules.HOLES}
    assert rules.uncovered_s(faults) == 60 * len(holes)


@settings(max_examples=200, deadline=None)
@given(stints, st.integers(1, 3))
def test_faults_are_stretched_as_far_as_they_last_and_stay_inside(given: list[Stint], at_least: int) -> None:
    faults = found(given, at_least)
    assert all(BEGIN <= fault.start < fault.end <= minute(MINUTES) for fault in faults)
    seen: dict[tuple[str, str, int | None], dt.datetime] = {}
    for fault in faults:
        key = (fault.kind, fault.layer, fault.person)
        assert seen.get(key) is None or seen[key] < fault.start, "two stretches that touch are one"
        seen[key] = fault.end


@settings(max_examples=300, deadline=None)
@given(stints, changes)
def test_substitutions_hold_minute_by_minute_in_their_order(given: list[Stint], made: list[Change]) -> None:
    standing = rules.standing(given, made)
    for number in range(-5, MINUTES + 45):
        here = list(there(given, number))
        for change in made:
            if change.start <= minute(number) < change.end:
                here = [
                    (layer, change.into) if (layer, person) == (change.layer, change.out) else (layer, person)
                    for layer, person in here
                ]
        assert there(standing, number) == set(here)


def test_a_rota_without_a_hole_over_sixty_days_of_holidays_is_clean_and_one_minute_is_found() -> None:
    end = BEGIN + dt.timedelta(days=60)
    good = [
        Stint(layer, person, start, stop)
        for layer, people in (("一线", (1, 2)), ("二线", (5, 6)))
        for person, start, stop in rules.rotation(people, BEGIN, end, hours=168)
    ]
    ways = dict.fromkeys((1, 2, 5, 6), 600)
    clean = rules.examine(good, BEGIN, end, layers=LAYERS[:2], at_least=2, travel_s=ways, travel_max_s=10_800)
    assert clean == []
    gone = BEGIN + dt.timedelta(days=33, hours=3, minutes=17)
    cut = [
        piece
        for one in good
        for piece in (
            (Stint(one.layer, one.person, one.start, gone), Stint(one.layer, one.person, gone + dt.timedelta(minutes=1), one.end))
            if one.layer == "二线" and one.start < gone < one.end
            else (one,)
        )
    ]  # fmt: skip
    faults = rules.examine(cut, BEGIN, end, layers=LAYERS[:2], at_least=2, travel_s=ways, travel_max_s=10_800)
    assert [(fault.kind, fault.start, fault.seconds) for fault in faults] == [
        ("empty", gone, 60),
        ("thin", gone, 60),
    ]


def test_two_years_are_examined_in_a_moment() -> None:
    end = BEGIN + dt.timedelta(days=730)
    many = [
        Stint(layer, person, start, stop)
        for layer, people in (("一线", (1, 2)), ("二线", (5, 6)), ("主管", (7, 8)))
        for person, start, stop in rules.rotation(people, BEGIN, end, hours=12)
    ]
    started = time.perf_counter()
    rules.examine(many, BEGIN, end, layers=LAYERS, at_least=2, travel_s={}, travel_max_s=1)
    assert time.perf_counter() - started < 2


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(1, 900), st.sampled_from([12, 24, 168])
)
def test_a_rotation_is_seamless_and_takes_turns(people: list[int], length: int, hours: int) -> None:
    end = BEGIN + dt.timedelta(hours=length)
    turns = rules.rotation(people, BEGIN, end, hours=hours)
    assert (turns[0][1], turns[-1][2]) == (BEGIN, end)
    assert all(one[2] == following[1] for one, following in pairwise(turns))
    assert [person for person, *_ in turns] == [people[place % len(people)] for place in range(len(turns))]
    assert all(stop - start <= dt.timedelta(hours=hours) for _, start, stop in turns)


def test_overdue_steps_come_together_and_a_dead_one_brings_the_next() -> None:
    times = [0, 45, 90]
    assert rules.due_steps(times, 0, 0) == [0]
    assert rules.due_steps(times, 1, 44.9) == []
    assert rules.due_steps(times, 1, 3600) == [1, 2]
    assert rules.due_steps(times, 1, 3, forward=True) == [1]
    assert rules.due_steps(times, 3, 3600, forward=True) == []


def test_who_stands_at_an_instant_begins_with_the_start_and_ends_before_the_end() -> None:
    one = [Stint("一线", 1, minute(0), minute(10)), Stint("一线", 2, minute(10), minute(20))]
    assert rules.at_instant(one, minute(0)) == {"一线": [1]}
    assert rules.at_instant(one, minute(10)) == {"一线": [2]}
    assert rules.at_instant(one, minute(20)) == {}
