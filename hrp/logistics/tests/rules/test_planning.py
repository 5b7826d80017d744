"""Units, replenishment, forecasts, classes, key figures, matching and recalls."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrp.logistics.rules import forecast, matching, ratios, recall, replenishment, units
from hrp.logistics.rules.abc_classes import classify
from hrp.logistics.rules.matching import Mismatch, Trio
from hrp.logistics.rules.units import Unit
from hrp.platform.base.refusals import Invalid

D = Decimal
PIECE, BOX, CASE = units.chain("支", [("盒", 10), ("箱", 20)])
DAY = dt.date(2026, 11, 24)


def code_of(call: object, *args: object, **named: object) -> str:
    with pytest.raises(Invalid) as refused:
        call(*args, **named)  # type: ignore[operator]
    return refused.value.code


def test_two_cases_are_four_hundred_pieces() -> None:
    assert units.to_base(D(2), CASE) == 400
    assert units.from_base(D(400), CASE) == 2
    assert [(n, unit.name) for n, unit in units.parts(D("435.5"), [PIECE, BOX, CASE])] == [
        (D(2), "箱"), (D(3), "盒"), (D("5.5"), "支"),
    ]  # fmt: skip
    assert units.parts(D(0), [PIECE, BOX]) == [(D(0), PIECE)]


def test_what_four_decimals_cannot_hold_is_refused_not_rounded() -> None:
    third = Unit("三分之一", 1, 3)
    assert units.to_base(D(3), third) == 1
    assert code_of(units.to_base, D(1), third) == "not_exact"
    assert code_of(units.from_base, D(1), Unit("打", 12)) == "not_exact"
    assert code_of(units.to_base, D(1), Unit("零", 0)) == "bad_factor"
    assert code_of(units.packs_up, D(1), D(0)) == "bad_factor"


@given(st.integers(0, 10**9).map(lambda n: D(n).scaleb(-4)), st.lists(st.integers(2, 50), max_size=3))
def test_a_quantity_in_parts_is_the_same_quantity(quantity: Decimal, sizes: list[int]) -> None:
    chain = units.chain("个", [(str(n), size) for n, size in enumerate(sizes)])
    parts = units.parts(quantity, chain)
    assert sum(units.to_base(n, unit) for n, unit in parts) == quantity
    assert all(units.from_base(units.to_base(n, unit), unit) == n for n, unit in parts)


@given(
    st.integers(0, 10**7).map(lambda n: D(n).scaleb(-2)), st.integers(1, 5000).map(lambda n: D(n).scaleb(-1))
)
def test_packs_hold_the_need_and_not_a_pack_more(need: Decimal, pack: Decimal) -> None:
    ordered = units.packs_up(need, pack)
    assert need <= ordered < need + pack
    assert ordered % pack == 0


@given(st.fractions(0, 10**12, max_denominator=10**6))
def test_the_root_is_rounded_up_exactly(square: Fraction) -> None:
    root = replenishment.ceil_sqrt(square)
    assert root * root >= square
    assert root == 0 or (root - 1) ** 2 < square


def test_a_safety_stock_that_is_whole_gains_no_unit_by_rounding() -> None:
    found = replenishment.reorder_point(daily=D("2.5"), lead_days=D(9), sigma=D(2), z=D(2))
    assert (found.safety, found.point) == (12, 35)  # 2·2·√9 and 22.5 rounded up
    unsure = replenishment.reorder_point(daily=D(4), lead_days=D(9), sigma=D(1), z=D(1), lead_sigma=D(1))
    assert unsure.safety == 5  # √(9·1 + 16·1)
    assert code_of(replenishment.reorder_point, daily=D(-1), lead_days=D(1), sigma=D(1), z=D(1)) == "negative"


@given(*[st.integers(0, 500).map(D)] * 3, st.integers(0, 300).map(D), st.integers(1, 60).map(D))
def test_ordering_up_to_the_maximum(
    on_hand: Decimal, on_order: Decimal, reserved: Decimal, least: Decimal, pack: Decimal
) -> None:
    most = least + 100
    at_hand = replenishment.available(on_hand=on_hand, on_order=on_order, reserved=reserved)
    ordered = replenishment.up_to_max(at_hand, least=least, most=most, pack=pack)
    if at_hand >= least:
        assert ordered == 0
    else:
        assert most <= at_hand + ordered < most + pack
    assert code_of(replenishment.up_to_max, at_hand, least=most, most=least, pack=pack) == "bad_limits"


def test_periodic_review_and_fixed_packs() -> None:
    wanted = replenishment.order_up_to(
        D(50), daily=D(12), lead_days=D(7), review_days=D(9), sigma=D(4), z=D("1.5"), pack=D(20)
    )
    assert wanted == 180  # 12·16 + 1.5·4·√16 = 216, less 50, in packs of 20
    assert replenishment.refill(3, D(25)) == 75
    with pytest.raises(ValueError, match="-1"):
        replenishment.refill(-1, D(25))


def test_croston_divides_size_by_interval() -> None:
    """First demand 4 after 2 periods; then 6 after 3: size 4+0.5·2 = 5, interval 2+0.5·1 = 2.5."""
    croston = forecast.croston(D("0.5"))
    assert croston([D(0), D(4)]) == 2
    assert croston([D(0), D(4), D(0), D(0), D(6)]) == 2
    assert croston([D(0), D(4), D(0), D(0), D(6), D(0), D(0)]) == 2
    assert croston([D(0), D(0)]) == 0
    assert code_of(forecast.croston, D(0)) == "bad_alpha"


@given(st.integers(1, 10**6).map(D), st.integers(1, 12), st.sampled_from([D("0.1"), D("0.3"), D(1)]))
def test_steady_use_is_forecast_as_it_is(used: Decimal, periods: int, alpha: Decimal) -> None:
    history = [used] * 14
    for method in (
        forecast.moving_average(periods),
        forecast.seasonal_naive(periods),
        forecast.croston(alpha),
    ):
        found = forecast.backtest(history, method, least=12)
        assert set(found.forecasts) == {used}
        assert found.mape == 0


def test_the_backtest_sees_only_the_past() -> None:
    history = [D(n) for n in (10, 20, 30, 40)]
    found = forecast.backtest(history, forecast.moving_average(2), least=2)
    assert found.forecasts == (D(15), D(25))
    assert found.actual == (D(30), D(40))
    assert found.mape == D("43.75")  # 50 % and 37.5 %
    assert forecast.seasonal_naive(3)(history) == 20
    assert forecast.backtest([D(1), D(0)], forecast.moving_average(1), least=1).mape is None
    assert code_of(forecast.moving_average(5), history) == "too_little_history"
    assert code_of(forecast.seasonal_naive(0), history) == "too_little_history"


def test_returns_and_one_off_events_are_no_demand() -> None:
    assert forecast.cleaned(issued=D(100), returned=D(5), one_off=D(60)) == 35
    assert forecast.cleaned(issued=D(1), returned=D(5)) == 0


LIMITS = [("A", D("0.80")), ("B", D("0.95"))]


def test_the_item_that_crosses_a_limit_counts_to_the_upper_class() -> None:
    amounts = {"a": D(70), "b": D(15), "c": D(10), "d": D(5), "e": D(0), "f": D(-3)}
    assert classify(amounts, limits=LIMITS, rest="C") == {
        "a": "A", "b": "A", "c": "B", "d": "C", "e": "C", "f": "C",
    }  # fmt: skip
    assert classify({}, limits=LIMITS, rest="C") == {}


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(-5, 1000).map(D)), st.randoms())
def test_classes_do_not_depend_on_the_order_and_never_rise_with_less(
    amounts: dict[str, Decimal], random: Random
) -> None:
    listed = list(amounts.items())
    random.shuffle(listed)
    classes = classify(amounts, limits=LIMITS, rest="C")
    assert classify(dict(listed), limits=LIMITS, rest="C") == classes
    ranked = [classes[code] for code in sorted(amounts, key=lambda c: (-amounts[c], c))]
    assert ranked == sorted(ranked)


def test_key_figures_without_a_base_are_refused() -> None:
    idle = ratios.turnover(issue_cost=D(0), opening=D(5), closing=D(5), days=30)
    assert (idle.times, idle.days) == (0, None)
    assert code_of(ratios.turnover, issue_cost=D(1), opening=D(0), closing=D(0), days=30) == "no_stock"
    assert (
        code_of(ratios.materials_per_hundred, material_cost=D(1), medical_income=D(2), drug_income=D(2))
        == "no_income"
    )


def test_an_agreed_quantity_is_followed_day_by_day() -> None:
    year = {"starts": dt.date(2026, 1, 1), "ends": dt.date(2026, 12, 31)}
    found = ratios.agreed_progress(agreed=D(3650), used=D(900), on=dt.date(2026, 4, 10), **year)
    assert (found.expected, found.behind, found.percent) == (D(1000), D(100), D("24.66"))
    assert ratios.agreed_progress(agreed=D(10), used=D(0), on=dt.date(2025, 1, 1), **year).expected == 0
    assert ratios.agreed_progress(agreed=D(10), used=D(11), on=dt.date(2028, 1, 1), **year).behind == 0
    assert (
        code_of(ratios.agreed_progress, agreed=D(1), used=D(0), starts=DAY, ends=dt.date(2026, 1, 1), on=DAY)
        == "bad_period"
    )


def trio(**changes: Decimal) -> Trio:
    plain = {
        "ordered": D(100),
        "price": D("1.25"),
        "received": D(100),
        "invoiced": D(100),
        "invoice_amount": D(125),
    }
    return Trio(**{**plain, **changes})


def found_in(*lines: Trio, over: int = 0) -> list[tuple[Mismatch, int | None, Decimal]]:
    findings = matching.match(lines, over_percent=D(over), line_tolerance=D("0.01"))
    assert all(finding.words for finding in findings)
    return [(f.mismatch, f.line, f.difference) for f in findings]


def test_three_papers_that_agree() -> None:
    assert found_in(trio(), trio(invoice_amount=D("125.01")), trio(received=D(105)), over=5) == []


def test_every_disagreement_is_named_with_its_line_and_size() -> None:
    assert found_in(trio(ordered=D(0))) == [(Mismatch.NOT_ORDERED, 0, D(100))]
    assert found_in(trio(), trio(received=D(106)), over=5) == [(Mismatch.OVER_RECEIVED, 1, D(1))]
    assert found_in(trio(received=D(90))) == [(Mismatch.OVER_INVOICED, 0, D(10))]
    assert found_in(trio(invoice_amount=D("124.98")), trio()) == [(Mismatch.LINE_AMOUNT, 0, D("-0.02"))]
    both = [trio(invoice_amount=D("124.90"))]
    assert [kind for kind, *_ in found_in(*both)] == [Mismatch.LINE_AMOUNT, Mismatch.TOTAL]


def test_many_small_differences_may_add_up_to_too_much() -> None:
    lines = [trio(invoice_amount=D("125.01"))] * 3
    strict = matching.match(lines, over_percent=D(0), line_tolerance=D("0.01"), total_tolerance=D("0.02"))
    assert [(f.mismatch, f.line, f.difference) for f in strict] == [(Mismatch.TOTAL, None, D("0.03"))]


def test_what_may_still_come_in() -> None:
    assert matching.may_receive(ordered=D(100), received_before=D(98), over_percent=D(5)) == 7
    assert matching.may_receive(ordered=D(100), received_before=D(120), over_percent=D(5)) == 0


@pytest.mark.parametrize(("days", "limit"), [(0, 30), (30, 30), (31, 60), (361, None)])
def test_payables_age(days: int, limit: int | None) -> None:
    assert matching.ageing(days, [30, 60, 90, 180, 360]) == limit


def test_a_recall_is_told_in_time_and_every_piece_found() -> None:
    rule = {"一级": 1, "二级": 3, "三级": 7}
    assert recall.notice_due("二级", DAY, days=rule) == dt.date(2026, 11, 27)
    assert code_of(recall.notice_due, "四级", DAY, days=rule) == "unknown_level"
    places = {"on_hand": D(40), "used": D(55)}
    assert recall.whereabouts(D(100), places).missing == 5
    assert recall.whereabouts(D(95), places).complete
    assert recall.whereabouts(D(90), places).missing == -5
