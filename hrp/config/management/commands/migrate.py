"""Django's ``migrate``, followed by what the application role may do."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connection

from hrp.config import schema


class Command(migrate.Command):
    help = "把数据库结构升级到本版本，并重新授予应用账号权限（以所有者账号运行）"

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if not (options["plan"] or options["check_unapplied"]) and connection.introspection.table_names():
            schema.grant()
