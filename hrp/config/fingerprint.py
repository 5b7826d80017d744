"""Hashes of our own sources, by which work on a database is known to be done already. Standard library only."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMPORT = re.compile(r"^(?:from|import) (hrp[\w.]*)", re.MULTILINE)


def schema() -> str:
    """Changes with any migration, any code or data a migration could use, any grant and any pinned package."""
    sources = _sources()
    modules = {_module(file): file for file in sources}
    queue = [file for file, text in sources.items() if "migrations" in file.parts or "AppendOnly" in text]
    wanted: set[Path] = set()
    while queue:
        file = queue.pop()
        if file not in wanted:
            wanted.add(file)
            queue += [modules[name] for name in IMPORT.findall(sources[file]) if name in modules]
    data = [*ROOT.glob("hrp/**/*.json"), *ROOT.glob("hrp/**/*.sql"), *ROOT.glob("hrp/config/postgres/*.py")]
    return _hash([*wanted, *data, ROOT / "requirements" / "run.txt", ROOT / "hrp/config/settings/apps.py"])


def code() -> str:
    """Changes with any code or data file of the product."""
    return _hash([*_sources(), *ROOT.glob("hrp/**/*.json")])


def _sources() -> dict[Path, str]:
    files = (file for file in ROOT.glob("hrp/**/*.py") if "tests" not in file.parts)
    return {file: file.read_text(encoding="utf-8") for file in files}


def _module(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _hash(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted(set(files)):
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0")
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
