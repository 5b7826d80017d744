"""``hrp <command>``: the command line of the product.

Every management command is a command of ``hrp``. Commands that change the schema connect as the owner, all others as
the application role. When the embedded database is not running, it is started for the command and stopped after it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from hrp.config import console, loading
from hrp.platform.base.refusals import Conflict, Refusal

OWNER_COMMANDS = {"migrate", "setup_database", "sqlmigrate"}
WITHOUT_DATABASE = {
    "help", "version", "check", "collectstatic", "findstatic", "makemessages", "compilemessages", "makemigrations",
    "verify", "new_document", "diffsettings", "sqlmigrate", "desk",
}  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Entry point of ``hrp``; returns the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    name = words[0].replace("-", "_") if words and not words[0].startswith("-") else "help"
    try:
        return _dispatch(name, words[1:])
    except Refusal as refusal:
        console.refuse(refusal)
        return 1
    except KeyboardInterrupt:
        return 130


def _dispatch(name: str, rest: list[str]) -> int:
    if name == "run":
        from hrp.config import supervisor

        return supervisor.main(rest)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hrp.config.settings")
    if name in OWNER_COMMANDS:
        os.environ["HRP_DB_ROLE"] = "owner"
    with nullcontext() if name in WITHOUT_DATABASE else database_running():
        return _execute(name, rest)


def _execute(name: str, rest: list[str]) -> int:
    import django

    with loading.for_good():
        django.setup()
    if name == "help" and not rest:
        from hrp.config import commands

        print(commands.overview())
        return 0
    from django.core.management import ManagementUtility, get_commands

    if name not in get_commands():
        from hrp.config import commands

        raise commands.unknown(name)
    ManagementUtility(["hrp", name, *rest]).execute()
    return 0


@contextmanager
def database_running() -> Iterator[None]:
    """The embedded database is up inside this block; a database of the hospital's own is left alone."""
    from hrp.config import running
    from hrp.config.home import Home
    from hrp.config.postgres import roles
    from hrp.config.postgres.cluster import Cluster
    from hrp.config.setup import machine

    # not from the settings: importing them reads the addresses, which are only about to be written
    home, external = Home(machine.home_folder()), os.environ.get("HRP_DATABASE_URL")
    if external or os.environ.get("HRP_APP_DATABASE_URL"):
        if external and not os.environ.get("HRP_APP_DATABASE_URL"):
            home.prepare()
            roles.prepare_external(home, external)
        yield
        return
    cluster = Cluster(home)
    if not cluster.exists and os.environ.get("HRP_DB_ROLE") != "owner":
        raise Conflict(
            f"{home.root} 中还没有数据库。",
            way_out="请先 make run（带演示数据）或 hrp setup-database（空库）；或用 HRP_HOME 指定已有的数据目录。",
        )
    started_here = not cluster.answers()
    if started_here:
        home.prepare()
        cluster.start()
        roles.prepare_embedded(cluster)
    try:
        yield
    finally:
        if started_here and running.holder(home) is None:
            cluster.stop()


if __name__ == "__main__":
    raise SystemExit(main())
