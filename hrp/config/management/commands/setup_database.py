"""``hrp setup-database``: from an address to a database this version can serve."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from hrp.config import fingerprint, schema
from hrp.config.models import InstallationMark
from hrp.platform.org.models import Hospital


class Command(BaseCommand):
    help = "准备数据库：检查版本、升级结构、授予应用账号权限（可重复执行）"
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--want-demo", action="store_true", help="数据库是新的时，记下需要装入演示医院")

    def handle(self, *args: Any, want_demo: bool, **options: Any) -> None:
        before = schema.state()
        finished = _was_finished()
        if before != "current":
            schema.migrate(verbosity=1 if options["verbosity"] > 1 else 0)
        else:
            schema.grant()
        if (
            want_demo and not finished and not Hospital.objects.exists()
        ):  # a first start may have been cut short
            _mark("demo", "wanted")
        _mark("schema", fingerprint.schema())
        self.stdout.write({"empty": "新库，已建立", "behind": "已升级", "current": "已是本版本"}[before])


def _was_finished() -> bool:
    """Whether this command has come to its end before: its last mark is there."""
    known = InstallationMark._meta.db_table in connection.introspection.table_names()
    return known and InstallationMark.objects.filter(name="schema").exists()


def _mark(name: str, value: str) -> None:
    InstallationMark.objects.update_or_create(name=name, defaults={"value": value})
