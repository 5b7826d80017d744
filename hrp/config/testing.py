"""Databases and servers for the tests: real PostgreSQL, migrated once, used as the application role.

A template database is migrated by the owner and kept between runs for as long as the migrations stay the same; every
session, and every test that needs committed data, gets a copy of it in a fraction of a second.
"""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
from django.conf import settings
from django.db import connection, connections
from psycopg import conninfo, sql

from hrp.config import fingerprint
from hrp.config.home import Home
from hrp.config.postgres import roles
from hrp.config.postgres.cluster import Cluster
from hrp.config.processes import free_port, is_alive
from hrp.config.settings.database import connection_settings
from hrp.config.settings.paths import BASE_DIR
from hrp.platform.base import clock, stamps
from hrp.platform.ledger import selectors as ledger

LEFTOVER = re.compile(r"^test_hrp_(\d+)_")


def forget() -> None:
    """Drop what this process remembers of a database."""
    stamps.forget()
    ledger.forget_cached_codes()


@dataclass(frozen=True)
class Database:
    """One test database: its name, and its address for each role."""

    name: str
    owner_url: str
    app_url: str

    def use(self) -> None:
        """Point Django at this database as the application role, and forget what was cached of another."""
        connection.close()
        connection.settings_dict.update(connection_settings(self.app_url))
        forget()


