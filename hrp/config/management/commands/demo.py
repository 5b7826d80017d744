"""``hrp demo --size small|medium|large``: load the demo hospital into an empty database."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from hrp.config.demo import ACCOUNTS, months
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict
from hrp.platform.org.models import Hospital


class Command(BaseCommand):
    help = "载入演示医院（十二个已结账月份和一个未结账月份）"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--size", choices=sorted(months.SIZES), default="small", help="规模，默认 small")

    def handle(self, *args: Any, **options: Any) -> None:
        if Hospital.objects.exists():
            raise Conflict(
                "数据库中已有医院数据，未载入演示医院",
                way_out="演示数据只能载入空库；请用 HRP_HOME 指定一个新的数据目录。",
            )
        started = time.perf_counter()
        with transaction.atomic():
            months.build(
                size=options["size"], today=clock.today(), say=lambda text: self.stdout.write(f"  {text}")
            )
        self.stdout.write(f"演示医院已载入，用时 {time.perf_counter() - started:.1f} 秒。演示账号：")
        for username, password, title in ACCOUNTS:
            self.stdout.write(f"  {username:<14}{password}  {title}")
