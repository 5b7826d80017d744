"""What is written about the house is true of it: links lead somewhere, commands are named, dependencies are explained."""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {".git", ".venv", "node_modules", "static", "var", ".cache"}

LINK = re.compile(r"(?<!\\)\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)

# Written in pieces, so that this file does not find itself.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"), ("python" + "hosted", "org"), ("npmjs", "org"), ("npmjs", "com"), ("npmmirror", "com"),
        ("yarnpkg", "com"), ("goproxy", "io"), ("proxy", "golang", "org"), ("crates", "io"),
    )
]  # fmt: skip
BUILD_FOLDERS = [
    "/" + "/".join(parts) + "/" for parts in (("home", r"[a-z_][\w-]*"), ("Users", r"\w+"), ("root",))
]
BUILD_FOLDERS.append("/" + "work" + "/(?:main|wt|shared)" + r"\b")
FORBIDDEN = re.compile(
    "|".join([re.escape(host) for host in REGISTRIES] + [rf"(?<![\w.~-]){f}" for f in BUILD_FOLDERS])
)


@cache
def tracked() -> tuple[Path, ...]:
    """Files under version control; in an unpacked release, every file that is not made by a build."""
    listing = None
    if (ROOT / ".git").exists():
        command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
        try:
            listing = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
        except (OSError, subprocess.CalledProcessError):
            listing = None
    if listing:
        files = [ROOT / name for name in listing.split("\0") if name]
    else:
        files = [p for p in ROOT.rglob("*") if not NOT_OURS & set(p.relative_to(ROOT).parts)]
    return tuple(sorted(p for p in files if p.is_file() and not p.is_symlink()))


def text_of(path: Path) -> str | None:
    """The text of a file, or None for a picture or font."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def papers() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md"]


def dead_links(paper: Path, text: str) -> list[str]:
    """Relative targets that do not exist, or lead out of the project. Examples in code are not links."""
    dead = []
    for target in LINK.findall(CODE.sub("", text)):
        if re.match(r"[a-z][a-z0-9+.-]*:|#|//", target):
            continue
        path = (paper.parent / target.split("#", 1)[0]).resolve()
        if not path.exists() or not path.is_relative_to(ROOT):
            dead.append(target)
    return dead


@pytest.mark.parametrize("paper", papers(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(paper: Path) -> None:
    assert dead_links(paper, paper.read_text(encoding="utf-8")) == []


def test_a_dead_link_would_be_seen() -> None:
    text = "[a](nowhere.md) [b](README.md#start) [c](https://example.invalid/x) `[d](code.md)`\n[e](../outside.md)"
    assert dead_links(ROOT / "README.md", text) == ["nowhere.md", "../outside.md"]


def test_the_architecture_is_one_short_paper() -> None:
    lines = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()
    assert 40 < len(lines) < 200


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_both_readmes_name_both_commands(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert [command for command in ("make run", "make test") if command not in text] == []


def test_no_file_names_a_registry_or_a_folder_of_a_build_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tracked()
        if (text := text_of(path)) is not None
        for match in FORBIDDEN.finditer(text)
    ]
    assert found == []


def test_a_registry_or_a_build_folder_would_be_seen() -> None:
    seen = [
        f"https://files.{REGISTRIES[1]}/x",
        "/" + "home/someone/project",
        "cd /" + "root/project",
        "/" + "work/main",
    ]
    assert [text for text in seen if not FORBIDDEN.search(text)] == []
    assert not FORBIDDEN.search("/srv/hrp/data and hrp/home/page.html and homework/main")


def names_of_dependencies() -> set[str]:
    entries = [
        line.split("#")[0].strip()
        for file in (ROOT / "requirements").glob("*.in")
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    python = [
        re.split(r"[\[~=<>!;\s]", entry, maxsplit=1)[0] for entry in entries if entry and entry[0] != "-"
    ]
    files = [ROOT / "package.json", ROOT / "assets" / "fonts" / "package.json"]
    packages = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    kinds = ("dependencies", "devDependencies")
    return {*python, *(name for package in packages for kind in kinds for name in package.get(kind, {}))}


def test_every_dependency_is_explained_and_nothing_else_is() -> None:
    paper = (ROOT / "docs" / "adr" / "0003-dependencies.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| ([^ |]+) \| (?!way|why)[^|]{8,} \| [^|]{3,} \|$", paper, re.MULTILINE)
    assert sorted(explained) == sorted(names_of_dependencies())


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "adr"
    numbered = sorted(path.name for path in folder.glob("[0-9]*.md"))
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert numbered == sorted(re.findall(r"\((\d{4}-[\w-]+\.md)\)", index))
