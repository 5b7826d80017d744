"""The engine of the posted run: conservation, independence of order, credits, holds and every refusal."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrp.costing.rules.three_level_fen import Department, FullCost, Step, allocate
from hrp.platform.base.refusals import Invalid

A1, A2 = Department("501", "admin", "院办"), Department("502", "admin")
X1, X2 = Department("401", "auxiliary", "供应室"), Department("402", "auxiliary")
T1, T2 = Department("301", "medtech"), Department("302", "medtech")
C1, C2, C3 = Department("101", "clinical"), Department("102", "clinical"), Department("103", "clinical")
HOSPITAL = [A1, A2, X1, X2, T1, T2, C1, C2, C3]
BELOW = {
    1: [d.code for d in HOSPITAL if d.category != "admin"],
    2: ["301", "302", "101", "102", "103"],
    3: ["101", "102", "103"],
}
SOURCES = {1: ["501", "502"], 2: ["401", "402"], 3: ["301", "302"]}
ITEMS, FUNDS = ["人员经费", "其他运行费用"], ["F1", "F2"]


@st.composite
def hospitals(draw):
    cells = st.tuples(
        st.sampled_from([d.code for d in HOSPITAL]), st.sampled_from(ITEMS), st.sampled_from(FUNDS)
    )
    costs = draw(st.dictionaries(cells, st.integers(-(10**7), 10**9), max_size=30))
    steps = []
    for level, sources in SOURCES.items():
        for source in sources:
            weights = {code: draw(st.integers(0, 50)) for code in BELOW[level]}
            weights[BELOW[level][-1]] += 1
            steps.append(Step(level, source, weights))
    return costs, steps


@settings(max_examples=60)
@given(hospitals(), st.sampled_from(["allocate", "hold"]))
def test_every_invariant_of_the_certificate_holds(hospital, policy):
    costs, steps = hospital
    result = allocate(HOSPITAL, costs, steps, credit_pools=policy)
    assert result.certificate.violations == ()
    assert result.certificate.total_fen == sum(costs.values())


@settings(max_examples=60)
@given(hospitals(), st.randoms())
def test_the_same_input_in_any_order_gives_the_same_postings_and_hash(hospital, shuffle):
    costs, steps = hospital
    first = allocate(HOSPITAL, costs, steps)
    departments, cells, mixed = list(HOSPITAL), list(costs.items()), list(steps)
    for things in (departments, cells, mixed):
        shuffle.shuffle(things)
    again = allocate(departments, dict(cells), mixed)
    assert again.postings == first.postings
    assert again.certificate.input_hash == first.certificate.input_hash


@settings(max_examples=40)
@given(hospitals())
def test_full_cost_is_the_sum_of_what_can_be_traced(hospital):
    costs, steps = hospital
    result = allocate(HOSPITAL, costs, steps)
    for cell, cost in result.costs.items():
        arrived = [p for p in result.postings if (p.receiver, p.item, p.fund) == cell]
        assert cost.full == costs.get(cell, 0) + sum(p.amount_fen for p in arrived)
        if cell[0] in BELOW[3]:
            assert result.final.get(cell, 0) == cost.full


@given(
    st.integers(-(10**9), 10**9), st.integers(0, 10**6), st.lists(st.integers(1, 99), min_size=3, max_size=3)
)
def test_splitting_a_source_in_two_with_equal_shares_moves_each_receiver_by_at_most_one_fen(
    total, part, weights
):
    by = dict(zip(["101", "102", "103"], weights, strict=True))

    def final(costs):
        steps = [Step(3, "301", by), Step(3, "302", by)]
        return allocate(HOSPITAL, costs, steps).final

    whole = final({("301", "i", "F1"): total})
    split = final({("301", "i", "F1"): total - part, ("302", "i", "F1"): part})
    for code in by:
        assert abs(whole.get((code, "i", "F1"), 0) - split.get((code, "i", "F1"), 0)) <= 1


def test_a_changed_input_changes_the_hash():
    step = Step(1, "501", {"101": 1}, driver="P01")
    costs = {("501", "i", "F1"): 100}
    hashes = {
        allocate(HOSPITAL, costs, [step]).certificate.input_hash,
        allocate(HOSPITAL, {("501", "i", "F1"): 101}, [step]).certificate.input_hash,
        allocate(HOSPITAL, costs, [replace(step, weights={"101": 2})]).certificate.input_hash,
        allocate(HOSPITAL, costs, [replace(step, driver="P02")]).certificate.input_hash,
        allocate(HOSPITAL, costs, [step], credit_pools="hold").certificate.input_hash,
    }
    assert len(hashes) == 5


def test_items_may_follow_different_drivers():
    costs = {("501", "房屋折旧", "F1"): 100, ("501", "人员", "F1"): 100}
    steps = [Step(1, "501", {"101": 1}), Step(1, "501", {"102": 1}, items=frozenset({"房屋折旧"}))]
    assert allocate(HOSPITAL, costs, steps).final == {
        ("101", "人员", "F1"): 100,
        ("102", "房屋折旧", "F1"): 100,
    }


def test_level_zero_counts_as_direct_and_clears_only_its_items():
    costs = {("501", "水电", "F1"): 90, ("501", "人员", "F1"): 50}
    steps = [
        Step(0, "501", {"401": 1, "101": 2}, items=frozenset({"水电"})),
        Step(1, "501", {"101": 1}),
        Step(2, "401", {"102": 1}),
    ]
    result = allocate(HOSPITAL, costs, steps)
    assert result.costs["101", "水电", "F1"] == FullCost(direct=60)
    assert result.costs["401", "水电", "F1"] == FullCost(direct=30)
    assert result.costs["102", "水电", "F1"] == FullCost(from_x=30)
    assert result.costs["101", "人员", "F1"] == FullCost(from_a=50)
    assert result.certificate.holds


def test_a_credit_pool_on_hold_stays_where_it_is_and_is_listed():
    costs = {("501", "a", "F1"): -70, ("501", "b", "F1"): 20, ("501", "a", "F2"): 30}
    result = allocate(HOSPITAL, costs, [Step(1, "501", {"101": 1})], credit_pools="hold")
    assert result.held == {("501", "a", "F1"): -70, ("501", "b", "F1"): 20}
    assert result.final["101", "a", "F2"] == 30
    assert result.certificate.holds
    assert result.certificate.held_fen == -50


@pytest.mark.parametrize(
    ("costs", "steps", "code", "words"),
    [
        ({("501", "i", "F1"): 1}, [], "no_rule", ["501 院办", "i"]),
        (
            {("501", "i", "F1"): 123},
            [Step(1, "501", {"101": 0}, driver="P01")],
            "no_driver",
            ["501 院办", "1.23", "P01"],
        ),
        ({}, [Step(1, "501", {"101": -1}, driver="P03")], "negative_driver", ["501 院办", "101", "P03"]),
        ({}, [Step(2, "401", {"402": 1})], "upward", ["401 供应室", "402"]),
        ({}, [Step(1, "401", {"101": 1})], "upward", ["401 供应室"]),
        ({}, [Step(0, "101", {"101": 1})], "upward", ["101"]),
        ({}, [Step(3, "301", {"999": 1})], "unknown_department", ["999"]),
        ({("999", "i", "F1"): 1}, [], "unknown_department", ["999"]),
        ({}, [Step(4, "301", {"101": 1})], "bad_level", ["4"]),
    ],
)
def test_degenerate_input_is_refused_naming_the_place(costs, steps, code, words):
    with pytest.raises(Invalid) as refusal:
        allocate(HOSPITAL, costs, steps)
    assert refusal.value.code == code
    assert refusal.value.way_out
    for word in words:
        assert word in refusal.value.reason


def test_no_driver_is_no_problem_when_there_is_nothing_to_send():
    assert allocate(HOSPITAL, {}, [Step(1, "501", {"101": 0})]).postings == []


def test_a_hospital_of_a_hundred_departments_is_exact():
    chance = random.Random(1)
    hospital = [Department(f"C{n:02d}", "clinical") for n in range(70)] + [
        Department(f"A{n:02d}", "admin") for n in range(30)
    ]
    costs = {(d.code, f"i{k}", "F1"): chance.randint(-99, 10**8) for d in hospital for k in range(10)}
    by = {d.code: chance.randint(1, 400) for d in hospital if d.category == "clinical"}
    result = allocate(hospital, costs, [Step(1, d.code, by) for d in hospital if d.category == "admin"])
    assert result.certificate.holds
    assert sum(result.final.values()) == sum(costs.values())
