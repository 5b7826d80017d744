"""The pure rules: to the fen, to the day, and every act in its place."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrp.assets.equipment.rules import due_days, flow, limits, scoring, spreading, windows, worth
from hrp.assets.rules.months import Month

DAY = dt.date(2026, 1, 31)
days = st.dates(dt.date(2020, 1, 1), dt.date(2030, 12, 31))
cents = st.integers(0, 10**10).map(lambda amount: Decimal(amount) / 100)


@given(fee=cents, first=days, length=st.integers(0, 2000))
def test_a_fee_is_spread_to_the_fen(fee: Decimal, first: dt.date, length: int) -> None:
    last = first + dt.timedelta(days=length)
    months = spreading.by_month(fee, first, last)
    assert sum(months.values()) == fee
    assert (min(months), max(months)) == (Month.holding(first), Month.holding(last))
    assert all(amount >= 0 for amount in months.values())


@given(
    amount=cents,
    weights=st.dictionaries(st.integers(1, 10**6), st.integers(1, 1000).map(Decimal), min_size=1, max_size=9),
)
def test_cards_share_to_the_fen(amount: Decimal, weights: dict[int, Decimal]) -> None:
    parts = spreading.by_card(amount, weights)
    assert sum(parts.values()) == amount
    assert set(parts) == set(weights)


@given(first=days, months=st.integers(1, 24))
def test_days_of_a_series_are_counted_from_the_first(first: dt.date, months: int) -> None:
    found = due_days.series(first, months=months, days=0, until=due_days.months_later(first, 24))
    assert found == sorted(set(found))
    assert found[-1] == due_days.months_later(first, months * (len(found) - 1))
    assert all(day.day in (first.day, *range(28, 31)) for day in found)


def test_the_last_of_a_month_stays_the_last() -> None:
    assert due_days.series(DAY, months=1, days=0, until=dt.date(2026, 4, 30)) == [
        DAY, dt.date(2026, 2, 28), dt.date(2026, 3, 31), dt.date(2026, 4, 30),
    ]  # fmt: skip
    assert due_days.series(DAY, months=0, days=7, until=dt.date(2026, 2, 10)) == [DAY, dt.date(2026, 2, 7)]
    assert due_days.in_time(dt.date(2026, 2, 2), DAY, grace=2)
    assert not due_days.in_time(dt.date(2026, 2, 2), DAY, grace=1)
    assert not due_days.in_time(None, DAY, grace=99)


@given(act=st.sampled_from(flow.Act), state=st.sampled_from(flow.State), check=st.booleans())
def test_what_is_over_stays_over(act: flow.Act, state: flow.State, check: bool) -> None:
    if not flow.allowed(act, state):
        return
    assert state in flow.OPEN or act == flow.Act.RATE
    if act == flow.Act.FIX:
        assert flow.after(act, state, check_first=check) == ("to_check" if check else "to_accept")


@pytest.mark.parametrize(
    ("value", "low", "high", "good"),
    [("5", "1", "5", True), ("5.0001", "1", "5", False), ("0.9", "1", None, False), ("9", None, None, True)],
)
def test_limits_themselves_are_good(value: str, low: str | None, high: str | None, good: bool) -> None:
    bounds = [Decimal(bound) if bound else None for bound in (low, high)]
    assert limits.within(Decimal(value), *bounds) is good


def test_limits_in_words() -> None:
    assert limits.described(Decimal("-15"), Decimal("15.00"), "%") == "-15～15 %"
    assert limits.described(None, Decimal("0.5"), "mA") == "≤ 0.5 mA"
    assert limits.described(Decimal(2), None) == "≥ 2"
    assert limits.described(None, None, "V") == ""


def test_score_and_interval() -> None:
    assert scoring.Risk(10, 5, 5, 7).score == 22
    intervals = [
        scoring.interval_months(score, included=12, high=16, high_months=6, months=12)
        for score in (11, 12, 15, 16)
    ]
    assert intervals == [None, 12, 12, 6]


def test_worth() -> None:
    assert worth.share_of_net(Decimal(50), Decimal(200)) == Decimal("25.00")
    assert worth.suggests_scrapping(Decimal(1), Decimal(0), percent=Decimal(50))
    assert not worth.suggests_scrapping(Decimal(0), Decimal(0), percent=Decimal(50))
    assert not worth.suggests_scrapping(Decimal(50), Decimal(100), percent=Decimal(50))
    assert worth.is_capital(Decimal(1000), extends_life=True, adds_capability=False, threshold=Decimal(1000))
    assert not worth.is_capital(
        Decimal(999), extends_life=True, adds_capability=True, threshold=Decimal(1000)
    )
    assert not worth.is_capital(
        Decimal(9999), extends_life=False, adds_capability=False, threshold=Decimal(1000)
    )


@given(
    begin=st.integers(0, 200), length=st.integers(0, 200), since=st.integers(0, 200), span=st.integers(1, 200)
)
def test_overlap_is_within_both(begin: int, length: int, since: int, span: int) -> None:
    zero = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    hour = dt.timedelta(hours=1)
    first, last = zero + begin * hour, zero + (begin + length) * hour
    found = windows.overlap(first, last, zero + since * hour, zero + (since + span) * hour)
    assert 0 <= found <= min(length, span)
    assert windows.overlap(first, None, zero + since * hour, zero + (since + span) * hour) >= found
