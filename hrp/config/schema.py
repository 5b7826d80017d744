"""Bringing a database to this version of the code: migrations, then what the application role may do with them."""

from __future__ import annotations

import gc
import io
import os
from contextlib import nullcontext
from typing import Literal

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from psycopg.conninfo import conninfo_to_dict

from hrp.config import fresh_states
from hrp.config.postgres import grants
from hrp.config.postgres.roles import APPLICATION
from hrp.platform.base.append_only import append_only_tables
from hrp.platform.base.refusals import Conflict

State = Literal["empty", "behind", "current"]

RETIRED_APPS: frozenset[str] = (
    frozenset()
)  # labels this version no longer has; their old migrations are no surprise


def state() -> State:
    """How the database stands to this code. Refuses a database that a newer version has already migrated."""
    executor = MigrationExecutor(connection)
    applied = executor.loader.applied_migrations
    unknown = sorted(
        f"{app}.{name}"
        for app, name in applied
        if (app, name) not in executor.loader.disk_migrations
        and app not in RETIRED_APPS
        and not _replaced(executor, app, name)
    )
    if unknown:
        raise Conflict(
            f"数据库来自更新的版本：有 {len(unknown)} 个迁移是本程序不认识的（{'、'.join(unknown[:3])}）。",
            way_out="请换回更新的程序再启动；或用 HRP_HOME=其他目录 另起一套。数据未被改动。",
            code="data_newer",
        )
    if not applied:
        return "empty"
    return "behind" if executor.migration_plan(executor.loader.graph.leaf_nodes()) else "current"


def _replaced(executor: MigrationExecutor, app: str, name: str) -> bool:
    return any((app, name) in m.replaces for m in executor.loader.disk_migrations.values())


def migrate(*, verbosity: int = 0, quick: bool = True) -> None:
    """As the owner: migrate, then grant. Safe to repeat; two at once wait for one another.

    An empty database takes the quick way of :mod:`fresh_states`, unless ``quick`` is off.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('hrp migrate'))")
    # Django renders every related model anew for every operation; collecting that garbage is a third of the time.
    thresholds = gc.get_threshold()
    gc.set_threshold(2_000_000, 10, 10)
    try:
        out = io.StringIO() if verbosity == 0 else None
        with fresh_states.from_nothing() if quick and state() == "empty" else nullcontext():
            call_command("migrate", interactive=False, verbosity=verbosity, skip_checks=True, stdout=out)
    finally:
        gc.set_threshold(*thresholds)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('hrp migrate'))")


def grant(application: str | None = None) -> None:
    """Give the application role what it may do. As the owner."""
    with transaction.atomic():
        connection.ensure_connection()
        grants.grant(connection.connection, application or application_role(), append_only_tables())


def application_role() -> str:
    """Name of the role the web and the workers connect as."""
    file = settings.HRP_HOME / "db" / "app.url"
    address = os.environ.get("HRP_APP_DATABASE_URL") or (file.read_text() if file.exists() else "")
    return str(conninfo_to_dict(address).get("user") or APPLICATION)
