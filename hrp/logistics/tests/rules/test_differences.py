"""Differences find their place to the fen: invoices, freight, counts, consigned units, durables, the period."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrp.logistics.rules import amortisation, consignment, period_totals, stocktake
from hrp.logistics.rules.invoice_difference import open_estimate, split_difference
from hrp.logistics.rules.period_totals import PeriodMove
from hrp.logistics.rules.sharing import landed, share
from hrp.logistics.rules.valuation import Balance
from hrp.platform.base.refusals import Conflict, Invalid

D = Decimal
money = st.integers(0, 10**8).map(lambda n: D(n).scaleb(-2))
signed = st.integers(-(10**8), 10**8).map(lambda n: D(n).scaleb(-2))
pieces = st.integers(0, 10**5).map(D)


@given(signed, st.lists(money, min_size=1, max_size=9).filter(any))
def test_freight_is_shared_without_losing_a_fen(extra: Decimal, amounts: list[Decimal]) -> None:
    parts = share(extra, amounts)
    assert sum(parts) == extra
    assert sum(landed(amounts, extra)) == sum(amounts) + extra
    assert all(part * extra >= 0 for part in parts)
    assert all(part == 0 for part, amount in zip(parts, amounts, strict=True) if amount == 0)


def test_free_goods_share_the_invoice_by_quantity_and_nothing_shares_nothing() -> None:
    assert share(D("100.00"), [D(10), D(2)]) == [D("83.33"), D("16.67")]
    assert share(D("0.00"), [D(0), D(0)]) == [D(0), D(0)]
    with pytest.raises(Invalid) as refused:
        share(D("0.01"), [D(0)])
    assert refused.value.code == "no_driver"


@given(money, money, pieces, st.dictionaries(st.sampled_from("abcde"), pieces, max_size=5), st.randoms())
def test_an_invoice_difference_is_split_whole_and_never_sinks_the_stock(
    estimated: Decimal, invoiced: Decimal, on_hand: Decimal, consumed: dict[str, Decimal], random: Random
) -> None:
    whole = on_hand + sum(consumed.values())
    if not whole:
        return
    held = (estimated * on_hand / whole).quantize(D("0.01"))
    listed = list(consumed.items())
    random.shuffle(listed)
    found, again = (
        split_difference(
            estimated=estimated, invoiced=invoiced, on_hand=on_hand, consumed=by, on_hand_amount=held
        )
        for by in (consumed, dict(listed))
    )
    assert found == again
    assert found.reverse + found.actual == found.on_hand + found.expense == invoiced - estimated
    if any(consumed.values()):
        assert held + found.on_hand >= 0
    if not on_hand:
        assert found.on_hand == 0


def test_stock_already_written_down_passes_the_rest_of_a_rebate_to_the_expense() -> None:
    found = split_difference(
        estimated=D("1000.00"), invoiced=D("500.00"), on_hand=D(60), consumed={"内科": D(30), "外科": D(10)},
        on_hand_amount=D("100.00"),
    )  # fmt: skip
    assert found.on_hand == D("-100.00")
    assert found.consumed == {"内科": D("-300.00"), "外科": D("-100.00")}


def test_partial_invoices_settle_an_estimate_to_the_last_fen() -> None:
    received, estimated, settled = D(3), D("10.00"), []
    for quantity in (D(1), D(1), D(1)):
        part = open_estimate(received, estimated, quantity)
        settled.append(part)
        received, estimated = received - quantity, estimated - part
    assert settled == [D("3.33"), D("3.34"), D("3.33")]
    for quantity in (D(1), D(0)):
        with pytest.raises(Invalid) as refused:
            open_estimate(D(0), D(0), quantity)
        assert refused.value.code == "more_than_received"


def test_moves_between_snapshot_and_count_belong_to_the_book() -> None:
    """ACC-04 told in full: five issued before the counter stood at the shelf, so 117 of 115 are two too many."""
    late = stocktake.difference(book_at_freeze=D(120), counted=D(117), moved_before_count=D(-5))
    assert late == 2
    assert stocktake.difference(book_at_freeze=D(120), counted=D(117)) == -3
    with pytest.raises(Invalid):
        stocktake.difference(book_at_freeze=D(1), counted=D(-1))


@given(st.integers(1, 10**4), money, st.data())
def test_losing_everything_counted_costs_everything_on_the_books(
    held: int, amount: Decimal, data: st.DataObject
) -> None:
    book = Balance(D(held), amount)
    lost = D(data.draw(st.integers(0, held)))
    cost = stocktake.value(-lost, book)
    assert -amount <= cost <= 0
    assert stocktake.value(D(-held), book) == -amount
    with pytest.raises(Invalid) as refused:
        stocktake.value(D(-held - 1), book)
    assert refused.value.code == "loss_exceeds_book"


def test_a_surplus_of_what_is_not_on_the_books_takes_the_latest_price() -> None:
    assert stocktake.value(D(2), Balance(D(3), D("10.00"))) == D("6.67")
    assert stocktake.value(D(2), Balance(), latest_price=D("4.125")) == D("8.25")
    with pytest.raises(Invalid) as refused:
        stocktake.value(D(2), Balance())
    assert refused.value.code == "no_price"


def test_two_counters_may_differ_by_the_tolerance() -> None:
    assert not stocktake.needs_recount((D(10), D(11)), tolerance=D(1))
    assert stocktake.needs_recount((D(10), D(12)), tolerance=D(1))


def test_a_consigned_unit_is_used_once_and_only_from_the_cabinet() -> None:
    prices = {"U1": D("7800.00"), "U2": D("6200.50")}
    settled = consignment.settle(["U1", "U2", "U3"], ["U2", "U1"], prices)
    assert settled.payable == D("14000.50")
    assert settled.left == ("U3",)
    for used, code in (
        (["U1", "U1"], "unit_used_twice"),
        (["U9"], "unit_not_consigned"),
        (["U3"], "no_price"),
    ):
        with pytest.raises(Conflict) as refused:
            consignment.settle(["U1", "U2", "U3"], used, prices)
        assert refused.value.code == code
        assert used[-1] in refused.value.reason


@given(st.integers(1, 50), money, st.sampled_from([D(0), D("0.5"), D("0.25"), D(1)]), st.data())
def test_durables_end_at_zero_however_they_are_scrapped(
    count: int, cost: Decimal, first: Decimal, data: st.DataObject
) -> None:
    held = amortisation.put_in_use(D(count), cost, first_share=first)
    expensed = held.expensed
    while held.quantity:
        step = D(data.draw(st.integers(1, int(held.quantity))))
        held, now = amortisation.scrap(held, step)
        assert now >= 0
        assert held.carried >= 0
        expensed += now
    assert expensed == cost
    assert (held.cost, held.expensed) == (0, 0)


def test_half_at_issue_half_at_scrap_less_what_the_scrap_brings() -> None:
    held = amortisation.put_in_use(D(2), D("101.01"), first_share=D("0.5"))
    assert (held.expensed, held.carried) == (D("50.51"), D("50.50"))
    _, now = amortisation.scrap(held, D(2), salvage=D("60.00"))
    assert now == D("-9.50")
    with pytest.raises(Invalid) as refused:
        amortisation.put_in_use(D(1), D(1), first_share=D("1.1"))
    assert refused.value.code == "bad_share"


def test_a_reversed_receipt_lessens_what_came_in() -> None:
    totals = period_totals.close(
        Balance(D(10), D("100.00")),
        [
            PeriodMove(D(5), D("50.00")), PeriodMove(D(-5), D("-50.00"), reversal=True),
            PeriodMove(D(-4), D("-40.00")), PeriodMove(D(4), D("40.00"), reversal=True),
            PeriodMove(D(0), D("-3.00")), PeriodMove(D(0), D("1.00")),
        ],
    )  # fmt: skip
    assert totals.came == Balance(D(0), D("1.00"))
    assert totals.went == Balance(D(0), D("3.00"))
    assert totals.closing == Balance(D(10), D("98.00"))


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-500, 500), st.booleans()), max_size=10))
def test_a_period_adds_up_or_is_refused(rows: list[tuple[int, int, bool]]) -> None:
    moves = [PeriodMove(D(q), D(a).scaleb(-2), r) for q, a, r in rows]
    opening = Balance(D(100), D("10.00"))
    quantity, amount = 100 + sum(m.quantity for m in moves), opening.amount + sum(m.amount for m in moves)
    if quantity < 0 or amount < 0 or (quantity == 0 and amount):
        with pytest.raises(Conflict) as refused:
            period_totals.close(opening, moves)
        assert refused.value.code == "negative_closing"
    else:
        totals = period_totals.close(opening, moves)
        assert totals.closing == Balance(quantity, amount)
        assert opening.amount + totals.came.amount - totals.went.amount == amount
