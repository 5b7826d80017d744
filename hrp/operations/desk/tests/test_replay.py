"""``hrp desk replay``: what it prints, and how it refuses a file."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from hrp.operations.contracts.defaults import default_body

CASES = Path(__file__).resolve().parents[4] / "cases" / "operations.json"
CALL = {"t": "2026-11-23T10:00:00+08:00", "type": "CONTACT", "channel": "phone", "level": "1"}
LATE = {"t": "2026-11-23T10:05:01+08:00", "type": "RESPONSE", "kind": "human"}


def replay(*words: str) -> str:
    out = io.StringIO()
    call_command("desk", "replay", *words, stdout=out)
    return out.getvalue()


def written(tmp_path: Path, content: object) -> str:
    file = tmp_path / "events.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return str(file)


def test_prints_clocks_margins_and_who_is_told(tmp_path: Path) -> None:
    told = replay(written(tmp_path, {"events": [CALL, LATE], "as_of": "2026-11-23T10:30:00+08:00"}))
    line = next(line for line in told.splitlines() if line.split()[:1] == ["响应"])
    assert "2026-11-23 10:05:00" in line
    assert line.endswith("超时    超 1 秒")
    assert "启动应急服务" in told
    assert "产品团队" in told
    assert "甲方信息科主任" in told


def test_one_case_of_a_case_file_as_json() -> None:
    (told,) = json.loads(replay(str(CASES), "--case", "SLA-001", "--json"))
    expected = next(
        case for case in json.loads(CASES.read_text(encoding="utf-8"))["cases"] if case["id"] == "SLA-001"
    )
    assert {key: told[key] for key in expected["expected"]} == expected["expected"]


def test_judged_by_the_figures_of_another_contract(tmp_path: Path) -> None:
    body = default_body()
    body["levels"]["1"]["response_s"] = 600
    contract = tmp_path / "contract.json"
    contract.write_text(json.dumps(body), encoding="utf-8")
    events = written(tmp_path, {"events": [CALL, LATE], "as_of": "2026-11-23T10:30:00+08:00"})
    assert "达成" in replay(events, "--contract", str(contract))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([], "应为"),
        ({"as_of": "2026-11-23T10:30:00+08:00"}, "events"),
        ({"events": [{**CALL, "t": "十点"}], "as_of": "2026-11-23T10:30:00+08:00"}, "第 1 条事件"),
        ({"events": [CALL], "as_of": "2026-11-23T10:30:00"}, "as_of"),
        ({"events": [{**CALL, "level": "特级"}], "as_of": "2026-11-23T10:30:00+08:00"}, "特级"),
    ],
)
def test_unreadable_file_is_refused_with_its_place(tmp_path: Path, content: object, said: str) -> None:
    with pytest.raises(CommandError, match=said) as refused:
        replay(written(tmp_path, content))
    assert refused.value.returncode == 2


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refused:
        replay(str(tmp_path / "nowhere.json"))
    assert refused.value.returncode == 2
