"""Commands, dependencies and locks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.core.management import load_command_class

from hrp.config import commands

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", re.MULTILINE)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize(("name", "package"), sorted(commands.ours().items()))
def test_every_command_says_what_it_does(name: str, package: str) -> None:
    assert CHINESE.search(str(load_command_class(package, name).help)), f"hrp {name}: help is missing"


def test_no_command_hides_another() -> None:
    files = [f for f in (ROOT / "hrp").rglob("management/commands/*.py") if f.stem != "__init__"]
    names = [file.stem for file in files]
    assert sorted(names) == sorted(set(names))


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / "requirements" / f"{name}.txt").read_text()))


def test_tests_run_on_the_versions_a_hospital_runs() -> None:
    run, dev = pins("run"), pins("dev")
    assert run
    different = {name: (version, dev.get(name)) for name, version in run.items() if dev.get(name) != version}
    assert not different, f"run `make lock`: {different}"


@pytest.mark.parametrize("name", ["run", "dev", "uv", "node"])
def test_every_pin_has_a_hash_and_no_host(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert "://" not in text
    for block in re.split(r"\n(?=\S)", text.strip()):
        assert block.startswith("#") or "--hash=sha256:" in block, block


@pytest.mark.parametrize("folder", [".", "assets/fonts"])
def test_npm_lock_names_no_host(folder: str) -> None:
    packages = json.loads((ROOT / folder / "package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert all("integrity" in package for name, package in packages.items() if name)
