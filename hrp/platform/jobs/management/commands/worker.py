"""``hrp worker``: the background process."""

from __future__ import annotations

import logging
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from hrp.platform.jobs import worker


class Command(BaseCommand):
    """Runs until SIGTERM or Ctrl-C. Its supervisor restarts it whatever its exit status was."""

    help = "运行后台任务与定期职责，直到收到停止信号"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rescuer", action="store_true", help="只找回失联进程上的任务，不执行任务")
        parser.add_argument(
            "--concurrency", type=int, default=2, metavar="N", help="同时执行的任务数（默认 2）"
        )
        parser.add_argument("--queue", action="append", default=[], metavar="队列", help="只取此队列，可重复")

    def handle(self, *args: Any, **options: Any) -> None:
        if not logging.getLogger().handlers:
            logging.basicConfig(
                level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s"
            )
        if options["rescuer"]:
            sys.exit(worker.guard())
        sys.exit(worker.work(queues=options["queue"], concurrency=options["concurrency"]))
