"""One embedded PostgreSQL cluster under ``HRP_HOME/pg``: create, start, stop, ask.

"Running" is only ever what a real connection proves. A pid file may be stale, its pid may by now belong to somebody
else or be a zombie nobody reaps, and a port may have been taken over by another program.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import time
from pathlib import Path

import psycopg
from psycopg import conninfo

from hrp.config import home as homes
from hrp.config import processes
from hrp.config.postgres import binaries
from hrp.platform.base.refusals import Conflict

SUPERUSER = "postgres"
START_SECONDS = 60.0

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "Asia/Shanghai",
    "log_timezone": "Asia/Shanghai",
    "lc_messages": "C",
    "jit": "off",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "max_connections": "100",
    "random_page_cost": "1.1",
    "log_min_duration_statement": "1000",
    "log_line_prefix": "%m [%p] %u@%d ",
    "idle_in_transaction_session_timeout": "10min",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%u.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
}

# For tests only: their data may be lost with the machine, so nothing waits for the disk.
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "autovacuum_naptime": "10min",
}


class Cluster:
    """A cluster is its folder; any number of these objects, in any process, may speak for the same one."""

    def __init__(self, home: homes.Home, *, throwaway: bool = False) -> None:
        self.home = home
        self.data = home.pg / "data"
        self.password_file = home.pg / "password"
        self.port_file = home.pg / "port"
        self.settings = SETTINGS | (THROWAWAY if throwaway else {})
        self.throwaway = throwaway

    @property
    def exists(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    @property
    def port(self) -> int:
        return int(self.port_file.read_text())

    def address(self, database: str = "postgres") -> str:
        """The superuser's address. Used to make roles and databases, by nothing else."""
        return conninfo.make_conninfo(
            host="127.0.0.1",
            port=self.port,
            user=SUPERUSER,
            password=self.password_file.read_text().strip(),
            dbname=database,
            connect_timeout=3,
        )

    def answers(self) -> bool:
        """Whether a server answers on our port and serves our folder (not a stranger on the same port)."""
        if not (self.exists and self.port_file.exists()):
            return False
        try:
            with psycopg.connect(self.address(), autocommit=True) as connection:
                row = connection.execute("SHOW data_directory").fetchone()
        except (psycopg.Error, OSError):
            return False
        return row is not None and Path(row[0]) == self.data

    def postmaster(self) -> int | None:
        """The pid of the living server of this folder, by its pid file, or None."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        if not processes.is_alive(pid):
            return None
        where = processes.folder(pid)
        return pid if where is None or where == self.data else None

    def create(self) -> None:
        """initdb, into a folder that only becomes ours when it is complete."""
        self._check_version()
        if self.exists:
            return
        if homes.free_bytes(self.home.root) < homes.NEEDED_BYTES:
            raise homes.disk_full(self.home.root)
        if not self.home.pg.exists():
            homes.make_folder(self.home.pg, 0o700)
        binaries.give_to_service_user(self.home.pg)
        self._check_reachable()
        homes.write_private(self.password_file, secrets.token_urlsafe(24))
        binaries.give_to_service_user(self.password_file)
        draft = self.home.pg / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        made = self._initdb(draft)
        if made.returncode:
            shutil.rmtree(draft, ignore_errors=True)
            complaint = made.stderr + made.stdout
            if "No space left" in complaint:
                raise homes.disk_full(self.home.pg)
            raise Conflict(
                f"数据库初始化失败：{processes.words(complaint)}",
                way_out=f"请检查 {self.home.pg} 所在磁盘与权限后重试。未留下半成品。",
                code="initdb_failed",
            )
        with (draft / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude 'hrp.conf'  # 由 hrp 在每次启动时写出；自己的设置写在本行之后\n")
        draft.rename(self.data)

    def _initdb(self, target: Path) -> subprocess.CompletedProcess[str]:
        options = ["--no-sync"] if self.throwaway else []
        return binaries.run(
            "initdb", "-D", target, "-U", SUPERUSER, "--pwfile", self.password_file,
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--data-checksums", "--no-instructions", *options,
        )  # fmt: skip

    def _check_version(self) -> None:
        try:
            version = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return
        except OSError as error:
            raise homes.unusable(self.data, error) from error
        if version != str(binaries.MAJOR):
            newer = int(version) > binaries.MAJOR
            raise Conflict(
                f"数据目录 {self.data} 是 PostgreSQL {version} 的，本版本程序带的是 PostgreSQL {binaries.MAJOR}。",
                way_out="这些数据来自更新的版本：请换回更新的程序，或用 HRP_HOME=其他目录 另起一套。数据未被改动。"
                if newer
                else "请先用旧版程序 pg_dump 导出，再用 HRP_HOME=新目录 启动后导入。数据未被改动。",
                code="data_newer" if newer else "data_older",
            )

    def _check_reachable(self) -> None:
        if binaries.as_service_user():
            homes.require_passable(self.home.root, "数据目录")

    def start(self) -> None:
        """Create if missing, start if not running, and return when it accepts connections."""
        self.create()
        if self.answers():
            return
        self._check_reachable()
        deadline = time.monotonic() + START_SECONDS
        complaint = ""
        while time.monotonic() < deadline:
            if self.postmaster() is None:
                complaint = self._launch() or complaint
            if processes.wait_until(self.answers, 5):
                return
        raise Conflict(
            f"数据库没有启动成功：{complaint or '等待超时'}",
            way_out=f"详情见 {self.data / 'log'} 与 {self.home.pg / 'start.log'}。",
            code="postgres_start_failed",
        )

    def _launch(self) -> str:
        """One attempt. After a kill -9 the old backends may hold shared memory for a moment; the caller tries again."""
        self._forget_stale_pid()
        self._choose_port()
        log = self.home.pg / "start.log"
        started = binaries.run("pg_ctl", "start", "-w", "-t", "30", "-D", self.data, "-l", log)
        if started.returncode == 0:
            return ""
        if "No space left" in (complaint := _tail(log)):
            raise homes.disk_full(self.home.pg)
        time.sleep(0.5)
        return processes.words(complaint) or processes.words(started.stderr)

    def _forget_stale_pid(self) -> None:
        """Remove a pid file whose pid is a zombie or another program by now: PostgreSQL would take it for a server.

        With a pid that is simply gone the file is left to PostgreSQL, which then looks for survivors itself.
        """
        stale = self.data / "postmaster.pid"
        try:
            os.kill(int(stale.read_text().split("\n", 1)[0]), 0)
        except (OSError, ValueError):
            return
        stale.unlink(missing_ok=True)

    def _choose_port(self) -> None:
        """Keep the port of the last run unless somebody else has taken it."""
        port = self.port if self.port_file.exists() else 0
        if not port or not processes.port_is_free("127.0.0.1", port):
            port = processes.free_port()
            homes.write_private(self.port_file, str(port))
        lines = [f"{name} = '{value}'" for name, value in {**self.settings, "port": str(port)}.items()]
        conf = self.data / "hrp.conf"
        conf.write_text(
            "# 由 hrp 写出，勿改；自己的设置写在 postgresql.conf 末尾。\n" + "\n".join(lines) + "\n"
        )
        binaries.give_to_service_user(conf)

    def stop(self) -> None:
        """Fast stop: sessions are ended, committed work is safe. Immediate when that takes too long."""
        for mode, seconds in (("fast", "20"), ("immediate", "10")):
            if self.postmaster() is None:
                return
            binaries.run("pg_ctl", "stop", "-D", self.data, "-m", mode, "-w", "-t", seconds)


def _tail(file: Path) -> str:
    try:
        return "\n".join(file.read_text(errors="replace").splitlines()[-20:])
    except OSError:
        return ""
