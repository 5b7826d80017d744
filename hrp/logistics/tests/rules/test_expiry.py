"""The last usable day, the ways out of what has expired, and how much life is left."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrp.logistics.rules import expiry
from hrp.logistics.rules.expiry import NO_EXPIRY, ExpiryMode, Movement
from hrp.platform.base.refusals import Invalid

DAY = dt.date(2026, 5, 31)
NEXT = dt.date(2026, 6, 1)
dates = st.dates(dt.date(2000, 1, 1), dt.date(2060, 12, 31))


@pytest.mark.parametrize(
    ("mode", "on", "usable"),
    [
        (ExpiryMode.LAST_USABLE_DAY, DAY, True),
        (ExpiryMode.LAST_USABLE_DAY, NEXT, False),
        (ExpiryMode.FIRST_UNUSABLE_DAY, DAY, False),
        (ExpiryMode.FIRST_UNUSABLE_DAY, dt.date(2026, 5, 30), True),
    ],
)
def test_the_day_on_the_label_is_read_by_the_items_mode(mode: ExpiryMode, on: dt.date, usable: bool) -> None:
    last = expiry.last_usable_day(DAY, mode=mode)
    found = expiry.allowed([Movement.PATIENT_USE, Movement.SCRAP], usable_until=last, on=on)
    assert (Movement.PATIENT_USE in found) is usable
    assert Movement.SCRAP in found


def test_what_is_held_may_leave_but_not_be_used() -> None:
    found = expiry.allowed(Movement, usable_until=NO_EXPIRY, on=DAY, held=True)
    assert set(found) == expiry.WAYS_OUT
    assert Movement.DEPT_ISSUE not in found
    assert set(expiry.allowed(Movement, usable_until=NO_EXPIRY, on=DAY)) == set(Movement)


def test_no_expiry_has_no_day_before_it() -> None:
    assert expiry.last_usable_day(NO_EXPIRY, mode=ExpiryMode.FIRST_UNUSABLE_DAY) == NO_EXPIRY


@given(dates, st.none() | dates)
def test_the_earlier_of_device_and_sterile_expiry_counts(device: dt.date, sterile: dt.date | None) -> None:
    last = expiry.last_usable_day(device, sterile_expiry=sterile)
    assert last == min(day for day in (device, sterile) if day is not None)


@pytest.mark.parametrize(("on", "enough"), [(dt.date(2026, 5, 2), True), (dt.date(2026, 5, 3), False)])
def test_two_thirds_of_the_shelf_life_are_counted_in_days(on: dt.date, enough: bool) -> None:
    """365 days from 2026-01-01 to 2027-01-01: two thirds are 243 1/3, and 244 days remain on 2 May."""
    life = {"produced": dt.date(2026, 1, 1), "expiry": dt.date(2027, 1, 1), "least": Fraction(2, 3)}
    assert expiry.enough_life(**life, on=on) is enough


def test_exactly_the_fraction_is_enough() -> None:
    produced = dt.date(2026, 1, 1)
    life = {"produced": produced, "expiry": produced + dt.timedelta(days=300), "least": Fraction(2, 3)}
    assert expiry.enough_life(**life, on=produced + dt.timedelta(days=100))
    assert not expiry.enough_life(**life, on=produced + dt.timedelta(days=101))


def test_a_production_date_after_the_expiry_is_refused() -> None:
    with pytest.raises(Invalid, match="生产日期") as refused:
        expiry.enough_life(produced=NEXT, expiry=DAY, on=DAY, least=Fraction(1, 2))
    assert refused.value.code == "life_unknown"


@pytest.mark.parametrize(
    ("produced", "months", "last"),
    [
        (dt.date(2024, 3, 15), 24, dt.date(2026, 3, 14)),
        (dt.date(2024, 1, 31), 1, dt.date(2024, 2, 29)),
        (dt.date(2024, 3, 1), 12, dt.date(2025, 2, 28)),
        (dt.date(2024, 12, 1), 1, dt.date(2024, 12, 31)),
    ],
)
def test_a_shelf_life_in_months_ends_the_day_before(produced: dt.date, months: int, last: dt.date) -> None:
    assert expiry.expiry_from_shelf_life(produced, months) == last


def test_an_open_vial_keeps_no_longer_than_its_label() -> None:
    assert expiry.in_use_expiry(DAY, opened_on=dt.date(2026, 5, 1), stable_days=28) == dt.date(2026, 5, 29)
    assert expiry.in_use_expiry(DAY, opened_on=dt.date(2026, 5, 20), stable_days=28) == DAY


@pytest.mark.parametrize(
    ("left", "expected"), [(181, None), (180, 180), (91, 180), (90, 90), (30, 30), (0, 30), (-1, -1)]
)
def test_near_expiry_falls_into_the_narrowest_band(left: int, expected: int | None) -> None:
    assert expiry.band(left, [180, 90, 30]) == expected


def test_warnings_come_on_the_set_days_and_daily_afterwards() -> None:
    assert [left for left in range(-2, 100) if expiry.alert_due(left, (90, 60, 30, 7))] == [
        -2, -1, 7, 30, 60, 90,
    ]  # fmt: skip
