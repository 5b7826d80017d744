"""Progress of volume-based purchases, and when papers are told of."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrp.logistics.catalogue.rules.alerting import mark
from hrp.logistics.catalogue.rules.volume import Progress, progress

YEAR = {"first": dt.date(2026, 1, 1), "last": dt.date(2026, 12, 31)}


def of(selected: str, unselected: str, on: dt.date) -> Progress:
    return progress(
        agreed=Decimal(1000), selected=Decimal(selected), unselected=Decimal(unselected), on=on, tolerance=Decimal(5), cap=Decimal(20), **YEAR
    )  # fmt: skip


def test_half_a_year_asks_for_half_of_what_was_agreed() -> None:
    found = of("440", "60", dt.date(2026, 6, 30))
    assert (found.done_percent, found.time_percent, found.behind) == (Decimal("44.0"), Decimal("49.6"), True)
    assert (found.unselected_percent, found.over_cap) == (Decimal("12.0"), False)


def test_within_the_tolerance_it_is_not_behind() -> None:
    assert not of("446", "0", dt.date(2026, 6, 30)).behind


def test_products_not_selected_are_capped() -> None:
    assert of("790", "210", dt.date(2026, 12, 31)).over_cap
    assert not of("800", "200", dt.date(2026, 12, 31)).over_cap


@given(st.dates(dt.date(2025, 1, 1), dt.date(2028, 1, 1)))
def test_time_lies_between_nothing_and_all(on: dt.date) -> None:
    assert 0 <= of("0", "0", on).time_percent <= 100


def test_a_contract_without_quantity_is_none() -> None:
    with pytest.raises(ValueError, match="quantity"):
        progress(
            agreed=Decimal(0), selected=Decimal(0), unselected=Decimal(0), on=dt.date(2026, 1, 1), tolerance=Decimal(5), cap=Decimal(20), **YEAR
        )  # fmt: skip


@pytest.mark.parametrize(
    ("left", "expected"),
    [(91, ""), (90, "90"), (61, "90"), (60, "60"), (30, "30"), (7, "7"), (0, "7"), (-1, "past-2026-11-10"), (-30, "past-2026-11-10")],
)  # fmt: skip
def test_papers_are_told_of_at_each_step_and_daily_afterwards(left: int, expected: str) -> None:
    on = dt.date(2026, 11, 10)
    assert mark(on + dt.timedelta(days=left), on, (90, 60, 30, 7)) == expected
