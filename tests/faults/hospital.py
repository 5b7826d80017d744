"""A whole hospital under ``hrp run``, seen from outside: its processes, and whether it is all there."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

import psycopg

from hrp.config import processes, running
from hrp.config.home import Home
from hrp.config.postgres.cluster import Cluster
from hrp.config.settings.paths import BASE_DIR

WEB_WORKERS = 2
START_SECONDS = 300.0  # of a first start on a machine that is busy with something else
SYSTEM_PROCESSES = ("checkpointer", "background writer", "walwriter")


def clear_leftovers(folder: Path) -> None:
    """End and remove the hospitals of earlier test runs that were themselves killed."""
    for root in folder.glob("faults-*"):
        if processes.is_alive(int(root.name.rpartition("-")[2])):
            continue
        home = Home(root / "home")
        holder = running.holder(home)
        if holder is not None and holder.pid:
            kill([holder.pid])
        running.end_left_behind(home)
        Cluster(home).stop()
        shutil.rmtree(root, ignore_errors=True)


def kill(pids: Iterable[int]) -> int:
    """Returns how many there were to kill."""
    killed = 0
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            killed += 1
    return killed


class Hospital:
    """One data folder below ``root``, and whatever runs on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True)
        self.home = Home(root / "home")
        self.cluster = Cluster(self.home)
        self.port = processes.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = root / "run.log"
        self.log.write_text("")
        self.supervisor: subprocess.Popen[bytes] | None = None
        self.starts = 0

    # -- start, stop, ask --------------------------------------------------------------------------------------

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HRP_")}
        return kept | {
            "HRP_HOME": str(self.home.root),
            "HRP_PORT": str(self.port),
            "HRP_WEB_WORKERS": str(WEB_WORKERS),
            "PYTHONPATH": str(BASE_DIR),
            "PYTHONUNBUFFERED": "1",
        }

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.supervisor = subprocess.Popen(
                [sys.executable, "-m", "hrp.config.cli", "run"],
                cwd=BASE_DIR, env=self.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        self.starts += 1

    def wait_until_whole(self, *, without: Collection[int] = ()) -> None:
        """Until everything runs, or the start has failed. ``without`` are pids that must have been replaced."""
        deadline = time.monotonic() + START_SECONDS
        while not self.is_whole(without=without):
            if self.supervisor is None or self.supervisor.poll() is not None:
                raise AssertionError(f"hrp run ended by itself:\n{self.words()}")
            assert time.monotonic() < deadline, f"not whole after {START_SECONDS} s:\n{self.words()}"
            time.sleep(0.05)

    def stop(self) -> None:
        """As an administrator stops it. Raises when it does not end cleanly."""
        if self.supervisor is None:
            return
        self.supervisor.terminate()
        assert self.supervisor.wait(60) == 0, self.words()
        self.supervisor = None
        assert self.cluster.postmaster() is None
        assert running.left_behind(self.home) == []

    def end(self) -> None:
        """End what still runs, however it came about."""
        if self.supervisor is not None:
            kill([self.supervisor.pid])
            self.supervisor.wait()
        running.end_left_behind(self.home)
        self.cluster.stop()

    def remove(self) -> None:
        """Delete everything of an ended hospital."""
        shutil.rmtree(self.root)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command of the product, on this hospital."""
        return subprocess.run(
            [sys.executable, "-m", "hrp.config.cli", *words],
            cwd=BASE_DIR, env=self.environment(), capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip

    def address(self, role: str) -> str:
        return (self.home.addresses / f"{role}.url").read_text()

    def connect(self, role: str = "owner") -> psycopg.Connection:
        return psycopg.connect(self.address(role), autocommit=True, connect_timeout=3)

    def words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]

    # -- its processes -----------------------------------------------------------------------------------------

    def child(self, name: str) -> list[int]:
        """The web server, the worker or the rescuer, if it lives."""
        try:
            known = json.loads((self.home.run / "children.json").read_text())
        except (OSError, ValueError):
            return []
        pid, identity = known.get(name, (0, ""))
        return [pid] if pid and processes.is_alive(pid) and processes.identity(pid) == identity else []

    def web_workers(self) -> list[int]:
        return [pid for master in self.child("web") for pid in processes.descendants(master)]

    def database(self) -> list[int]:
        pid = self.cluster.postmaster()
        return [pid] if pid is not None else []

    def sessions(self) -> list[int]:
        """Database processes that serve the application."""
        return self._of_database(r"^postgres: hrp_app ")

    def database_processes(self) -> list[int]:
        return self._of_database(rf"^postgres: ({'|'.join(SYSTEM_PROCESSES)})")

    def _of_database(self, pattern: str) -> list[int]:
        found = []
        for pid in [pid for master in self.database() for pid in processes.descendants(master)]:
            with suppress(OSError):
                title = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                found += [pid] if re.search(pattern, title) else []
        return found

    def supervisors(self) -> list[int]:
        alive = self.supervisor is not None and self.supervisor.poll() is None
        return [self.supervisor.pid] if alive and self.supervisor is not None else []

    def everything(self) -> list[int]:
        """Every process of the hospital, the supervisor first: it would mend what is killed before it."""
        roots = [*self.supervisors(), *self.database()]
        for name in ("web", "worker", "rescuer", "command"):
            roots += self.child(name)
        return list(dict.fromkeys([*roots, *(pid for root in roots for pid in processes.descendants(root))]))

    def is_whole(self, *, without: Collection[int] = ()) -> bool:
        """Every process is there, none of ``without`` among them, and ``/readyz`` says that all parts can work."""
        parts = [self.supervisors(), self.database(), *map(self.child, ("web", "worker", "rescuer"))]
        workers = self.web_workers()
        if not all(parts) or len(workers) != WEB_WORKERS:
            return False
        if {*without} & {*workers, *(pid for part in parts for pid in part)}:
            return False
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5):  # noqa: S310
                return True
        except OSError:
            return False
