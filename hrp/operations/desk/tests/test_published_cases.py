"""The published SLA cases, run in server zones that are not the hospital's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hrp.operations.contracts.defaults import default_terms
from hrp.operations.desk.published import published_calendar
from hrp.operations.desk.rules.kernel import sla
from hrp.platform.base import casefiles

ROOT = Path(__file__).resolve().parents[4]
FILE = ROOT / "cases" / "operations.json"
CASES = [case for case in casefiles.load(FILE) if (case.area, case.fn) == ("operations", "sla")]


def test_all_published_cases_are_here() -> None:
    assert len(CASES) == 38


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_case(case: casefiles.Case) -> None:
    output = sla(case.input, default_terms(), published_calendar())
    for key, wanted in case.expected.items():
        assert output[key] == wanted, key


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Kiritimati"])
def test_cases_do_not_depend_on_the_zone_of_the_server(zone: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "verify", str(FILE), "--area", "operations", "--fn", "sla"],
        cwd=ROOT,
        env={**os.environ, "TZ": zone},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_case_that_is_wrong_fails() -> None:
    case = CASES[0]
    shifted = {**case.input, "events": case.input["events"][:1]}
    assert sla(shifted, default_terms(), published_calendar())["clocks"] != case.expected["clocks"]
