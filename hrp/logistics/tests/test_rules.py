"""Batch picking and exact cost: what leaves and what stays is always what was there."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrp.logistics.rules import NO_EXPIRY, Holding, Short, pick_fefo, value_out

TODAY = dt.date(2026, 11, 23)


def holding(batch: int, quantity: str, amount: str, expiry: dt.date = NO_EXPIRY, lot: str = "") -> Holding:
    return Holding(batch, lot or f"L{batch}", expiry, Decimal(quantity), Decimal(amount))


def test_the_earliest_expiry_goes_first_and_an_expired_batch_never() -> None:
    stock = [
        holding(1, "5", "50.00", dt.date(2027, 6, 1)),
        holding(2, "5", "45.00", dt.date(2026, 11, 23)),  # usable on its last day
        holding(3, "5", "40.00", dt.date(2026, 11, 22)),  # expired yesterday
    ]
    picks, _ = pick_fefo(stock, Decimal(7), on=TODAY)
    assert [(p.batch_id, p.quantity, p.amount) for p in picks] == [
        (2, Decimal(5), Decimal("45.00")),
        (1, Decimal(2), Decimal("20.00")),
    ]


def test_a_named_lot_is_taken_even_when_another_expires_sooner() -> None:
    stock = [
        holding(1, "5", "50.00", dt.date(2027, 6, 1), "A"),
        holding(2, "5", "45.00", dt.date(2027, 1, 1), "B"),
    ]
    picks, _ = pick_fefo(stock, Decimal(1), on=TODAY, lot="A")
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
        picks, stock = pick_fefo(stock, step, on=TODAY)
        assert sum(p.quantity for p in picks) == step
        assert all(p.amount >= 0 for p in picks)
        issued += sum(p.amount for p in picks)
        left -= step
    assert issued == sum((h.amount for h in usable), Decimal(0))
    assert all(h.amount == 0 for h in stock if h.quantity == 0 and h.expiry >= TODAY)
