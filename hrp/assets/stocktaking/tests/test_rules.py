"""Labels, what holds of several findings, and how well books and things agree."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from hrp.assets.rules.labels import token_of, written
from hrp.assets.stocktaking.rules import AGREES, Kind, Seen, agreement, standing

COSTS = st.decimals(min_value=0, max_value=10**7, places=2)
KINDS = st.sampled_from([kind for kind in Kind if kind != Kind.EXTRA])


def at(hour: int) -> dt.datetime:
    return dt.datetime(2026, 1, 1, hour, tzinfo=dt.UTC)


@given(st.uuids())
def test_a_label_says_its_token_and_nothing_else(token: uuid.UUID) -> None:
    assert token_of(written(token)) == token
    assert token_of(f" {written(token).lower()} ") == token


@given(st.text(max_size=40))
def test_what_is_no_label_is_none(text: str) -> None:
    found = token_of(text)
    assert found is None or written(found) == text.strip().upper().replace(":", "")


@given(st.permutations([Seen(1, Kind.OK, at(9)), Seen(2, Kind.IDLE, at(11)), Seen(3, Kind.DAMAGED, at(10))]))
def test_the_last_look_holds_whenever_it_arrives(seen: list[Seen]) -> None:
    held = standing(seen)
    assert held is not None
    assert held.kind == Kind.IDLE
    assert standing([]) is None


@given(st.lists(st.tuples(KINDS, COSTS), max_size=40), st.integers(0, 5))
def test_figures_stay_within_a_hundred_and_count_everything(
    results: list[tuple[Kind, Decimal]], extras: int
) -> None:
    found = agreement(results, extras=extras)
    missing = sum(kind == Kind.NOT_FOUND for kind, _ in results)
    assert found.seen + missing == found.lines == len(results)
    assert found.agreeing == sum(kind in AGREES for kind, _ in results)
    for percent in (found.coverage, found.cost_coverage, found.consistency):
        assert percent is None or 0 <= percent <= 100
    if results and not extras and all(kind == Kind.OK for kind, _ in results):
        assert (found.coverage, found.consistency) == (Decimal(100), Decimal(100))


def test_three_things_and_one_without_a_card() -> None:
    results = [(Kind.OK, Decimal(60)), (Kind.OTHER_UNIT, Decimal(30)), (Kind.NOT_FOUND, Decimal(10))]
    found = agreement(results, extras=1)
    assert (found.coverage, found.cost_coverage, found.consistency) == (Decimal("66.67"), Decimal("90.00"), Decimal("25.00"))  # fmt: skip
