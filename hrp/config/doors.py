"""Where the hospital answers: address and port, and whether they can be had. Standard library only."""

from __future__ import annotations

import os
from dataclasses import dataclass

from hrp.config import processes, running
from hrp.config.home import Home
from hrp.platform.base.refusals import Conflict, Invalid


@dataclass(frozen=True)
class Door:
    host: str
    port: int

    @property
    def url(self) -> str:
        shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104
        return f"http://{shown}:{self.port}"


def from_environment() -> Door:
    """``HRP_HOST`` (default 127.0.0.1) and ``HRP_PORT`` (default 8000)."""
    given = os.environ.get("HRP_PORT") or "8000"
    if not given.isdecimal() or not 1 <= int(given) <= 65535:
        raise Invalid(
            f"HRP_PORT={given} 不是端口号。",
            way_out="请给 1 到 65535 之间的整数，例如 HRP_PORT=8001 make run。",
        )
    return Door(os.environ.get("HRP_HOST") or "127.0.0.1", int(given))


def check(home: Home, door: Door) -> None:
    """Refuse when the hospital already runs, when its folder cannot be used, or when somebody else has the port.

    What an earlier run left behind on the port (its supervisor was killed) does not count: the next start ends it.
    """
    running.refuse_second(home)
    home.prepare()
    if not running.left_behind(home):
        check_port(door)


def check_port(door: Door) -> None:
    """Refuse a port somebody else listens on, naming the program where the system tells."""
    if processes.port_is_free(door.host, door.port):
        return
    holder = processes.port_holder(door.port)
    raise Conflict(
        f"端口 {door.port} 已被占用" + (f"（{holder}）。" if holder else "。"),
        way_out=f"换一个端口：HRP_PORT={_next_free(door)} make run；或先停掉占用它的程序。",
        code="port_busy",
    )


def _next_free(door: Door) -> int:
    for port in range(door.port + 1, min(door.port + 100, 65535)):
        if processes.port_is_free(door.host, port):
            return port
    return processes.free_port()
