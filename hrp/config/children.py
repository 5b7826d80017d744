"""A process the supervisor keeps alive, and its log."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

FIRST_PAUSE, LONGEST_PAUSE, HEALTHY_SECONDS = 0.5, 15.0, 30.0
LOG_BYTES, LOGS_KEPT = 10 * 1024 * 1024, 3

# The process exists, and with it its pid, but runs nothing of ours until it is given a line.
GATE = 'read -r _ && exec "$@" </dev/null'


def behind_gate(
    command: Sequence[str], *, folder: Path, environment: dict[str, str], **streams: Any
) -> subprocess.Popen[Any]:
    """Start a command that waits until :func:`open_gate` lets it run, in a process group of its own.

    In between its pid is written down. Were the supervisor killed before that, nobody would find the process again;
    so it ends by itself when the pipe closes without a line.
    """
    return subprocess.Popen(
        ["/bin/sh", "-c", GATE, "sh", *command],
        cwd=folder, env=environment, stdin=subprocess.PIPE, start_new_session=True, **streams,
    )  # fmt: skip


def open_gate(process: subprocess.Popen[Any]) -> None:
    """Let a process started behind the gate run."""
    pipe: IO[Any] | None = process.stdin
    process.stdin = None  # ``communicate`` would flush a closed pipe
    if pipe is not None:
        with suppress(BrokenPipeError):
            os.write(pipe.fileno(), b"\n")
        pipe.close()


@dataclass
class Child:
    """Restarted whenever it ends, whatever its exit code: a worker often exits 0 after the database went away.

    The pause before a restart doubles with every early death and is forgotten after half a minute of health.
    ``note`` writes its pid down before it runs.
    """

    name: str
    command: list[str]
    environment: dict[str, str]
    folder: Path
    log: Path
    note: Callable[[], None] = lambda: None
    process: subprocess.Popen[Any] | None = None
    restarts: int = 0
    _pause: float = FIRST_PAUSE
    _started: float = 0.0
    _not_before: float = field(default=0.0)

    def start(self) -> None:
        with self.log.open("ab") as stream:
            self.process = behind_gate(
                self.command,
                folder=self.folder,
                environment=self.environment,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        self.note()
        open_gate(self.process)
        self._started = time.monotonic()

    def tend(self) -> bool:
        """Start it again if it has ended and its pause is over. True when it was started just now."""
        if self.process is None or self.process.poll() is None:
            return False
        now = time.monotonic()
        if not self._not_before:
            if now - self._started > HEALTHY_SECONDS:
                self._pause = FIRST_PAUSE
            self._not_before = now + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
        if now < self._not_before:
            return False
        self._not_before = 0.0
        self.kill()  # whatever of its group outlived it still holds the port
        self.start()
        self.restarts += 1
        return True

    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the whole group, so that no grandchild survives."""
        self._signal(signal.SIGKILL, group=True)
        if self.process is not None:
            self.process.wait()

    def _signal(self, sign: signal.Signals, *, group: bool = False) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            if group:
                os.killpg(self.process.pid, sign)
            else:
                self.process.send_signal(sign)


def rotate(log: Path) -> None:
    """Keep a log below ten megabytes. Copied and cut, for the child goes on writing to the same open file."""
    if not log.exists() or log.stat().st_size < LOG_BYTES:
        return
    for number in range(LOGS_KEPT - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    with log.open("r+b") as stream:
        stream.truncate(0)
