"""Step-down against textbooks, and the 275 filed cost reports in the mode the hospital itself uses."""

import pytest

from hrp.costing.rules.step_down import Pool, reciprocal, step_down
from hrp.platform.base import casefiles
from hrp.platform.base.refusals import Invalid


@pytest.fixture(scope="module")
def filed(cases_dir):
    cases = casefiles.load(cases_dir / "costing_filed_reports.json") + casefiles.load(
        cases_dir / "costing.json"
    )
    return [c for c in cases if c.fn == "step_down" and c.input["rounding"] == "plug_largest"]


def test_largest_remainder_conserves_on_every_filed_report_and_stays_within_22_dollars(filed):
    assert len(filed) == 273
    worst = 0
    for case in filed:
        pools = [Pool(code, by) for code, by in case.input["pools"]]
        result = step_down(case.input["direct"], pools, rounding="largest_remainder", credit_pools="hold")
        assert result.total == sum(case.input["direct"].values()), case.id
        worst = max(worst, *(abs(result.final[code] - int(n)) for code, n in case.expected["final"].items()))
    assert 0 < worst <= 22


def test_a_closed_pool_never_receives_again():
    pools = [Pool("P", {"Q": 1, "X": 1}), Pool("Q", {"P": 1000, "X": 1})]
    assert step_down({"P": 100, "Q": 0, "X": 0}, pools).final == {"X": 100}


def test_a_credit_pool_is_held_or_allocated_as_told():
    pools = [Pool("P", {"X": 1})]
    assert step_down({"P": -5, "X": 9}, pools, credit_pools="hold").held == {"P": -5}
    assert step_down({"P": -5, "X": 9}, pools).final == {"X": 4}


def test_reciprocal_conserves_and_equals_step_down_when_nobody_serves_upward():
    pools = [Pool("P", {"Q": 1, "X": 3}), Pool("Q", {"X": 2, "Y": 5})]
    direct = {"P": 100, "Q": 7, "X": 1, "Y": 2}
    assert reciprocal(direct, pools).final == step_down(direct, pools).final
    assert reciprocal(direct, pools).total == 110


@pytest.mark.parametrize(
    ("direct", "pools", "rounding", "code"),
    [
        ({"P": 1, "X": 0}, [Pool("P", {"X": 0})], "none", "no_driver"),
        ({"P": 1, "X": 0}, [Pool("P", {"X": 1}), Pool("P", {"X": 1})], "none", "duplicate_pool"),
        ({"P": 1, "X": 0}, [Pool("P", {"X": -1})], "none", "negative_driver"),
    ],
)
def test_bad_input_is_refused_by_kind(direct, pools, rounding, code):
    with pytest.raises(Invalid) as refusal:
        step_down(direct, pools, rounding=rounding)
    assert refusal.value.code == code


def test_pools_that_only_serve_each_other_have_no_reciprocal_solution():
    with pytest.raises(Invalid) as refusal:
        reciprocal({"P": 10, "Q": 0}, [Pool("P", {"Q": 1}), Pool("Q", {"P": 1})])
    assert refusal.value.code == "closed_loop"
