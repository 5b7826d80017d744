"""``hrp invariants [--json] [--module M]``"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.core.serializers.json import DjangoJSONEncoder

from hrp.platform.jobs import checkups

WORDS = {"ok": "通过", "broken": "不符", "unknown": "未知"}


class Command(BaseCommand):
    """Runs every registered invariant on the database. Status 1 when any is broken or could not be checked."""

    help = "核对全部模块的不变量"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="以 JSON 输出")
        parser.add_argument("--module", metavar="模块", help="只核对一个模块")

    def handle(self, *args: Any, **options: Any) -> None:
        run = checkups.run(cause="command", module=options["module"])
        if options["json"]:
            report = {"ok": run.ok, "broken": run.broken, "unknown": run.unknown, "invariants": run.outcomes}
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=1, cls=DjangoJSONEncoder))
        else:
            for one in run.outcomes:
                self.stdout.write(
                    f"{WORDS[one['state']]}  {one['id']:<36} {one['title']}  {one['seconds']:.3f} 秒"
                )
                for row in one["told"]:
                    self.stdout.write(f"      {row}")
                if one["found"] > len(one["told"]):
                    self.stdout.write(f"      …… 共 {one['found']} 行")
                if one["detail"]:
                    self.stdout.write(f"      {one['detail']}")
                if one["state"] != "ok" and one["way_out"]:
                    self.stdout.write(f"      处理办法：{one['way_out']}")
            self.stdout.write(f"{run.ok} 条通过，{run.broken} 条不符，{run.unknown} 条未知，{run.seconds} 秒")
        if run.broken or run.unknown:
            raise SystemExit(1)
