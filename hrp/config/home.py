"""The data folder of one hospital (``HRP_HOME``): what lies where, and whether it can be used at all.

Standard library only, so that the start can refuse before anything is installed.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from pathlib import Path

from hrp.platform.base.refusals import Conflict, Invalid

SERVICE_USER = "nobody"
NEEDED_BYTES = 300 * 1024 * 1024


class Home:
    """Names of everything under ``HRP_HOME``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.pg = root / "pg"
        self.addresses = root / "db"
        self.secrets = root / "secrets"
        self.log = root / "log"
        self.run = root / "run"
        self.files = root / "files"

    def prepare(self) -> None:
        """Create the folders and the secret key. Refuses, leaving nothing behind, when the folder cannot be used."""
        make_folder(self.root, 0o755)
        try:
            probe = self.root / f".probe-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise unusable(self.root, error) from error
        for folder, mode in (
            (self.addresses, 0o700),
            (self.secrets, 0o700),
            (self.run, 0o755),
            (self.log, 0o755),
            (self.files, 0o755),
        ):
            make_folder(folder, mode)
        key = self.secrets / "django.key"
        if not key.exists():
            write_private(key, secrets.token_urlsafe(48))


def make_folder(folder: Path, mode: int) -> None:
    """Create a folder (and only set the permissions of folders created here; never those of parents)."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
        folder.chmod(mode)
    except FileExistsError:
        if not folder.is_dir():
            raise Invalid(
                f"{folder} 不是文件夹。", way_out="请移走该文件，或用 HRP_HOME=其他目录 指定数据目录。"
            ) from None
    except OSError as error:
        raise unusable(folder, error) from error


def unusable(folder: Path, error: OSError) -> Conflict:
    if error.errno == errno.ENOSPC:
        return disk_full(folder)
    return Conflict(
        f"数据目录 {folder} 不可写（{error.strerror}）。",
        way_out="请改用可写的目录：HRP_HOME=/路径 make run；或把该目录的所有者改为当前用户。",
        code="home_unwritable",
    )


def disk_full(folder: Path) -> Conflict:
    return Conflict(
        f"磁盘空间不足，无法写入 {folder}。",
        way_out="请腾出至少 1 GB 空间，或用 HRP_HOME=其他磁盘上的目录 重新启动。未留下半成品，可直接重试。",
        code="disk_full",
    )


def write_private(file: Path, text: str) -> None:
    """Write a secret so that it never exists with wider permissions than 0600, nor half written."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            stream.write(text)
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise unusable(file.parent, error) from error


def free_bytes(folder: Path) -> int:
    usage = os.statvfs(folder)
    return usage.f_bavail * usage.f_frsize


def closed_parent(folder: Path) -> Path | None:
    """The first parent another user may not pass through, or None."""
    for parent in [folder.resolve(), *folder.resolve().parents]:
        if parent.exists() and not parent.stat().st_mode & stat.S_IXOTH:
            return parent
    return None


def require_passable(folder: Path, what: str) -> None:
    """As root the server runs as another user, who must be able to reach ``folder``. Parents are never opened up."""
    closed = closed_parent(folder)
    if closed is not None:
        raise Conflict(
            f"当前是 root，而 PostgreSQL 须以普通用户 {SERVICE_USER} 运行，但{what} {folder} 位于仅本人可进入的目录 {closed} 之下。",
            way_out="请用普通用户运行；或把项目放在 /opt、/srv 之类的目录，并用 HRP_HOME=/srv/hrp-data 指定数据目录。本程序不会替您放宽上级目录的权限。",
            code="home_closed",
        )
