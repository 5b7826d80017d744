"""What the operating system knows about a process: is it alive, is it still the one we started, who holds a port."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PROC = Path("/proc")


def _stat(pid: int) -> list[str] | None:
    """Fields of /proc/<pid>/stat after the command name, or None where there is no /proc or no such process."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def is_alive(pid: int) -> bool:
    """True for a running process. A zombie is dead: in a container whose pid 1 reaps nobody it stays for ever."""
    fields = _stat(pid)
    if fields is not None:
        return fields[0] not in ("Z", "X")
    if (PROC / "self").exists():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def identity(pid: int) -> str:
    """Changes when the pid is given to another process: the start time in clock ticks, or ``ps``'s words for it."""
    fields = _stat(pid)
    if fields is not None:
        return fields[19]
    try:
        return subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout.strip()
    except OSError:
        return ""


def folder(pid: int) -> Path | None:
    """The working folder of a process, where the system tells."""
    try:
        return Path(os.readlink(PROC / str(pid) / "cwd"))
    except OSError:
        return None


def variable(pid: int, name: str) -> str | None:
    """A variable of the environment a process was started with, where the system tells."""
    try:
        given = (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return None
    start = f"{name}=".encode()
    return next((os.fsdecode(one[len(start) :]) for one in given if one.startswith(start)), None)


def group(number: int) -> list[int]:
    """The living processes of a process group, where the system tells."""
    found = []
    for entry in PROC.glob("[0-9]*"):
        fields = _stat(int(entry.name))
        if fields is not None and int(fields[2]) == number and fields[0] not in ("Z", "X"):
            found.append(int(entry.name))
    return found


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now. Connections of an earlier server still winding down do not count."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(host: str = "127.0.0.1") -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def port_holder(port: int) -> str:
    """``name (pid)`` of the program that listens on a port, or "" when the system does not say."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (PROC / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in (line.split() for line in lines):
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for process in PROC.glob("[0-9]*") if inodes else ():
        try:
            if any(os.readlink(fd) in inodes for fd in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()}，进程号 {process.name}"
        except OSError:
            continue
    return ""


def descendants(pid: int) -> list[int]:
    """All living children of a process, and theirs."""
    children: dict[int, list[int]] = {}
    for entry in PROC.glob("[0-9]*"):
        fields = _stat(int(entry.name))
        if fields is not None:
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found: list[int] = []
    queue = [pid]
    while queue:
        for child in children.get(queue.pop(), []):
            found.append(child)
            queue.append(child)
    return found


def wait_until(condition: Callable[[], bool], seconds: float, *, pause: float = 0.05) -> bool:
    """Polls a condition until it holds or the seconds are over; returns its last answer."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def words(text: str) -> str:
    """One line of a program's complaint, for a refusal."""
    lines = [line for line in re.split(r"[\r\n]+", text.strip()) if line.strip()]
    return lines[-1].strip() if lines else ""
