"""The published cases of materials, one test each, and the purity of what computes them."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from hrp.logistics.rules.methods import cost_method
from hrp.logistics.rules.worked_valuations import solve_valuation
from hrp.platform.base import casefiles
from hrp.platform.base.refusals import Refusal

ROOT = Path(__file__).resolve().parents[4]
CASES = casefiles.load(ROOT / "cases" / "logistics.json")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_published_case_is_reproduced(case: casefiles.Case) -> None:
    verdict = casefiles.run(case)
    assert verdict.status == ("contrast" if case.role == "contrast" else "pass"), verdict.detail


def test_a_changed_expectation_would_be_noticed() -> None:
    """Each case fails when what is expected of it is replaced: no kernel answers by accident of the comparison."""
    for case in CASES:
        if case.role != "contrast":
            wrong = casefiles.Case(
                case.id, case.area, case.fn, case.title, case.role, case.input,
                dict.fromkeys(case.expected, "something else"), Decimal(0),
            )  # fmt: skip
            assert casefiles.run(wrong).status == "fail", case.id


def test_the_rules_need_no_django() -> None:
    modules = sorted(path.stem for path in (ROOT / "hrp/logistics/rules").glob("[a-z]*.py"))
    assert len(modules) > 20
    program = "import sys, importlib\n" + "".join(
        f"importlib.import_module('hrp.logistics.rules.{name}')\n" for name in modules
    )
    program += "sys.exit(any(m.split('.')[0] in ('django', 'psycopg') for m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("method", "moves", "code"),
    [
        ("moving_average", [["out", "1"]], "insufficient"),
        ("moving_average", [["give", "1"]], "unknown_move"),
        (
            "moving_average",
            [["in", "9", "1"], ["reverse", 0], ["in", "9", "1"], ["reverse", 0]],
            "already_reversed",
        ),
        (
            "moving_average",
            [["in", "9", "1"], ["out", "9"], ["reverse", 1], ["reverse", 2]],
            "already_reversed",
        ),
        ("fifo", [["give", "1"]], "unknown_move"),
        ("month_average", [["give", "1"]], "unknown_move"),
        ("transfer", [["give", "A", "1"]], "unknown_move"),
        ("transfer", [["move", "A", "B", "1"]], "insufficient"),
        ("batch", [["give", "1"]], "unknown_move"),
        ("batch", [["inb", "B1", "1", "1", "2027-01-01"], ["out_batch", "B2", "1"]], "insufficient"),
    ],
)
def test_a_case_that_cannot_be_replayed_is_refused(method: str, moves: list[list[str]], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        solve_valuation({"method": method, "moves": moves})
    assert refused.value.code == code


def test_every_method_of_the_standard_has_a_replay() -> None:
    for name in ("moving_average", "month_average", "fifo", "batch"):
        assert cost_method(name)
        assert solve_valuation({"method": name, "moves": []})["qty"] == 0
