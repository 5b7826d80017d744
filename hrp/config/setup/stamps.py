"""A step is done when its stamp holds the hash of what it was made from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
VENV = ROOT / ".venv"
STAMPS = ROOT / ".cache" / "stamps"


def digest(files: Iterable[Path], *words: str) -> str:
    """Hash of files (names and contents; missing ones count as empty) and words."""
    found = hashlib.sha256("\0".join(words).encode())
    for file in sorted(set(files)):
        if file.is_file():
            found.update(str(file.relative_to(ROOT)).encode() + b"\0")
            found.update(file.read_bytes())
    return found.hexdigest()


def is_done(step: str, value: str) -> bool:
    try:
        return (STAMPS / step).read_text() == value
    except OSError:
        return False


def done(step: str, value: str) -> None:
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / step).write_text(value)


def undone(step: str) -> None:
    (STAMPS / step).unlink(missing_ok=True)
