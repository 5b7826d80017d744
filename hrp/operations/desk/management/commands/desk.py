"""``hrp desk replay FILE.json``: run an event file through the clock engine and print what follows. No database."""

from __future__ import annotations

import json
import unicodedata
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
        terms = read_terms(_read(options["contract"])) if options["contract"] else default_terms()
        found = _histories(_read(options["file"]), options["case"], options["file"])
        try:
            if options["as_json"]:
                outputs = [
                    {"id": name, **sla(given, terms, published_calendar())} for name, _, given in found
                ]
                self.stdout.write(json.dumps(outputs, ensure_ascii=False, indent=2))
                return
            for name, title, given in found:
                self._print(f"{name} {title}".strip(), replay(given, terms, published_calendar()), terms)
        except Refusal as refusal:
            raise CommandError(
                f"{options['file']}：{refusal.reason}。{refusal.way_out}", returncode=2
            ) from None

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


def _read(name: str) -> Any:
    try:
        return json.loads(Path(name).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise CommandError(f"{name}：文件不存在", returncode=2) from None
    except (OSError, ValueError) as error:
        raise CommandError(f"{name}：不是可读的 JSON 文件（{error}）", returncode=2) from None


def _histories(content: Any, wanted: str | None, name: str) -> list[tuple[str, str, dict[str, Any]]]:
    """(id, title, input) of each history in the file."""
    if isinstance(content, dict) and "cases" in content:
        found = [
            (str(case.get("id", "")), str(case.get("title", "")), case["input"])
            for case in content["cases"]
            if isinstance(case, dict) and case.get("fn") == "sla" and wanted in (None, case.get("id"))
        ]
        if not found:
            raise CommandError(f"{name}：没有算例 {wanted or 'sla'}", returncode=2)
        return found
    if not isinstance(content, dict):
        raise CommandError(f'{name}：应为 {{"events": [...], "as_of": "…"}}', returncode=2)
    return [("", str(content.get("title", "")), content)]


def _shown(text: str | None) -> str:
    return text[:19].replace("T", " ") if text else "—"


def _width(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
