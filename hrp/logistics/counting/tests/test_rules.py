"""Two blind counters: agreed, disputed, recounted."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from hrp.logistics.counting.rules import Said, Standing, standing

NOON = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)


def said(counter: int, quantity: int, minute: int = 0, recount: bool = False) -> Said:
    return Said(counter, Decimal(quantity), NOON + dt.timedelta(minutes=minute), recount)


def stand(
    *words: Said, counters: tuple[int, ...] = (1, 2), tolerance: int = 0
) -> tuple[Standing, Decimal | None]:
    state, one = standing(words, counters=counters, tolerance=Decimal(tolerance))
    return state, one.quantity if one else None


def test_one_of_two_is_missing() -> None:
    assert stand() == (Standing.MISSING, None)
    assert stand(said(1, 5)) == (Standing.MISSING, None)
    assert stand(said(1, 5), counters=(1,)) == (Standing.SETTLED, 5)


def test_two_who_differ_are_asked_again_and_the_recount_holds() -> None:
    assert stand(said(1, 5), said(2, 7)) == (Standing.RECOUNT, None)
    assert stand(said(1, 5), said(2, 7), said(2, 6, 9, recount=True)) == (Standing.SETTLED, 6)


def test_within_the_tolerance_the_later_holds() -> None:
    assert stand(said(1, 5, 8), said(2, 6, 3), tolerance=1) == (Standing.SETTLED, 5)


def test_of_each_the_last_word_counts() -> None:
    assert stand(said(1, 5), said(2, 7), said(1, 7, 4)) == (Standing.SETTLED, 7)


@given(st.lists(st.tuples(st.sampled_from((1, 2)), st.integers(0, 9)), max_size=8))
def test_settled_means_both_spoke_and_agree(words: list[tuple[int, int]]) -> None:
    state, quantity = stand(*(said(c, q, n) for n, (c, q) in enumerate(words)))
    last = dict(words)
    assert (state == Standing.SETTLED) == (len(last) == 2 and last[1] == last[2])
    assert quantity is None or quantity == last[1]
