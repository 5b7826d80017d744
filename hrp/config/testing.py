"""Databases for tests: one migrated template per state of the migrations, copied in a fraction of a second.

The owner migrates and grants; tests connect as the application role, so that a missing grant, or a change of an
append-only table, fails in a test and not in a hospital.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.db import connection
from psycopg import sql

from hrp.config.postgres import embedded, roles
from hrp.config.settings.database import connection_settings
from hrp.config.settings.paths import BASE_DIR
from hrp.platform.base import stamps
from hrp.platform.base.append_only import append_only_tables
from hrp.platform.ledger import selectors as ledger

HOME = Path(os.environ.get("HRP_TEST_HOME") or BASE_DIR / "var" / "test")


def _digest() -> str:
    """A name for the present state of schema, triggers and seeds: any change makes a new template."""
    digest = hashlib.sha256()
    for path in sorted((BASE_DIR / "hrp").rglob("*")):
        if path.suffix in {".py", ".json", ".sql"} and "tests" not in path.parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _named(url: str, database: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, f"/{database}", "", ""))


_current: list[Database] = []


def forget() -> None:
    """Drop what this process remembers of a database: a rolled-back test must not speak to the next one."""
    stamps.forget()
    ledger.forget_cached_codes()


def current() -> Database:
    """The database tests use now."""
    return _current[-1]


@dataclass(frozen=True)
class Database:
    """One database of a test run, with the addresses of its two roles."""

    name: str
    admin_url: str
    owner_url: str
    app_url: str

    @classmethod
    def create(cls) -> Database:
        """Copy the migrated template, building it first when the migrations changed."""
        cluster = embedded.Cluster(HOME / "pg")
        cluster.start()
        admin = cluster.url()
        template = f"template_{_digest()}"
        owner, app = roles.prepare_embedded(admin, HOME / "secrets")
        with psycopg.connect(admin, autocommit=True) as server:
            server.execute("SELECT pg_advisory_lock(7215)")
            if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template]).fetchone():
                cls._build_template(server, template, owner)
            name = f"test_{uuid.uuid4().hex[:10]}"
            server.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                    sql.Identifier(name), sql.Identifier(template), sql.Identifier(roles.OWNER)
                )
            )
        return cls(name, admin, _named(owner, name), _named(app, name))

    @staticmethod
    def _build_template(server: psycopg.Connection, template: str, owner: str) -> None:
        for (old,) in server.execute(
            "SELECT datname FROM pg_database WHERE datname ~ '^(template|building)_'"
        ).fetchall():
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(old)))
        building = template.replace("template_", "building_")
        server.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(
                sql.Identifier(building), sql.Identifier(roles.OWNER)
            )
        )
        environment = {
            **os.environ,
            "HRP_DB_ROLE": "owner",
            "HRP_OWNER_DATABASE_URL": _named(owner, building),
        }
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v", "0"], cwd=BASE_DIR, env=environment, check=True
        )
        roles.grant(_named(owner, building), append_only=append_only_tables())
        server.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(building), sql.Identifier(template)
            )
        )

    def use(self) -> None:
        """Point Django at this database, as the application role, and forget what was cached of another."""
        connection.close()
        connection.settings_dict.update(connection_settings(self.app_url))
        _current.append(self)
        forget()

    def drop(self) -> None:
        if self in _current:
            _current.remove(self)
        with psycopg.connect(self.admin_url, autocommit=True) as server:
            server.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self.name))
            )
