"""``hrp audit verify | head | seal | accept-restore``"""

from __future__ import annotations

import getpass
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hrp.platform.audit import anchor, sealing, verification
from hrp.platform.audit.models import Block
from hrp.platform.base.refusals import Refusal


class Command(BaseCommand):
    """The auditor's command line. ``verify`` ends with status 1 when anything was found."""

    help = "核对、封存审计链"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verify = verbs.add_parser("verify", help="重算行散列、块链并与库外锚点核对")
        verify.add_argument("--json", action="store_true", help="以 JSON 输出")
        verify.add_argument("--since", type=int, default=0, metavar="块号", help="只核对此块及以后")
        verify.add_argument("--anchor", metavar="文件", help="用另一处保存的锚点副本核对")
        verbs.add_parser("head", help="显示链头，可抄录、打印")
        verbs.add_parser("seal", help="立即封存并写锚点")
        accept = verbs.add_parser("accept-restore", help="恢复备份后，签字承认链头早于锚点")
        accept.add_argument("--reason", required=True, help="为何恢复、由谁批准")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb'].replace('-', '_')}")(options)
        except Refusal as refusal:
            raise CommandError(f"{refusal.reason}\n{refusal.way_out}".strip()) from refusal

    def _verify(self, options: dict[str, Any]) -> None:
        report = verification.verify(since=options["since"], anchor_path=options["anchor"])
        if options["json"]:
            self.stdout.write(json.dumps(report.as_dict(), ensure_ascii=False, indent=1))
        else:
            self.stdout.write(
                f"{report.blocks} 块，核对 {report.rows} 行，未封存 {report.unsealed} 行，"
                f"锚点 {report.anchored} 行，{report.seconds} 秒"
            )
            for note in report.notes:
                self.stdout.write(f"注：{note}")
            for finding in report.findings:
                self.stdout.write(self.style.ERROR(f"不符：{finding.where}：{finding.detail}"))
            if report.ok:
                self.stdout.write(self.style.SUCCESS("审计链完整"))
        if not report.ok:
            raise SystemExit(1)

    def _head(self, options: dict[str, Any]) -> None:
        head = Block.objects.order_by("-seq").first()
        if head is None:
            self.stdout.write("还没有封存的块")
            return
        self.stdout.write(f"{head.seq}\t{bytes(head.hash).hex()}\t{head.sealed_at.isoformat()}")

    def _seal(self, options: dict[str, Any]) -> None:
        made = sealing.seal()
        lines = anchor.extend()
        self.stdout.write(f"封存 {len(made)} 块 {sum(b.count for b in made)} 行，锚点新增 {lines} 行")

    def _accept_restore(self, options: dict[str, Any]) -> None:
        line = anchor.accept_restore(name=getpass.getuser(), reason=options["reason"])
        self.stdout.write(f"已签字：{line.text()}")
