"""``hrp run``: database, migrations, demo hospital, web and workers; kept alive until Ctrl-C or SIGTERM.

It holds no business state: kill any of its processes, or itself, with -9, and the next start is clean.
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import psycopg

from hrp.config import console, doors, fingerprint, processes, running
from hrp.config.children import Child, behind_gate, open_gate, rotate
from hrp.config.home import Home
from hrp.config.postgres import roles
from hrp.config.postgres.cluster import Cluster
from hrp.config.settings.paths import BASE_DIR, HRP_HOME
from hrp.platform.base.refusals import Conflict

STOP_SECONDS = 6.0
READY_SECONDS = 90.0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="hrp run", description="启动整套医院；Ctrl-C 停止")
    parser.add_argument("--no-demo", action="store_true", help="新数据库不装入演示医院")
    parser.add_argument("--prepare", action="store_true", help="只准备数据库，不启动网站")
    options = parser.parse_args(arguments)
    supervisor = Supervisor(Home(HRP_HOME), doors.from_environment(), demo=not options.no_demo)
    return supervisor.prepare() if options.prepare else supervisor.run()


class Stopped(Exception):
    """Ctrl-C or SIGTERM came while something was being waited for."""


class Supervisor:
    """One run of one hospital."""

    def __init__(self, home: Home, door: doors.Door, *, demo: bool) -> None:
        self.home = home
        self.door = door
        self.demo = demo
        self.external = os.environ.get("HRP_DATABASE_URL")
        self.cluster = None if self.external else Cluster(home)
        self.children: list[Child] = []
        self.stopping = False
        self._database_checked = 0.0
        self._database_fell = False
        self._served_port = 0
        self._busy: subprocess.Popen[str] | None = None

    def run(self) -> int:
        """Until told to stop. Returns the exit code."""
        started = float(os.environ.get("HRP_STARTED_AT") or time.time())
        with self._alone():
            try:
                self._prepare_database()
                self._start_children()
                self._wait_until_ready()
                self._announce(time.time() - started)
                while not self.stopping:
                    self._tend()
                    time.sleep(0.2)
            except Stopped:
                pass
            finally:
                self._shut_down()
        return 0

    def prepare(self) -> int:
        """Only the database, left running for the start that follows."""
        with self._alone():
            try:
                self._prepare_database()
            except BaseException as error:
                self._shut_down()
                if isinstance(error, Stopped):
                    return 130
                raise
        return 0

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Own the folder and the port, cleared of what an earlier, killed run left behind."""
        doors.check(self.home, self.door)
        for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sign, self._stop)
        with running.only_one(self.home, running.Holder(os.getpid(), self.door.url)):
            if running.left_behind(self.home):
                with console.step("收拾上次未正常停止的进程"):
                    running.end_left_behind(self.home)
                doors.check_port(self.door)
            yield

    def _stop(self, sign: int, frame: FrameType | None) -> None:
        if not self.stopping:
            console.say("\n正在停止 ……")
        self.stopping = True
        if self._busy is not None:
            self._busy.terminate()

    # -- database ----------------------------------------------------------------------------------------------

    def _prepare_database(self) -> None:
        if self.cluster is not None:
            if not self.cluster.answers():
                with console.step("启动数据库" if self.cluster.exists else "建立并启动数据库"):
                    self.cluster.start()
            roles.prepare_embedded(self.cluster)
        else:
            with console.step("连接已有的数据库"):
                roles.prepare_external(self.home, str(self.external))
        if self._marks().get("schema") != fingerprint.schema():
            with console.step("检查与升级数据库结构"):
                self._command("setup-database", *(["--want-demo"] if self.demo else []))
        if self._marks().get("demo") == "wanted":
            with console.step("装入演示医院"):
                self._command("load-demo")

    def _marks(self) -> dict[str, str]:
        """What the installation remembers of itself; nothing before the first migration."""
        with psycopg.connect((self.home.addresses / "owner.url").read_text()) as connection:
            try:
                return dict(connection.execute("SELECT name, value FROM config_installation_mark").fetchall())
            except psycopg.errors.UndefinedTable:
                return {}

    def _command(self, *words: str) -> None:
        """Run one command of ours to its end. What it refuses, the start refuses."""
        if self.stopping:
            raise Stopped
        self._busy = behind_gate(
            [sys.executable, "-m", "hrp.config.cli", *words],
            folder=BASE_DIR, environment=self._environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._note()
        open_gate(self._busy)
        _, complaint = self._busy.communicate()
        code, self._busy = self._busy.returncode, None
        if self.stopping:
            raise Stopped
        if code:
            raise _refusal_of(words[0], complaint)

    # -- web and workers ---------------------------------------------------------------------------------------

    def _environment(self) -> dict[str, str]:
        variables = os.environ | {
            "PYTHONPATH": str(BASE_DIR),
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "hrp.config.settings",
            "HRP_HOME": str(self.home.root),
            "PROMETHEUS_MULTIPROC_DIR": str(self.home.run / "metrics"),
        }
        variables.pop("HRP_DB_ROLE", None)
        return variables

    def _start_children(self) -> None:
        """The website now; what works behind it when it answers, so that they do not load the product all at once."""
        metrics = self.home.run / "metrics"
        shutil.rmtree(metrics, ignore_errors=True)
        metrics.mkdir()
        self._served_port = self.cluster.port if self.cluster is not None else 0
        for name, command in self._commands().items():
            log = self.home.log / f"{name}.log"
            self.children.append(Child(name, command, self._environment(), BASE_DIR, log, self._note))
        self.children[0].start()

    def _commands(self) -> dict[str, list[str]]:
        web = [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", self.door.host, "--port", str(self.door.port),
            "--workers", os.environ.get("HRP_WEB_WORKERS") or "2", "--blocking-threads", "4", "--no-ws",
            "--respawn-failed-workers", "--respawn-interval", "0.5", "--workers-kill-timeout", "3",
            "hrp.config.wsgi:application",
        ]  # fmt: skip
        worker = [sys.executable, "-m", "hrp.config.cli", "worker"]
        # messages have hands of their own: an allocation that takes minutes must not keep a pager silent
        messenger = [*worker, "--queue", "notify", "--concurrency", "6"]
        return {"web": web, "worker": worker, "messenger": messenger, "rescuer": [*worker, "--rescuer"]}

    def _note(self) -> None:
        """Write down every process of ours, so that the next start finds those that outlive this one."""
        known = {child.name: child.process.pid for child in self.children if child.process is not None}
        running.note(self.home, known | ({"command": self._busy.pid} if self._busy else {}))

    def _tend(self) -> None:
        for child in self.children:
            if child.tend():
                console.say(f"{time.strftime('%H:%M:%S')} {child.name} 已退出并重新启动（日志 {child.log}）")
        if time.monotonic() - self._database_checked > 1:
            self._database_checked = time.monotonic()
            self._tend_database()
            for child in self.children:
                rotate(child.log)

    def _tend_database(self) -> None:
        """Keep the server up. Web and workers start anew when it had to move to another port: they know only the old."""
        if self.cluster is None or (self.cluster.postmaster() is not None and not self._database_fell):
            return
        console.say(f"{time.strftime('%H:%M:%S')} 数据库已退出，正在重新启动")
        self._database_fell = True
        try:
            self.cluster.start()
            roles.prepare_embedded(self.cluster)
        except Conflict as refusal:
            console.refuse(refusal)
            return
        except psycopg.Error as error:  # it fell again while its roles were looked after
            console.say(processes.words(str(error)))
            return
        self._database_fell = False
        if self.cluster.port != self._served_port:
            console.say(
                f"{time.strftime('%H:%M:%S')} 数据库换到端口 {self.cluster.port}，正在重新启动网站与后台任务"
            )
            self._served_port = self.cluster.port
            for child in self.children:
                child.kill()

    def _wait_until_ready(self) -> None:
        with console.step("启动网站与后台任务"):
            deadline = time.monotonic() + READY_SECONDS
            while not self._answers():
                if self.stopping:
                    raise Stopped
                web = self.children[0]
                if (web.ended() and web.restarts > 2) or time.monotonic() > deadline:
                    raise Conflict(
                        "网站没有启动成功。",
                        way_out=f"原因见日志 {web.log}；最后一行：{_last_line(web)}",
                        code="web_failed",
                    )
                self._tend()
                time.sleep(0.1)
        for child in self.children[1:]:
            child.start()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.door.url}/healthz", timeout=2):  # noqa: S310
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def _announce(self, seconds: float) -> None:
        lines = ["", f"杏林 HRP 已就绪：{self.door.url}    （{seconds:.1f} 秒；数据在 {self.home.root}）"]
        accounts = _demo_accounts() if self.demo else []
        if accounts:
            lines += ["", "演示账号："]
            lines += [f"  {user:<14} {password:<14} {title}" for user, password, title in accounts]
        console.say("\n".join([*lines, "", "按 Ctrl-C 停止。"]))

    # -- the end -----------------------------------------------------------------------------------------------

    def _shut_down(self) -> None:
        """Web and workers get six seconds to finish what they do; then the database stops."""
        self.stopping = True
        for child in self.children:
            child.terminate()
        processes.wait_until(lambda: all(child.ended() for child in self.children), STOP_SECONDS)
        for child in self.children:
            child.kill()
        if self.cluster is not None:
            self.cluster.stop()
        if self.children:
            console.say("已停止。数据已保存。")


def _last_line(child: Child) -> str:
    return processes.words(child.log.read_text(errors="replace")[-2000:]) if child.log.exists() else ""


def _refusal_of(command: str, complaint: str) -> Conflict:
    """Pass on what a command of ours refused; anything else is shown as it came."""
    found = re.search(r"✗ (?P<reason>.*?)(?:\n  怎么办：(?P<way>.*))?\s*$", complaint, re.DOTALL)
    if found:
        return Conflict(found["reason"].strip(), way_out=(found["way"] or "").strip())
    return Conflict(
        f"hrp {command} 失败：\n{complaint.strip()[-3000:]}", way_out="数据未被改动；修复后可直接重试。"
    )


def _demo_accounts() -> list[tuple[str, str, str]]:
    try:
        demo = importlib.import_module("hrp.config.demo")
    except ModuleNotFoundError:
        return []
    return list(getattr(demo, "ACCOUNTS", []))
