"""``hrp verify PATH...``: run published worked examples through the product's own kernels. No database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hrp.platform.base import casefiles

LABELS = {"pass": "通过", "fail": "不符", "unsupported": "不支持", "error": "出错", "contrast": "对照"}


class Command(BaseCommand):
    help = "用本产品自己的算法内核运行公开算例（hrp-cases/1）并核对结果。全部通过时退出码为 0，有不符为 1，文件不可读为 2。"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH", help="算例文件，或存放算例文件的目录")
        parser.add_argument("--json", action="store_true", dest="as_json", help="以 JSON 输出每个算例的结果")
        parser.add_argument("--area", help="只运行此领域，如 costing")
        parser.add_argument("--fn", help="只运行此内核，如 step_down")
        parser.add_argument("--verbose", action="store_true", help="逐条列出，并显示对照算例")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            cases = [case for path in casefiles.gather(options["paths"]) for case in casefiles.load(path)]
        except casefiles.Unreadable as unreadable:
            raise CommandError(str(unreadable), returncode=2) from None
        verdicts = [
            casefiles.run(case)
            for case in cases
            if options["area"] in (None, case.area) and options["fn"] in (None, case.fn)
        ]
        passed = sum(verdict.status == "pass" for verdict in verdicts)
        failed = sum(verdict.status in ("fail", "unsupported", "error") for verdict in verdicts)
        if options["as_json"]:
            self.stdout.write(self._document(verdicts, passed, failed))
        else:
            self._table(verdicts, passed, failed, verbose=options["verbose"])
        if failed:
            raise SystemExit(1)

    def _document(self, verdicts: list[casefiles.Verdict], passed: int, failed: int) -> str:
        rows = [
            {"id": v.case.id, "status": v.status, "output": v.output, "detail": v.detail} for v in verdicts
        ]
        return casefiles.to_json({"passed": passed, "failed": failed, "cases": rows})

    def _table(self, verdicts: list[casefiles.Verdict], passed: int, failed: int, *, verbose: bool) -> None:
        for verdict in verdicts:
            if not verbose and verdict.status in ("pass", "contrast"):
                continue
            self.stdout.write(
                f"{LABELS[verdict.status]}  {verdict.case.id}  {verdict.case.area}.{verdict.case.fn}  {verdict.case.title}"
            )
            if verdict.detail:
                self.stdout.write(f"      {verdict.detail}")
            if verdict.status == "contrast":
                self.stdout.write(f"      对照值 {casefiles.to_json(verdict.case.expected)}")
        self.stdout.write(f"通过 {passed}，未通过 {failed}，共 {passed + failed} 个算例")
