"""``hrp invariants``: every registered invariant of every module, on the database as it is now."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from hrp.platform.base import health

WORDS = {"ok": "正常", "broken": "被破坏", "unknown": "未知"}


class Command(BaseCommand):
    help = "检查全部不变量（账实相符等）；有被破坏或查不出的，退出码为 1"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="输出 JSON")
        parser.add_argument("--module", help="只检查一个模块，例如 logistics")

    def handle(self, *args: Any, **options: Any) -> None:
        module = options["module"]
        modules = {invariant.module for invariant in health.invariants}
        if module and module not in modules:
            raise CommandError(f"没有模块 {module}。可选：{'、'.join(sorted(modules))}", returncode=2)
        outcomes = health.run(module)
        if options["json"]:
            self.stdout.write(
                json.dumps([asdict(o) for o in outcomes], ensure_ascii=False, cls=DjangoJSONEncoder)
            )
        else:
            for outcome in outcomes:
                self._write(outcome)
            broken = sum(outcome.state != "ok" for outcome in outcomes)
            self.stdout.write(f"共 {len(outcomes)} 项，{broken} 项有问题。")
        if any(outcome.state != "ok" for outcome in outcomes):
            raise SystemExit(1)

    def _write(self, outcome: health.Outcome) -> None:
        self.stdout.write(
            f"{WORDS[outcome.state]}\t{outcome.id}\t{outcome.module}\t{outcome.title}\t"
            f"{outcome.found} 行\t{outcome.seconds:.2f} 秒"
        )
        if outcome.detail:
            self.stdout.write(f"\t{outcome.detail}")
        for row in outcome.rows[:10]:
            self.stdout.write("\t" + "，".join(f"{key}={value}" for key, value in row.items()))
