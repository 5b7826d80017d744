"""``hrp desk replay``: what it prints, and how it refuses a file."""

from __future__ import annotations

import io
import json
import subprocess
import sys
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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '{"events": [\n  {"t": "2026-11-23T10:00:00+08:00"\n   "type": "CONTACT"}\n]}',
            "第 3 行第 4 列.*应有逗号",
        ),
        ('{"events": [],\n"as_of": "2026', "第 2 行第 10 列.*引号没有闭合"),
        ("", "第 1 行第 1 列"),
    ],
)
def test_text_that_is_no_json_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "events.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=said) as refused:
        replay(str(file))
    assert refused.value.returncode == 2


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({**CALL, "t": "十点"}, "第 5 行：第 3 条事件的 t"),
        ({**CALL, "type": "RECLASS", "to": "特级"}, "第 5 行：合同中没有级别「特级」"),
        ({**CALL, "answered_at": "2026-11-23T09:00:00+08:00"}, "第 5 行：第 3 条事件的接听时间早于来电时间"),
        ("来电", "第 3 条事件不是对象"),
    ],
)
def test_event_that_cannot_be_replayed_is_refused_with_its_line(
    tmp_path: Path, event: object, said: str
) -> None:
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in (CALL, LATE, event))
    file = tmp_path / "events.json"
    file.write_text(f'{{"as_of": "2026-11-23T10:30:00+08:00",\n"events": [\n{rows}\n]}}', encoding="utf-8")
    with pytest.raises(CommandError, match=said):
        replay(str(file))


def test_a_bad_as_of_is_not_blamed_on_an_event(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"json：as_of"):
        replay(written(tmp_path, {"events": [CALL], "as_of": "2026-11-23T10:30:00"}))


def test_other_encodings_and_incomplete_contracts_and_cases_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "gbk.json"
    file.write_bytes('{"title":\n"全院停机"}'.encode("gbk"))
    with pytest.raises(CommandError, match="第 2 行：不是 UTF-8"):
        replay(str(file))
    events = written(tmp_path, {"events": [CALL], "as_of": "2026-11-23T10:30:00+08:00"})
    contract = tmp_path / "contract.json"
    contract.write_text('{"format": "hrp-contract/1"}', encoding="utf-8")
    with pytest.raises(CommandError, match="合同数据不完整（title 缺少"):
        replay(events, "--contract", str(contract))
    with pytest.raises(CommandError, match="第 1 行：算例 X 没有 input"):
        replay(written(tmp_path, {"cases": [{"fn": "sla", "id": "X"}]}))
    with pytest.raises(CommandError, match="文件不能读取"):
        replay(str(tmp_path))


def test_the_command_line_exits_with_two(tmp_path: Path) -> None:
    file = tmp_path / "events.json"
    file.write_text("{", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "hrp.config.cli", "desk", "replay", str(file)],
        cwd=CASES.parents[1], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "第 1 行" in done.stderr


def test_every_clock_is_printed_with_start_due_stop_verdict_and_margin(tmp_path: Path) -> None:
    rows = [CALL, LATE, {"t": "2026-11-23T10:20:00+08:00", "type": "EMERGENCY_STARTED"}]
    told = replay(written(tmp_path, {"events": rows, "as_of": "2026-11-23T11:30:00+08:00"}))
    lines = {line.split()[0]: line.split() for line in told.splitlines() if line.strip()}
    day = "2026-11-23"
    assert lines["响应"] == [
        "响应",
        "1级",
        day,
        "10:00:00",
        day,
        "10:05:00",
        day,
        "10:05:01",
        "超时",
        "超",
        "1",
        "秒",
    ]
    assert lines["启动应急服务"] == [
        "启动应急服务", "1级", day, "10:00:00", day, "11:00:00", day, "10:20:00", "达成", "余", "40", "分"
    ]  # fmt: skip
    assert lines["应通知"] == [
        "应通知",
        "值班工程师、服务台主管、产品团队、公司高级经理主管人员、客户所在地客户经理、甲方系统主管工程师",
    ]
    assert lines["超时通知"] == ["超时通知", "服务台主管、客户经理、甲方系统主管工程师、甲方信息科主任"]
