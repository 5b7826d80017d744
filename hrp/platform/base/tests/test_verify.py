"""``hrp verify``: exit codes, messages, the judgement of an answer, and the shipped costing cases."""

import json
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from hrp.platform.base import casefiles, verify
from hrp.platform.base.refusals import Conflict

CASES = Path(__file__).resolve().parents[4] / "cases"


@pytest.fixture
def kernel(monkeypatch):
    def add(fn, function):
        monkeypatch.setitem(verify.kernels._things, f"toy.{fn}", function)

    return add


@pytest.fixture
def file(tmp_path):
    def write(*cases, name="toy.json"):
        base = {
            "area": "toy",
            "fn": "double",
            "title": "t",
            "role": "must_match",
            "input": {},
            "expected": {},
        }
        path = tmp_path / name
        rows = [{"id": f"T{n}", **base, **case} for n, case in enumerate(cases)]
        path.write_text(json.dumps({"format": "hrp-cases/1", "cases": rows}), encoding="utf-8")
        return str(path)

    return write


def run(*args):
    """Exit code and what was printed."""
    out = StringIO()
    try:
        call_command("verify", *args, stdout=out)
    except SystemExit as stop:
        return stop.code, out.getvalue()
    return 0, out.getvalue()


def test_the_filed_cost_reports_are_reproduced_to_the_dollar():
    code, printed = run(str(CASES / "costing_filed_reports.json"))
    assert code == 0
    assert "通过 270，未通过 0" in printed


def test_the_costing_cases_with_a_kernel_pass():
    _, printed = run(str(CASES / "costing.json"), "--json")
    by_id = {row["id"]: row["status"] for row in json.loads(printed)["cases"]}
    passing = {name for name, status in by_id.items() if status == "pass"}
    assert {"CN3-DEPT", "CN3-FEN", "LR-EQUAL", "LR-CREDIT", "LR-TINY", "LR-ZERO-RECV"} <= passing
    assert {"TXT-WOODBURY", "TXT-MUTUAL", "BHIMA-SAMPLE5"} <= passing
    assert {"US-HCRIS-36915", "US-HCRIS-36978", "US-HCRIS-37039"} <= passing
    assert not set(by_id.values()) & {"fail", "error"}


def test_every_shipped_file_is_readable():
    assert sum(len(casefiles.load(path)) for path in casefiles.gather([str(CASES)])) >= 500


def test_json_document_and_filters(kernel, file):
    kernel("double", lambda given: {"twice": given["n"] * 2, "more": Decimal("1.10")})
    path = file(
        {"input": {"n": 2}, "expected": {"twice": 4}},
        {"input": {"n": 2}, "expected": {"twice": 5}},
        {"fn": "unknown"},
        {"role": "contrast", "expected": {"peer": "3.90"}},
    )
    code, printed = run(path, "--json")
    document = json.loads(printed, parse_float=str)
    assert code == 1
    assert (document["passed"], document["failed"]) == (1, 2)
    assert [row["status"] for row in document["cases"]] == ["pass", "fail", "unsupported", "contrast"]
    assert document["cases"][0]["output"] == {"twice": 4, "more": "1.10"}
    assert "twice：应为 5，得 4" in document["cases"][1]["detail"]
    assert run(path, "--fn", "nothing") == (0, "通过 0，未通过 0，共 0 个算例\n")
    assert "3.90" in run(path, "--verbose")[1]
    assert "3.90" not in run(path)[1]


def test_a_refusal_is_judged_by_kind_and_by_the_state_left_behind(kernel, file):
    def refuse(given):
        raise verify.RefusedCase(Conflict("库存不足", code="insufficient"), {"qty": "2"})

    kernel("double", refuse)
    good = {"role": "must_refuse", "expected": {"error": "insufficient", "qty": "2"}}
    assert run(file(good))[0] == 0
    for bad in ({"error": "closed"}, {"error": "insufficient", "qty": "3"}):
        assert run(file({**good, "expected": bad}))[0] == 1
    assert "库存不足" in run(file({"expected": {"x": 1}}))[1]
    kernel("double", lambda given: {})
    assert "应当拒绝" in run(file(good))[1]


def test_a_kernel_that_stumbles_spoils_only_its_own_case(kernel, file):
    kernel("double", lambda given: {"twice": given["n"] * 2})
    code, printed = run(file({"input": {}}, {"input": {"n": 1}, "expected": {"twice": 2}}))
    assert code == 1
    assert "输入缺少 n" in printed
    assert "通过 1，未通过 1" in printed


@pytest.mark.parametrize(
    ("expected", "output", "tolerance", "same"),
    [
        (1, Decimal("1.00"), "0", True),
        (Decimal("1.01"), 1, "0", False),
        (Decimal("1.01"), 1, "0.01", True),
        ("166.67", Decimal("166.67"), "0", True),
        ("166.70", "166.7", "0", True),
        ("00100", "100", "0", False),
        ("2024-01-31", "2024-02-01", "999", False),
        ("69012", "69013", "5", False),
        (True, 1, "0", False),
        (None, 0, "0", False),
        (1, float("nan"), "9", False),
        ([1, 2], [1], "0", False),
        ([1, 2], (1, 2), "0", True),
        ({"a": 1}, {"a": 1, "b": 2}, "0", True),
        ({"a": 1}, {"b": 1}, "0", False),
        ({"a": {"b": [1]}}, {"a": {"b": [2]}}, "0", False),
        ("met", "met", "0", True),
        ("met", "Met", "0", False),
    ],
)
def test_numbers_within_tolerance_words_exactly(expected, output, tolerance, same):
    assert (not list(casefiles.compare(expected, output, Decimal(tolerance)))) is same


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", ["第 1 行", "JSON"]),
        ("[]", ["hrp-cases/1"]),
        ('{"format": "hrp-cases/1"}', ["cases"]),
        ('{"format": "hrp-cases/1", "cases": [{}]}', ["第 1 个算例", "id"]),
        ('{"format": "hrp-cases/1", "cases": [{"id": "A-1"}]}', ["第 1 个算例（A-1）", "area"]),
        ('{"format": "hrp-cases/1", "cases": [{"id":"A","area":"a","fn":"f","role":"may"}]}', ["A", "may"]),
        (
            '{"format": "hrp-cases/1", "cases": [{"id":"A","area":"a","fn":"f","role":"must_match"}]}',
            ["input"],
        ),
        (
            '{"format":"hrp-cases/1","cases":[{"id":"A","area":"a","fn":"f","role":"must_match","input":1,"expected":1,"tolerance":"x"}]}',
            ["A", "tolerance"],
        ),
        ('{"format": "hrp-cases/1", "cases": [NaN]}', ["NaN"]),
    ],
)
def test_an_unreadable_file_exits_2_and_says_where(tmp_path, text, words):
    path = tmp_path / "mine.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError) as stop:
        call_command("verify", str(path))
    assert stop.value.returncode == 2
    for word in ["mine.json", *words]:
        assert word in str(stop.value)


def test_a_missing_file_an_empty_folder_and_a_foreign_encoding_exit_2(tmp_path):
    (tmp_path / "gbk.json").write_bytes("科室".encode("gbk"))
    (tmp_path / "empty").mkdir()
    for name in ("nowhere.json", "gbk.json", "empty"):
        with pytest.raises(CommandError) as stop:
            call_command("verify", str(tmp_path / name))
        assert stop.value.returncode == 2
        assert name in str(stop.value)


def test_the_same_number_twice_in_a_file_is_unreadable(file):
    with pytest.raises(CommandError, match="编号重复"):
        call_command("verify", file({"id": "X"}, {"id": "X"}))
