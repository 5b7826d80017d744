"""The round of a pack, what keeps it back, and what a laboratory should have consumed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrp.logistics.sterile import rules
from hrp.logistics.sterile.rules import Results, State, Variance

ROUND = ("recover", "wash", "disinfect", "pack", "sterilise", "release", "store", "issue", "use")


def test_one_round_leads_from_use_to_use() -> None:
    state = State.USED
    for step in ROUND:
        assert rules.may(step, state), (step, state)
        state = rules.leads_to(step, passed=True)
    assert state == State.USED


@given(st.sampled_from(sorted(State)), st.sampled_from(sorted(rules.STEPS)))
def test_nothing_becomes_sterile_but_by_release(state: State, step: str) -> None:
    if rules.may(step, state) and rules.leads_to(step, passed=True) == State.STERILE:
        assert (step, state) == ("release", State.IN_LOAD)


def test_what_fails_is_washed_again_and_some_steps_cannot_fail() -> None:
    assert rules.leads_to("pack", passed=False) == State.SOILED
    with pytest.raises(ValueError, match="issue"):
        rules.leads_to("issue", passed=False)


@pytest.mark.parametrize(
    ("results", "implant", "excepted", "kept"),
    [
        (Results(), False, False, True),
        (Results(True, None), False, False, True),
        (Results(True, True), False, False, False),
        (Results(True, True), True, False, True),
        (Results(True, True), True, True, False),
        (Results(True, True, True), True, False, False),
        (Results(True, True, False), True, True, True),
        (Results(True, False), False, False, True),
    ],
)
def test_what_keeps_a_pack_back(results: Results, implant: bool, excepted: bool, kept: bool) -> None:
    assert bool(rules.keeps_back(results, implant=implant, excepted=excepted)) == kept


def test_expiry_counts_the_day_of_sterilising() -> None:
    assert rules.pack_expiry(dt.date(2026, 11, 10), 7) == dt.date(2026, 11, 16)


def test_variance_is_what_nobody_explained() -> None:
    found = Variance(Decimal(900), Decimal(40), Decimal(10), Decimal(1000))
    assert (found.loss, found.percent) == (Decimal(50), Decimal("5.6"))
    assert Variance(Decimal(0), Decimal(0), Decimal(0), Decimal(5)).percent is None
    assert rules.kits(Decimal(950), 100) == Decimal("9.5000")
