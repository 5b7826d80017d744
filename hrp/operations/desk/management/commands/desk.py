"""``hrp desk replay FILE.json``: run an event file through the clock engine and print what follows. No database."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from json import decoder, scanner
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hrp.operations.contracts.defaults import default_terms
from hrp.operations.contracts.rules import Terms, read_terms
from hrp.operations.desk.presenting import FLAGS, duration
from hrp.operations.desk.published import published_calendar
from hrp.operations.desk.rules.clocks import KIND_TITLES, VERDICT_TITLES, Evaluation
from hrp.operations.desk.rules.kernel import replay, sla, wall_time
from hrp.platform.base.refusals import Refusal

_COLUMNS = ("时钟", "级别", "起算", "时限", "停止", "结论", "余量")


class Command(BaseCommand):
    help = (
        "desk replay FILE.json：按合同重放联系与工单事件，列出每个时钟的起算、时限、停止、结论与余量，以及应通知的角色。"
        "事件格式与 sla 算例相同：{\"events\": [...], \"as_of\": \"…\"}，也可直接给算例文件。文件不可读时退出码为 2。"
    )  # fmt: skip
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        one = acts.add_parser("replay", help="重放一个事件文件")
        one.add_argument("file", metavar="FILE.json", help="事件文件，或 hrp-cases/1 算例文件")
        one.add_argument(
            "--contract", metavar="FILE", help="合同数据文件（hrp-contract/1），默认用随系统提供的合同"
        )
        one.add_argument("--case", metavar="ID", help="算例文件中只重放此例")
        one.add_argument("--json", action="store_true", dest="as_json", help="以 JSON 输出")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["file"]
        terms = _terms(options["contract"])
        found = _histories(_read(name), options["case"], name)
        outputs = []
        for case, title, given in found:
            try:
                if options["as_json"]:
                    outputs.append({"id": case, **sla(given, terms, published_calendar())})
                else:
                    self._print(f"{case} {title}".strip(), replay(given, terms, published_calendar()), terms)
            except Refusal as refusal:
                raise _unreadable(name, refusal, _line_at_fault(given, terms)) from None
        if options["as_json"]:
            self.stdout.write(json.dumps(outputs, ensure_ascii=False, indent=2))

    def _print(self, heading: str, result: Evaluation, terms: Terms) -> None:
        if heading:
            self.stdout.write(f"\n{heading}")
        rows = [_COLUMNS] + [
            (
                KIND_TITLES[c.kind],
                terms.levels[c.level].title if c.level else "—",
                _shown(wall_time(c.start)),
                _shown(wall_time(c.due)),
                _shown(wall_time(c.stop)),
                VERDICT_TITLES[c.verdict],
                "—" if c.margin_s is None else f"{'余' if c.margin_s >= 0 else '超'} {duration(c.margin_s)}",
            )
            for c in result.clocks
        ]
        widths = [max(_width(row[i]) for row in rows) for i in range(len(_COLUMNS))]
        for row in rows:
            self.stdout.write(
                "  " + "  ".join(_padded(cell, widths[i]) for i, cell in enumerate(row)).rstrip()
            )
        level = terms.levels[result.final_level].title if result.final_level else "—"
        self.stdout.write(f"  最终级别　{level}")
        self.stdout.write(f"  应通知　　{'、'.join(result.notify) or '无'}")
        if result.notify_on_breach:
            self.stdout.write(f"  超时通知　{'、'.join(result.notify_on_breach)}")
        if result.flags:
            self.stdout.write(f"  标记　　　{'、'.join(FLAGS.get(flag, flag) for flag in result.flags)}")


class _Located(dict[str, Any]):
    """A JSON object that knows the line it begins on."""

    line = 0


class _Decoder(json.JSONDecoder):
    """Reads JSON into objects that know their lines."""

    def __init__(self) -> None:
        super().__init__()
        self.parse_object = self._located
        self.scan_once = scanner.py_make_scanner(self)  # type: ignore[attr-defined]

    def _located(self, s_and_end: tuple[str, int], *rest: Any) -> tuple[_Located, int]:
        text, begins = s_and_end
        value, ends = decoder.JSONObject(s_and_end, *rest)  # type: ignore[attr-defined]
        found = _Located(value)
        found.line = text.count("\n", 0, begins) + 1
        return found, ends


def _unreadable(name: str, refusal: Refusal, line: int = 0) -> CommandError:
    where = f"{name} 第 {line} 行" if line else name
    wrong = "；".join(f"{one.field} {one.message}" for one in refusal.problems)
    return CommandError(
        f"{where}：{refusal.reason}{f'（{wrong}）' if wrong else ''}。{refusal.way_out}", returncode=2
    )


def _line_at_fault(given: Mapping[str, Any], terms: Terms) -> int:
    """The line of the first event that cannot be replayed after those before it; 0 when it is none of them."""
    events = given.get("events")
    if not isinstance(events, list):
        return 0
    for count, event in enumerate(events, start=1):
        try:
            replay({**given, "events": events[:count]}, terms, published_calendar())
        except Refusal:
            return event.line if isinstance(event, _Located) and _readable(given, terms) else 0
    return 0


def _readable(given: Mapping[str, Any], terms: Terms) -> bool:
    """Whether all but the events can be read."""
    try:
        replay({**given, "events": []}, terms, published_calendar())
    except Refusal:
        return False
    return True


def _terms(name: str | None) -> Terms:
    if not name:
        return default_terms()
    content = _read(name)
    try:
        return read_terms(content if isinstance(content, dict) else {})
    except Refusal as refusal:
        raise _unreadable(name, refusal) from None


def _read(name: str) -> Any:
    try:
        raw = Path(name).read_bytes()
    except FileNotFoundError:
        raise CommandError(f"{name}：文件不存在", returncode=2) from None
    except OSError as error:
        raise CommandError(f"{name}：文件不能读取（{error.strerror}）", returncode=2) from None
    try:
        return _Decoder().decode(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CommandError(f"{name} 第 {line} 行：不是 UTF-8 编码的文本", returncode=2) from None
    except json.JSONDecodeError as error:
        where = f"{name} 第 {error.lineno} 行第 {error.colno} 列"
        raise CommandError(
            f"{where}：不是 JSON（{_JSON_WORDS.get(error.msg, error.msg)}）", returncode=2
        ) from None
    except RecursionError:
        raise CommandError(f"{name}：嵌套过深", returncode=2) from None


_JSON_WORDS = {
    "Expecting value": "这里应有一个值", "Expecting ',' delimiter": "这里应有逗号",
    "Expecting ':' delimiter": "这里应有冒号", "Extra data": "文件在此应已结束",
    "Expecting property name enclosed in double quotes": "名称应写在双引号中",
    "Unterminated string starting at": "引号没有闭合", "Invalid control character at": "引号中不能换行",
}  # fmt: skip


def _histories(content: Any, wanted: str | None, name: str) -> list[tuple[str, str, Mapping[str, Any]]]:
    """(id, title, input) of each history in the file."""
    if not isinstance(content, dict):
        raise CommandError(f'{name}：应为 {{"events": [...], "as_of": "…"}}', returncode=2)
    if "cases" not in content:
        return [("", str(content.get("title", "")), content)]
    cases = content["cases"]
    found: list[tuple[str, str, Mapping[str, Any]]] = []
    for case in cases if isinstance(cases, list) else []:
        if not isinstance(case, _Located) or case.get("fn") != "sla" or wanted not in (None, case.get("id")):
            continue
        given = case.get("input")
        if not isinstance(given, dict):
            raise CommandError(f"{name} 第 {case.line} 行：算例 {case.get('id')} 没有 input", returncode=2)
        found.append((str(case.get("id", "")), str(case.get("title", "")), given))
    if not found:
        raise CommandError(f"{name}：没有算例 {wanted or 'sla'}", returncode=2)
    return found


def _shown(text: str | None) -> str:
    return text[:19].replace("T", " ") if text else "—"


def _width(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
