"""Depreciation conserves every fen, whatever is changed on the way; no peer's trap is stepped into."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrp.assets.rules import output_units, sharing
from hrp.assets.rules.conventions import ENTERPRISE, GOVERNMENT
from hrp.assets.rules.months import Month
from hrp.assets.rules.plans import Plan, begin, remaining_value, revise
from hrp.platform.base.refusals import Refusal

JANUARY = Month.of(2024, 1)
yuan = st.integers(0, 10**10).map(lambda fen: Decimal(fen).scaleb(-2))
lives = st.integers(1, 720)


@given(yuan, lives)
def test_the_months_add_up_to_the_cost_and_none_is_negative(cost: Decimal, months: int) -> None:
    plan = begin(cost, months, JANUARY)
    charges = [plan.charge(JANUARY + k) for k in range(months)]
    assert sum(charges) == cost
    assert min(charges) >= 0
    assert plan.charge(JANUARY + -1) == plan.charge(JANUARY + months) == 0
    assert all(plan.through(JANUARY + k) == sum(charges[: k + 1]) for k in range(months))


@given(yuan, lives)
def test_both_conventions_depreciate_the_same_one_month_apart(cost: Decimal, months: int) -> None:
    here, there = (begin(cost, months, c.first(JANUARY)) for c in (GOVERNMENT, ENTERPRISE))
    assert there.first - here.first == there.last - here.last == 1
    assert [here.charge(here.first + k) for k in range(months)] == [
        there.charge(there.first + k) for k in range(months)
    ]


changes = st.lists(st.tuples(st.integers(0, 40), yuan, st.integers(1, 600)), max_size=6)


@given(yuan, lives, changes)
def test_after_any_changes_the_line_still_ends_at_its_cost(
    cost: Decimal, life: int, sequence: list[tuple[int, Decimal, int]]
) -> None:
    plan, begun = begin(cost, life, JANUARY), JANUARY
    at, booked = JANUARY, Decimal(0)
    for months, added, new_life in sequence:
        booked += plan.through(at + (months - 1)) - plan.through(at + -1)
        at, cost, life = at + months, cost + added, new_life
        plan = revise(booked, cost=cost, life=life, elapsed=at - begun, effective=at).plan
        assert plan.before == booked
    assert plan.accumulated(plan.last) == cost
    assert plan.accumulated(plan.last + 100) == cost


def test_an_upgrade_spreads_what_is_left_over_the_months_that_are_left() -> None:
    before = begin(Decimal(600_000), 72, JANUARY)
    booked = before.through(JANUARY + 23)
    revised = revise(booked, cost=Decimal(696_000), life=96, elapsed=24, effective=JANUARY + 24)
    assert revised.plan.monthly == Decimal("6888.89")
    assert revised.plan.accumulated(revised.plan.last) == 696_000
    assert not revised.cut_short


def test_a_life_that_is_already_over_is_depreciated_at_once_and_says_so() -> None:
    revised = revise(Decimal(50), cost=Decimal(120), life=3, elapsed=5, effective=JANUARY)
    assert (revised.cut_short, revised.plan.months, revised.plan.monthly) == (True, 1, Decimal("70.00"))


def test_the_leap_day_belongs_to_its_month_like_any_other() -> None:
    leap = Month.holding(dt.date(2028, 2, 29))
    assert leap == Month.read("2028-02-29") == Month.of(2028, 2)
    assert (leap + 12).first_day == dt.date(2029, 2, 1)
    assert begin(Decimal(6000), 60, GOVERNMENT.first(leap)).charge(leap) == 100


def test_in_and_out_in_one_month_bears_nothing_under_the_government_convention() -> None:
    plan = begin(Decimal(6000), 60, GOVERNMENT.first(JANUARY))
    assert plan.through(GOVERNMENT.last(JANUARY)) == 0
    assert plan.through(GOVERNMENT.last(JANUARY + 1)) == 100
    plan = begin(Decimal(6000), 60, ENTERPRISE.first(JANUARY))
    assert plan.through(ENTERPRISE.last(JANUARY)) == 0
    assert plan.through(ENTERPRISE.last(JANUARY + 1)) == 100


@given(st.dictionaries(st.sampled_from("ABCDEFG"), st.integers(1, 1000), min_size=1), yuan)
def test_a_month_split_by_department_adds_up(weights: dict[str, int], amount: Decimal) -> None:
    parts = sharing.by_weight(amount, weights)
    assert sum(parts.values()) == amount
    total = sum(weights.values())
    assert all(abs(parts[code] - amount * w / total) < Decimal("0.01") for code, w in weights.items())


@given(yuan, st.integers(1, 10**6), st.lists(st.integers(0, 10**5), max_size=30))
def test_units_never_depreciate_beyond_the_cost(cost: Decimal, total: int, usage: list[int]) -> None:
    booked = Decimal(0)
    for units in usage:
        booked += output_units.charge(cost, Decimal(total), Decimal(units), booked)
    assert 0 <= booked <= cost


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda: Plan(JANUARY, 0, Decimal(1)), "bad_months"),
        (lambda: Plan(JANUARY, 1, Decimal(-1)), "negative_base"),
        (lambda: begin(Decimal(10), 5, JANUARY, residual=Decimal(11)), "bad_residual"),
        (
            lambda: revise(Decimal(90), cost=Decimal(80), life=5, elapsed=1, effective=JANUARY),
            "negative_base",
        ),
        (lambda: remaining_value(Decimal(1), 12, 13), "bad_months"),
        (lambda: Month.read("2024-13"), "bad_month"),
        (lambda: sharing.require_whole({"A": Decimal("99.9")}, of="CT"), "ratios_not_whole"),
        (lambda: output_units.charge(Decimal(1), Decimal(0), Decimal(1), Decimal(0)), "bad_units"),
    ],
)
def test_what_cannot_be_is_refused(act: object, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        act()  # type: ignore[operator]
    assert refused.value.code == code
