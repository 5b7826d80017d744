"""What may follow what, and what is kept of a patient."""

from __future__ import annotations

import datetime as dt
import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrp.logistics.highvalue import rules
from hrp.logistics.highvalue.rules import Standing, State, Verdict
from hrp.platform.base.refusals import Invalid

DAY = dt.date(2026, 11, 10)
GOOD = Standing(State.IN_CONSIGN, "", DAY)


def test_the_examples_in_the_docstrings() -> None:
    assert doctest.testmod(rules).failed == 0


@given(st.text(max_size=20))
def test_of_a_name_only_the_first_character_is_kept(name: str) -> None:
    masked = rules.mask(name)
    letters = "".join(name.split())
    assert set(masked[1:]) <= {"*"}
    assert (masked == "") == (letters == "")
    assert rules.mask(masked)[:1] == masked[:1]


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        (GOOD, Verdict.OK),
        (Standing(State.USED, "", DAY), Verdict.DUPLICATE),
        (Standing(State.SETTLED, "frozen", DAY), Verdict.DUPLICATE),
        (Standing(State.PICKED, "frozen", DAY), Verdict.STOP),
        (Standing(State.PICKED, "recalled", DAY), Verdict.STOP),
        (Standing(State.IN_STOCK, "", DAY - dt.timedelta(days=1)), Verdict.STOP),
        (Standing(State.WITHDRAWN, "", DAY), Verdict.STOP),
        (Standing(State.PICKED, "", DAY, "ZY2"), Verdict.STOP),
        (Standing(State.PICKED, "", DAY, "ZY1"), Verdict.OK),
    ],
)
def test_what_may_be_used(unit: Standing, expected: Verdict) -> None:
    verdict, words = rules.verdict(unit, visit_no="ZY1", on=DAY)
    assert (verdict, bool(words)) == (expected, expected != Verdict.OK)


def test_every_act_and_state_has_a_name_and_nothing_used_is_used_again() -> None:
    assert set(rules.ALLOWED) == set(rules.ACTS)
    assert set(rules.STATES) == set(State)
    assert not rules.ALLOWED["use"] & rules.GONE
    assert not rules.PLACED & rules.GONE


def test_deadlines() -> None:
    assert rules.days_due(DAY, "death", {"death": 7}) == dt.date(2026, 11, 17)
    with pytest.raises(Invalid):
        rules.days_due(DAY, "unknown", {"death": 7})
    at = dt.datetime(2026, 11, 10, 4, tzinfo=dt.UTC)
    assert rules.approval_due(at, 24) - at == dt.timedelta(hours=24)