class TestServer:
    """The PostgreSQL server the tests use, and the databases made in it."""

    __test__ = False

    def __init__(self, home: Home, *, durable: bool = False) -> None:
        self.home = home
        self.durable = durable
        self._made = 0
        self.cluster: Cluster | None = None

    def start(self) -> None:
        """Start the server, migrate the template when the migrations changed, and make the session's database."""
        self.home.prepare()
        given = os.environ.get("HRP_DATABASE_URL")
        with self._lock():
            if given:
                roles.prepare_external(self.home, given)
            else:
                self.cluster = Cluster(self.home, throwaway=not self.durable)
                self.cluster.start()
                roles.prepare_embedded(self.cluster)
            self._owner = (self.home.addresses / "owner.url").read_text()
            self._app = (self.home.addresses / "app.url").read_text()
            self._drop_leftovers()
            self.template = self._ensure_template()
            self.session = self._copy("session", self.template)

    def stop(self) -> None:
        """Drop what this session made. The server stays up as long as another session has a database in it."""
        with self._lock():
            self._drop_leftovers(mine=True)
            if self.cluster is not None and not self._databases("test_hrp_"):
                self.cluster.stop()

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with (self.home.run / "test.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _maintenance(self) -> psycopg.Connection:
        return psycopg.connect(self._owner, autocommit=True)

    def _databases(self, prefix: str) -> list[str]:
        with self._maintenance() as connection:
            rows = connection.execute("SELECT datname FROM pg_database").fetchall()
        return [name for (name,) in rows if name.startswith(prefix)]

    def _drop_leftovers(self, *, mine: bool = False) -> None:
        for name in self._databases("test_hrp_"):
            match = LEFTOVER.match(name)
            if match and (not is_alive(int(match[1])) or (mine and int(match[1]) == os.getpid())):
                self.drop(name)

    def _ensure_template(self) -> str:
        return self._ensure("hrp_template_", fingerprint.schema(), [["setup-database"]])

    def _ensure(self, prefix: str, version: str, commands: list[list[str]]) -> str:
        """Keep exactly one database of a kind, made by commands of the product, renamed when it is complete."""
        wanted, draft = prefix + version, f"test_hrp_draft_{prefix}"
        existing = self._databases(prefix)
        if wanted in existing:
            return wanted
        for old in [*existing, draft]:
            self.drop(old)
        self._sql("CREATE DATABASE {}", draft)
        for command in commands:
            done = subprocess.run(
                [sys.executable, "-m", "hrp.config.cli", *command],
                env=self.environment(self._addresses(draft)),
                cwd=BASE_DIR,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                self.drop(draft)
                raise RuntimeError(f"hrp {' '.join(command)} 失败：\n{done.stdout}{done.stderr}")
        self._sql("ALTER DATABASE {} RENAME TO {}", draft, wanted)
        return wanted

    def _sql(self, statement: LiteralString, *names: str) -> None:
        with self._maintenance() as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def create(self, label: str, *, template: str | None = None) -> Database:
        """A fresh copy of the migrated template (or of ``template``), dropped at the end of the session."""
        with self._lock():
            return self._copy(label, template or self.template)

    def _copy(self, label: str, template: str) -> Database:
        self._made += 1
        name = f"test_hrp_{os.getpid()}_{label}_{self._made}"
        self._sql("CREATE DATABASE {} TEMPLATE {}", name, template)
        return self._addresses(name)

    def demo_template(self) -> str:
        """Name of a template that also holds the small demo hospital; the plain one while there is no ``hrp demo``.

        It is made anew every day: the hospital's last month is open and its tickets are an hour old only today.
        """
        from django.core.management import get_commands

        if "demo" not in get_commands():
            return self.template
        with self._lock():
            return self._ensure(
                "hrp_demo_",
                f"{fingerprint.code()}_{clock.today():%Y%m%d}",
                [["setup-database"], ["demo", "--size", "small"]],
            )

    def drop(self, name: str) -> None:
        """Drop a database and whoever is still in it. Autovacuum may be there for a moment and cannot be sent away."""
        for wait in (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 0.0):
            try:
                self._sql("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
                break
            except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse):
                if not wait:
                    raise
                time.sleep(wait)

    def _addresses(self, name: str) -> Database:
        return Database(name, _on(self._owner, name), _on(self._app, name))

    def environment(self, database: Database, home: Path | None = None) -> dict[str, str]:
        """Environment of a subprocess of the product on ``database``."""
        return os.environ | {
            "HRP_HOME": str(home or self.home.root),
            "HRP_DATABASE_URL": database.owner_url,
            "HRP_APP_DATABASE_URL": database.app_url,
            "HRP_DB_ROLE": "app",
            "PYTHONPATH": str(BASE_DIR),
            "DJANGO_SETTINGS_MODULE": "hrp.config.settings",
        }


def _on(address: str, database: str) -> str:
    return conninfo.make_conninfo("", **(conninfo.conninfo_to_dict(address) | {"dbname": database}))


@dataclass(frozen=True)
class HospitalServer:
    """A running hospital: where it answers, what it stores in, and what it has said so far."""

    url: str
    database: Database
    log: Path


@contextmanager
def bench_database() -> Iterator[Database]:
    """A migrated database on a server that waits for the disk like a hospital's, for benchmarks; dropped afterwards."""
    server = TestServer(Home(settings.HRP_HOME / "bench"), durable=True)
    server.start()
    try:
        server.session.use()
        yield server.session
    finally:
        connections.close_all()
        server.stop()


def require_assets() -> None:
    """The web server serves built files; tests of it make no sense without them."""
    if not (BASE_DIR / "static" / "served" / "staticfiles.json").exists():
        raise RuntimeError("static/served is missing: run `make setup` first")


@contextmanager
def serve(server: TestServer, database: Database, *, environment: dict[str, str]) -> Iterator[HospitalServer]:
    """A real granian on a free port, until the block ends."""
    port = free_port()
    log = server.home.log / f"web-{port}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as stream:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
                "--workers", "1", "--blocking-threads", "4", "--no-ws", "--workers-kill-timeout", "3",
                "hrp.config.wsgi:application",
            ],
            cwd=BASE_DIR, env=environment, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_healthy(url, process, log)
        yield HospitalServer(url, database, log)
    finally:
        process.terminate()
        try:
            process.wait(6)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def _wait_healthy(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2):  # noqa: S310
                return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"测试用网站没有启动：\n{log.read_text()[-4000:]}") from None
            time.sleep(0.1)
