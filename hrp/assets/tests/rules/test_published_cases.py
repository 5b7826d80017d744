"""The published cases of fixed assets, one test each."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from hrp.platform.base import casefiles

ROOT = Path(__file__).resolve().parents[4]
CASES = casefiles.load(ROOT / "cases" / "assets.json")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_published_case_is_reproduced(case: casefiles.Case) -> None:
    verdict = casefiles.run(case)
    assert verdict.status == ("contrast" if case.role == "contrast" else "pass"), verdict.detail


def test_a_changed_expectation_would_be_noticed() -> None:
    for case in CASES:
        if case.role != "contrast":
            wrong = casefiles.Case(
                case.id, case.area, case.fn, case.title, case.role, case.input,
                dict.fromkeys(case.expected, "something else"), Decimal(0),
            )  # fmt: skip
            assert casefiles.run(wrong).status == "fail", case.id
