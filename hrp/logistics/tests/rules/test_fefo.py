"""Batch picking and exact cost: what leaves and what stays is always what was there."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrp.logistics.rules.expiry import NO_EXPIRY, ExpiryMode
from hrp.logistics.rules.fefo import WORDS, Hold, Holding, Short, Why, pick_fefo
from hrp.logistics.rules.valuation import value_out

TODAY = dt.date(2026, 11, 23)


def holding(batch: int, quantity: str, amount: str, expiry: dt.date = NO_EXPIRY, lot: str = "") -> Holding:
    return Holding(batch, lot or f"L{batch}", expiry, Decimal(quantity), Decimal(amount))


def test_the_earliest_expiry_goes_first_and_an_expired_batch_never() -> None:
    stock = [
        holding(1, "5", "50.00", dt.date(2027, 6, 1)),
        holding(2, "5", "45.00", dt.date(2026, 11, 23)),  # usable on its last day
        holding(3, "5", "40.00", dt.date(2026, 11, 22)),  # expired yesterday
    ]
    picks = pick_fefo(stock, Decimal(7), on=TODAY).picks
    assert [(p.batch_id, p.quantity, p.amount) for p in picks] == [
        (2, Decimal(5), Decimal("45.00")),
        (1, Decimal(2), Decimal("20.00")),
    ]


def test_a_named_lot_is_taken_even_when_another_expires_sooner() -> None:
    stock = [
        holding(1, "5", "50.00", dt.date(2027, 6, 1), "A"),
        holding(2, "5", "45.00", dt.date(2027, 1, 1), "B"),
    ]
    picks = pick_fefo(stock, Decimal(1), on=TODAY, lot="A").picks
    assert [p.batch_id for p in picks] == [1]


def test_a_shortage_says_what_was_usable_and_what_had_expired() -> None:
    stock = [holding(1, "3", "9.00"), holding(2, "4", "8.00", dt.date(2026, 1, 1))]
    with pytest.raises(Short) as refused:
        pick_fefo(stock, Decimal(5), on=TODAY)
    assert (refused.value.usable, refused.value.expired) == (Decimal(3), Decimal(4))


def test_the_last_unit_takes_the_tail() -> None:
    """Two at 1.00 and one at 1.01, issued one by one: nothing stays behind (STK-20)."""
    quantity, amount, taken = Decimal(3), Decimal("3.01"), []
    for _ in range(3):
        out = value_out(quantity, amount, Decimal(1))
        taken.append(out)
        quantity, amount = quantity - 1, amount - out
    assert sum(taken) == Decimal("3.01")
    assert (quantity, amount) == (0, 0)


@given(
    st.lists(
        st.tuples(st.integers(1, 500), st.integers(0, 10**7), st.integers(-30, 400)), min_size=1, max_size=8
    ),
    st.data(),
)
def test_issuing_everything_in_any_steps_conserves_every_fen(
    rows: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    stock = [
        holding(n, str(q), str(Decimal(cents).scaleb(-2)), TODAY + dt.timedelta(days=days))
        for n, (q, cents, days) in enumerate(rows, start=1)
    ]
    usable = [h for h in stock if h.expiry >= TODAY]
    left, issued = sum((h.quantity for h in usable), Decimal(0)), Decimal(0)
    while left:
        step = Decimal(data.draw(st.integers(1, int(left))))
        picking = pick_fefo(stock, step, on=TODAY)
        stock = picking.left
        assert sum(p.quantity for p in picking.picks) == step
        assert all(p.amount >= 0 for p in picking.picks)
        assert all(h.quantity >= 0 and h.amount >= 0 for h in stock)
        issued += sum(p.amount for p in picking.picks)
        left -= step
    assert issued == sum((h.amount for h in usable), Decimal(0))
    assert all(h.amount == 0 for h in stock if h.quantity == 0 and h.expiry >= TODAY)


def test_every_batch_passed_by_is_named_with_its_reason() -> None:
    stock = [
        holding(1, "5", "50.00", dt.date(2026, 11, 22)),
        holding(2, "5", "50.00", dt.date(2026, 12, 31)),
        replace(holding(3, "5", "50.00", dt.date(2026, 12, 1)), hold=Hold.FROZEN),
        replace(holding(4, "5", "50.00", dt.date(2026, 12, 2)), hold=Hold.QUARANTINE),
        replace(holding(5, "5", "50.00", dt.date(2026, 12, 3)), hold=Hold.RECALLED),
        replace(holding(6, "5", "50.00", dt.date(2027, 6, 1)), sterile_expiry=dt.date(2026, 11, 1)),
        holding(7, "5", "50.00", dt.date(2027, 6, 1)),
        holding(8, "5", "50.00", dt.date(2027, 7, 1)),
        holding(9, "0", "0.00", dt.date(2026, 12, 9)),
    ]
    picking = pick_fefo(stock, Decimal(5), on=TODAY, least_days=60)
    assert [p.batch_id for p in picking.picks] == [7]
    assert {p.batch_id: p.why for p in picking.passed} == {
        1: Why.EXPIRED, 2: Why.TOO_LITTLE_LIFE, 3: Why.FROZEN, 4: Why.QUARANTINE, 5: Why.RECALLED,
        6: Why.STERILE_EXPIRED, 8: Why.NOT_NEEDED, 9: Why.EMPTY,
    }  # fmt: skip
    words = {p.batch_id: p.words for p in picking.passed}
    assert words[2] == "可用至 2026-12-31，不足规定的 60 天"
    assert words[6] == "灭菌效期可用至 2026-11-01，已过期"
    assert set(WORDS) == set(Why)


def test_the_sterile_expiry_decides_the_order_when_it_comes_first() -> None:
    stock = [
        holding(1, "5", "50.00", dt.date(2027, 1, 1)),
        replace(holding(2, "5", "50.00", dt.date(2029, 1, 1)), sterile_expiry=dt.date(2026, 12, 1)),
    ]
    assert [p.batch_id for p in pick_fefo(stock, Decimal(1), on=TODAY).picks] == [2]


def test_an_item_whose_label_names_the_first_unusable_day_is_refused_on_it() -> None:
    exclusive = replace(holding(1, "5", "50.00", dt.date(2026, 11, 23)), mode=ExpiryMode.FIRST_UNUSABLE_DAY)
    with pytest.raises(Short) as refused:
        pick_fefo([exclusive], Decimal(1), on=TODAY)
    assert [p.why for p in refused.value.passed] == [Why.EXPIRED]
    assert pick_fefo([exclusive], Decimal(1), on=dt.date(2026, 11, 22)).picks


batches = st.lists(
    st.tuples(
        st.integers(0, 50), st.integers(0, 10**5), st.integers(-20, 60), st.sampled_from([None, *Hold])
    ),
    min_size=1,
    max_size=7,
)


@given(batches, st.integers(1, 120), st.randoms())
def test_the_order_in_which_batches_are_listed_does_not_matter(
    rows: list[tuple[int, int, int, Hold | None]], wanted: int, random: Random
) -> None:
    stock = [
        replace(
            holding(n, str(q), str(Decimal(cents if q else 0).scaleb(-2)), TODAY + dt.timedelta(days=days)),
            hold=hold,
        )
        for n, (q, cents, days, hold) in enumerate(rows, start=1)
    ]
    shuffled = list(stock)
    random.shuffle(shuffled)
    answers = []
    for listed in (stock, shuffled):
        try:
            answers.append(pick_fefo(listed, Decimal(wanted), on=TODAY))
        except Short as short:
            answers.append((short.usable, short.expired, short.passed))
    assert answers[0] == answers[1]
    if not isinstance(answers[0], tuple):
        picking = answers[0]
        by_id = {h.batch_id: h for h in stock}
        assert all(by_id[p.batch_id].hold is None for p in picking.picks)
        assert {p.batch_id for p in picking.picks} | {p.batch_id for p in picking.passed} == set(by_id)
        assert sum(p.amount for p in picking.picks) + sum(h.amount for h in picking.left) == sum(
            h.amount for h in stock
        )
