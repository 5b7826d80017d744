"""The kernels of acquisition: forecast, steps, votes, ways of buying, cards and milestones."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from hrp.assets.acquisition.rules.composing import Piece, Treatment, by_source, compose, proposed
from hrp.assets.acquisition.rules.decisions import (
    Ballot,
    Basis,
    Step,
    Threshold,
    required,
    shortfalls,
    tally,
    weighted,
)
from hrp.assets.acquisition.rules.forecast import Forecast, expect
from hrp.assets.acquisition.rules.methods import Method, MethodLimit, allowed, choices, split
from hrp.assets.acquisition.rules.milestones import Milestone, amounts, earned, months_later

MONEY = st.decimals(min_value=1, max_value=10**7, places=2)
STEPS = [
    Threshold(Step.EXPERTS, Basis.SINGLE, Decimal(100000)),
    Threshold(Step.PRESIDENT, Basis.TOTAL, Decimal(500000)),
    Threshold(Step.PARTY, Basis.TOTAL, Decimal(0), large_only=True),
]
WAYS = [
    MethodLimit(Method.OPEN, Decimal(0), None, 3),
    MethodLimit(Method.ENQUIRY, Decimal(0), Decimal(2000000), 3, "标准"),
]


def test_the_forecast_is_the_published_case_of_machine_benefit() -> None:
    """Revenue 5.4 million, cost 3.9 million: a surplus of 1.5 million, 27.78 %, forecast as it would be booked."""
    found = expect(
        Forecast(
            Decimal(3_900_000), 6, 9000, Decimal(600), Decimal(150), Decimal(1_200_000), Decimal(700_000), Decimal(5)
        )
    )  # fmt: skip
    assert found.revenue == Decimal("5400000.00")
    assert found.benefit.surplus == Decimal("1500000.00")
    assert found.benefit.margin == Decimal("27.78")
    assert found.benefit.static_payback_years == Decimal("1.81")
    assert found.break_even == 5667
    assert found.dynamic_years is not None
    assert found.dynamic_years > Decimal("1.81")


@given(MONEY, st.integers(0, 10**5), MONEY, MONEY)
def test_more_examinations_never_pay_back_later(
    investment: Decimal, volume: int, price: Decimal, variable: Decimal
) -> None:
    if price <= variable:
        return
    less, more = (expect(Forecast(investment, 6, n, price, variable)) for n in (volume, volume + 1000))
    if less.benefit.static_payback_years is not None:
        assert more.benefit.static_payback_years is not None
        assert more.benefit.static_payback_years <= less.benefit.static_payback_years


@given(st.lists(MONEY, min_size=1, max_size=5), st.booleans())
def test_a_dearer_request_never_passes_fewer_steps(prices: list[Decimal], large: bool) -> None:
    total = sum(prices, Decimal(0))
    due = required(STEPS, prices, total, large=large)
    assert due[0] == Step.OFFICE
    assert set(due) <= set(required(STEPS, [*prices, Decimal(500000)], total + 500000, large=large))
    assert (Step.PARTY in due) == large


def test_votes_are_counted_without_those_who_step_back() -> None:
    votes = [Ballot(True, Decimal(90)), Ballot(False, Decimal(60)), Ballot(False, Decimal(0), recused=True)]
    found = tally(votes)
    assert (found.counted, found.agreed, found.average, found.recused) == (2, 1, Decimal("75.00"), 1)
    assert shortfalls(found, least=3, share=Decimal(60), score=Decimal(70)) == [
        "有效票 2 票，少于规定的 3 票（回避 1 人）"
    ]
    assert shortfalls(found, least=2, share=Decimal(60), score=Decimal(80)) == [
        "同意 1 / 2 票，未达到 60%",
        "平均得分 75.00 分，低于 80 分",
    ]
    assert shortfalls(found, least=2, share=Decimal(50), score=Decimal(70)) == []
    assert weighted([100, 80, 60, 40, 20], [30, 20, 15, 15, 20]) == Decimal("65.00")
    assert weighted([100], [30, 20]) == 0


def test_edges_of_the_ways_of_buying() -> None:
    assert allowed(WAYS, Method.ENQUIRY, Decimal("1999999.99")) is not None
    assert allowed(WAYS, Method.ENQUIRY, Decimal(2000000)) is None
    assert choices(WAYS, Decimal(2000000)) == [Method.OPEN]
    assert choices(WAYS, Decimal(1)) == [Method.OPEN, Method.ENQUIRY]


@given(st.lists(MONEY, max_size=4), st.decimals(min_value=1, max_value=1999999, places=2))
def test_cutting_is_found_exactly_when_together_they_exceed(before: list[Decimal], now: Decimal) -> None:
    cut = split(WAYS, Method.ENQUIRY, before, now)
    together = sum(before, Decimal(0)) + now
    assert (cut is not None) == (bool(before) and together >= 2000000)
    if cut is not None:
        assert cut.together == together
    assert split(WAYS, Method.OPEN, before, now) is None


@st.composite
def deliveries(draw: st.DrawFn) -> list[Piece]:
    machines = draw(st.integers(1, 3))
    pieces = [Piece(n, draw(MONEY), Treatment.OWN) for n in range(1, machines + 1)]
    for n in range(machines + 1, machines + 1 + draw(st.integers(0, 4))):
        treatment = draw(st.sampled_from(list(Treatment)))
        main = None if treatment == Treatment.OWN else draw(st.integers(1, machines))
        pieces.append(Piece(n, draw(MONEY), treatment, main))
    return pieces


@given(deliveries())
def test_every_yuan_of_a_delivery_is_on_exactly_one_card(pieces: list[Piece]) -> None:
    cards = compose(pieces)
    assert sum((card.amount for card in cards), Decimal(0)) == sum((p.amount for p in pieces), Decimal(0))
    covered = [position for card in cards for position in (card.position, *card.joined)]
    assert sorted(covered) == sorted(piece.position for piece in pieces)
    own = {card.position for card in cards}
    assert all(card.parent in own for card in cards if card.parent is not None)


def test_a_component_with_a_life_of_its_own_is_split() -> None:
    assert [proposed(life, main) for life, main in ((60, 72), (72, 72), (None, 72))] == [
        Treatment.SPLIT,
        Treatment.JOIN,
        Treatment.JOIN,
    ]


@given(MONEY, st.dictionaries(st.sampled_from("abcd"), MONEY, min_size=1))
def test_sources_pay_a_card_to_the_fen(amount: Decimal, planned: dict[str, Decimal]) -> None:
    parts = by_source(amount, planned)
    assert sum(parts.values(), Decimal(0)) == amount
    assert set(parts) <= set(planned)


@given(MONEY, st.integers(0, 100), st.integers(0, 100))
def test_milestones_add_up_to_the_contract(total: Decimal, first: int, second: int) -> None:
    second = min(second, 100 - first)
    shares = {
        Milestone.ADVANCE: Decimal(first), Milestone.ARRIVAL: Decimal(second), Milestone.ACCEPTANCE: Decimal(100 - first - second),
        Milestone.RETENTION: Decimal(0),
    }  # fmt: skip
    found = amounts(total, shares)
    assert sum(found.values(), Decimal(0)) == total
    assert Milestone.RETENTION not in found


@given(MONEY, MONEY, MONEY)
def test_no_more_of_a_milestone_is_earned_than_there_is(
    amount: Decimal, whole: Decimal, reached: Decimal
) -> None:
    found = earned(amount, reached, whole)
    assert 0 <= found <= amount
    assert earned(amount, whole, whole) == amount
    assert earned(amount, Decimal(0), whole) == 0


def test_retention_falls_due_on_the_same_day_of_a_later_month() -> None:
    assert months_later(dt.date(2026, 8, 31), 6) == dt.date(2027, 2, 28)
    assert months_later(dt.date(2026, 11, 10), 12) == dt.date(2027, 11, 10)
