"""Who runs the hospital of a data folder: one supervisor at a time, by a lock the system drops when it dies."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from hrp.config.home import Home
from hrp.platform.base.refusals import Conflict


@dataclass(frozen=True)
class Holder:
    pid: int
    url: str


def holder(home: Home) -> Holder | None:
    """The supervisor that runs on this folder now, or None."""
    file = home.run / "supervisor.lock"
    try:
        with file.open("r+") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return _read(stream.read())
    except FileNotFoundError:
        return None
    return None


def _read(text: str) -> Holder:
    try:
        return Holder(**json.loads(text))
    except (ValueError, TypeError):
        return Holder(0, "")


@contextmanager
def only_one(home: Home, me: Holder) -> Iterator[None]:
    """Hold the folder. A second start on the same folder is refused with the address of the first."""
    with (home.run / "supervisor.lock").open("a+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            other = _read(stream.read())
            raise Conflict(
                f"这套医院已经在运行：{other.url}（进程号 {other.pid}，数据目录 {home.root}）。",
                way_out=f"直接打开上面的地址即可；要停止请在原窗口按 Ctrl-C 或 kill {other.pid}；"
                "要另开一套请用 HRP_HOME=其他目录 HRP_PORT=其他端口 make run。",
                code="already_running",
            ) from None
        stream.truncate(0)
        stream.write(json.dumps(asdict(me)))
        stream.flush()
        yield
