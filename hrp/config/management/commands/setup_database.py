"""``hrp setup-database``: from an address to a database this version can serve."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from hrp.config import schema
from hrp.config.models import InstallationMark


class Command(BaseCommand):
    help = "准备数据库：检查版本、升级结构、授予应用账号权限（可重复执行）"
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--want-demo", action="store_true", help="数据库是新的时，记下需要装入演示医院")

    def handle(self, *args: Any, want_demo: bool, **options: Any) -> None:
        before = schema.state()
        if before != "current":
            schema.migrate(verbosity=1 if options["verbosity"] > 1 else 0)
        if before == "empty" and want_demo:
            InstallationMark.objects.update_or_create(name="demo", defaults={"value": "wanted"})
        mark = InstallationMark.objects.filter(name="demo").first()
        self.stdout.write(f"database={before} demo={mark.value if mark else 'none'}")
