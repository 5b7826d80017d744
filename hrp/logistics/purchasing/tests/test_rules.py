"""The arithmetic of purchasing, without a database."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from hrp.logistics.purchasing.rules import checklist
from hrp.logistics.purchasing.rules.retention import Retention, keep_until, retention_of
from hrp.logistics.purchasing.rules.sampling import Sampling, sample
from hrp.logistics.purchasing.rules.scoring import Facts, score
from hrp.logistics.purchasing.rules.suggestion import How, Model, Position, Terms, Use, deviation, suggest

D = Decimal


@pytest.mark.parametrize(
    ("implant", "large", "expected", "until"),
    [
        (True, True, Retention.PERMANENT, None),
        (False, True, Retention.LARGE_PLUS_5, dt.date(2033, 2, 28)),
        (False, False, Retention.LIFE_PLUS_2, dt.date(2030, 2, 28)),
    ],
)
def test_records_are_kept_as_long_as_the_goods_ask(
    implant: bool, large: bool, expected: Retention, until: dt.date | None
) -> None:
    found = retention_of(implant=implant, large=large)
    assert found == expected
    assert keep_until(found, arrived=dt.date(2026, 1, 1), expiry=dt.date(2028, 2, 29)) == until


@pytest.mark.parametrize(
    ("quantity", "rule", "whole", "pieces"),
    [
        ("8", Sampling.LEVEL_TWO, False, "2"), ("9", Sampling.LEVEL_TWO, False, "3"), ("1200", Sampling.LEVEL_TWO, False, "80"),
        ("1201", Sampling.LEVEL_TWO, False, "125"), ("600000", Sampling.LEVEL_TWO, False, "1250"), ("1", Sampling.LEVEL_TWO, False, "1"),
        ("500", Sampling.LEVEL_TWO, True, "500"), ("95", Sampling.TENTH, False, "10"), ("3", Sampling.TENTH, False, "1"),
        ("95", Sampling.ALL, False, "95"),
    ],
)  # fmt: skip
def test_sample_sizes(quantity: str, rule: Sampling, whole: bool, pieces: str) -> None:
    assert sample(D(quantity), rule=rule, whole=whole) == D(pieces)


def test_checks_that_do_not_apply_are_marked_and_na_needs_its_ground() -> None:
    plain, device = checklist.Traits(), checklist.Traits(device=True, sterile=True)
    assert (
        len(checklist.applying(checklist.Traits(True, True, True, True, True))) == len(checklist.CHECKS) == 14
    )
    done = checklist.completed({}, plain)
    assert done["udi"] == ["na", ""]
    assert "package" not in done
    given = checklist.all_passed(device) | {"udi": ["na", ""]}
    assert [check.code for check in checklist.unjudged(given, device)] == ["udi"]
    assert checklist.unjudged(given | {"udi": ["na", "2021 年前生产"]}, device) == []
    assert checklist.words(checklist.all_passed(device, {"package": "破损"})) == "包装完好不合格（破损）"


TERMS = Terms(How.MIN_MAX, least=D(100), most=D(500), pack=D(24))


def test_below_the_minimum_up_to_the_maximum_in_packs_and_it_says_why() -> None:
    found = suggest(TERMS, Position(D(70), D(20), D(10), D(5)), Use())
    assert found.quantity == 432
    assert found.why == (
        "可用 = 在库 70 + 在途 20 - 占用 10，冻结待检 5 = 75",
        "低于下限 100，补到上限 500，按包装 24 取整",
    )
    assert suggest(TERMS, Position(D(100)), Use()).quantity == 0


def test_the_reorder_point_of_the_published_case() -> None:
    terms = Terms(How.REORDER_POINT, lead_days=7, z=D("1.65"), review_days=0, pack=D(1))
    found = suggest(terms, Position(D(101)), Use(daily=D(12), sigma=D(4)))
    assert "= 102" in found.why[1]
    assert found.quantity == 1
    assert suggest(terms, Position(D(102)), Use(daily=D(12), sigma=D(4))).quantity == 0


def test_periodic_review_covers_the_lead_time_and_the_interval() -> None:
    terms = Terms(How.PERIODIC, lead_days=5, review_days=25, z=D(0), pack=D(10))
    assert suggest(terms, Position(D(65)), Use(daily=D(3))).quantity == 30


def test_empty_cards_ask_for_one_pack_each() -> None:
    assert suggest(Terms(How.FIXED_PACK, pack=D(20)), Position(), Use(cards=3)).quantity == 60
    assert suggest(Terms(How.TWO_BIN, pack=D(20)), Position(D(5)), Use()).quantity == 0


def test_a_forecast_shows_what_it_was_worth_and_says_when_it_cannot() -> None:
    terms = Terms(How.FORECAST, lead_days=15, review_days=15, safety=D(10), model=Model.AVERAGE_3)
    found = suggest(terms, Position(D(20)), Use(months=[D(90), D(100), D(110), D(100), D(120)]))
    assert found.expected == D("110")
    assert found.mape == D("6.94"), "100 against 100 and 103.3333 against 120"
    assert found.quantity == 100
    lacking = suggest(terms, Position(), Use(months=[D(1)]))
    assert lacking.quantity == 0
    assert "只有 1 个" in lacking.problem


@pytest.mark.parametrize("model", list(Model))
def test_every_model_forecasts_steady_use_as_it_is(model: Model) -> None:
    terms = Terms(How.FORECAST, lead_days=0, review_days=30, model=model)
    found = suggest(terms, Position(), Use(months=[D(60)] * 14))
    assert (found.expected, found.quantity, found.mape) == (D(60), D(60), D(0))


def test_deviation() -> None:
    assert deviation([]) == (0, 0)
    assert deviation([D(2), D(4), D(4), D(4), D(5), D(5), D(7), D(9)]) == (D("5.0000"), D("2.0000"))


def test_a_supplier_is_judged_by_what_was_measured() -> None:
    best = Facts(due=10, on_time=10, fill=D(10), inspected=20, spent=D(100), spent_before=D(100))
    assert (score(best).points, score(best).grade) == (D("100.0"), "A")
    late = Facts(due=10, on_time=5, fill=D(9), inspected=20, failed=1, spent=D(110), spent_before=D(100))
    assert (score(late).points, score(late).grade) == (D("57.0"), "D"), "15 + 27 + 15 + 0"
    assert score(Facts(due=4, on_time=4, fill=D(4))).grade == "A", "nobody is blamed for what nobody measured"
    assert score(Facts()).grade == ""
    cheaper = Facts(due=1, on_time=1, fill=D(1), spent=D(80), spent_before=D(100))
    assert (cheaper.price_percent, score(cheaper).points) == (D("-20.0"), D("100.0"))


def test_lapses_and_recalls_cost_points_whatever_else_was_measured() -> None:
    """On time in all 10 lines: 100, less one lapse (5) and two recalls (20) is 75, a C."""
    facts = Facts(due=10, on_time=10, fill=D(10), lapsed=1, recalls=2)
    assert (score(facts).points, score(facts).grade) == (D("75.0"), "C")
    assert score(Facts(recalls=1)).points == D("90.0"), "nothing was due, but something was recalled"
    assert score(Facts(due=1, recalls=11)).points == 0
