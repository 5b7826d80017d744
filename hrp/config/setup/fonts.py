"""Chinese type for paper. Nobody should meet "no font" on the day the first form is printed."""

from __future__ import annotations

from hrp.config import console
from hrp.config.setup import assets, stamps
from hrp.platform.exchange import fonts


def are_ready() -> bool:
    return bool(fonts.of_system()) or (stamps.is_done("fonts", _lock()) and fonts.FETCHED[0].is_dir())


def fetch() -> None:
    """Noto Sans SC from the npm lock, when the system has no Chinese type; needs no root."""
    if are_ready():
        return
    with console.step("中文字体（本机没有，取 Noto Sans SC）"):
        assets.npm_ci(fonts.NPM)
    stamps.done("fonts", _lock())


def _lock() -> str:
    return stamps.digest([fonts.NPM / "package-lock.json"])
