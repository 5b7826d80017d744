"""Who runs the hospital of a data folder: one supervisor at a time, by a lock the system drops when it dies."""

from __future__ import annotations

import fcntl
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass

from hrp.config import processes
from hrp.config.home import Home, write_private
from hrp.platform.base.refusals import Conflict


@dataclass(frozen=True)
class Holder:
    pid: int
    url: str


def holder(home: Home) -> Holder | None:
    """The supervisor that runs on this folder now, or None."""
    try:
        with (home.run / "supervisor.lock").open("r+") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return _read(stream.read())
    except OSError:
        return None
    return None


def _read(text: str) -> Holder:
    try:
        return Holder(**json.loads(text))
    except (ValueError, TypeError):
        return Holder(0, "正在启动")


def refuse_second(home: Home) -> None:
    other = holder(home)
    if other is not None:
        raise already(home, other)


def already(home: Home, other: Holder) -> Conflict:
    return Conflict(
        f"这套医院已经在运行：{other.url}（进程号 {other.pid}，数据目录 {home.root}）。",
        way_out=f"直接打开上面的地址即可；要停止，请在原窗口按 Ctrl-C，或 kill {other.pid}；"
        "要另开一套，请用 HRP_HOME=其他目录 HRP_PORT=其他端口 make run。",
        code="already_running",
    )


@contextmanager
def only_one(home: Home, me: Holder) -> Iterator[None]:
    """Hold the folder. A second start on the same folder is refused with the address of the first."""
    with (home.run / "supervisor.lock").open("a+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            raise already(home, _read(stream.read())) from None
        stream.seek(0)
        stream.truncate()
        stream.write(json.dumps(asdict(me)))
        stream.flush()
        yield


def note(home: Home, children: dict[str, int]) -> None:
    """Write down which process groups are ours, with what tells them from later holders of the same pid."""
    known = {name: [pid, processes.identity(pid)] for name, pid in children.items()}
    write_private(home.run / "children.json", json.dumps(known))


def left_behind(home: Home) -> list[int]:
    """Process groups of an earlier run, whose supervisor was killed, that still have a living process."""
    try:
        known = json.loads((home.run / "children.json").read_text())
    except (OSError, ValueError):
        return []
    return [pid for pid, identity in known.values() if _is_ours(home, pid, identity)]


def _is_ours(home: Home, pid: int, identity: str) -> bool:
    """The first process of a group is known by its start. One that outlived it is known by its data folder."""
    if processes.is_alive(pid):
        return processes.identity(pid) == identity
    return any(processes.variable(one, "HRP_HOME") == str(home.root) for one in processes.group(pid))


def end_left_behind(home: Home) -> int:
    """End them: first politely, after three seconds for good. Returns how many there were."""
    groups = left_behind(home)
    for sign, seconds in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)):
        for group in groups:
            with suppress(OSError):
                os.killpg(group, sign)
        if processes.wait_until(lambda: not any(map(_has_life, groups)), seconds):
            break
    return len(groups)


def _has_life(group: int) -> bool:
    return processes.is_alive(group) or bool(processes.group(group))
