"""The virtual environment: pinned, hashed dependencies by uv (or pip), and the ``hrp`` launcher."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import NoReturn

from hrp.config import console
from hrp.config.processes import words
from hrp.config.setup import machine, mirrors, stamps
from hrp.config.setup.stamps import ROOT, VENV
from hrp.platform.base.refusals import Invalid

PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"


def prepare(requirements: str) -> None:
    """Environment and dependencies of ``run`` or ``dev``. Does nothing when they are already there."""
    _dependencies(requirements, made_anew=_environment())
    _launcher()


def _environment() -> bool:
    """Make ``.venv`` unless a working one of this Python's version is there; a broken one is made anew (True)."""
    if _works(PYTHON):
        return False
    machine.require_ensurepip()
    with console.step("Python 虚拟环境"):
        try:
            venv.EnvBuilder(with_pip=True, clear=VENV.exists()).create(VENV)
        except (OSError, subprocess.CalledProcessError) as error:
            shutil.rmtree(VENV, ignore_errors=True)
            raise Invalid(
                f"建立虚拟环境 {VENV} 失败：{error}",
                way_out="请确认项目目录可写、磁盘有 2 GB 空间，然后重试。",
                code="venv_failed",
            ) from error
    for requirements in ("run", "dev"):
        stamps.undone(f"deps-{requirements}")
    return True


def _works(python: Path) -> bool:
    """A system upgrade may have pulled the interpreter from under the environment."""
    probe = f"import pip, sys; assert sys.version_info[:2] == {sys.version_info[:2]}"
    try:
        return subprocess.run([python, "-c", probe], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _dependencies(requirements: str, *, made_anew: bool) -> None:
    wanted = _requirements_hash(requirements)
    if stamps.is_done(f"deps-{requirements}", wanted) and not made_anew:
        return
    if not UV.exists():
        with console.step("安装器 uv"):
            _pip("uv", required=False)
    with console.step(f"Python 依赖（{requirements}）"):
        install(requirements)
    stamps.done(f"deps-{requirements}", wanted)
    if requirements == "dev":  # dev.txt holds all of run.txt, at the same versions
        stamps.done("deps-run", _requirements_hash("run"))


def _requirements_hash(requirements: str) -> str:
    return stamps.digest([ROOT / "requirements" / f"{requirements}.txt"], requirements)


def install(requirements: str) -> None:
    """Install one locked file, every hash checked. uv is quick; pip is the way when uv cannot reach the packages.

    With several indexes uv takes a package from the first that knows its name; here the hash says which file is
    meant, so that it may look in all of them, as pip does.
    """
    if UV.exists():
        result = subprocess.run(
            [UV, "pip", "install", "-q", "--python", PYTHON, "--require-hashes",
             "--index-strategy", "unsafe-best-match", "-r", f"requirements/{requirements}.txt"],
            cwd=ROOT, env=mirrors.for_uv(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if result.returncode == 0:
            return
        console.say(f"  uv 未成功（{words(result.stderr)}），改用 pip ……")
    _pip(requirements)


def _pip(requirements: str, *, required: bool = True) -> None:
    result = subprocess.run(
        [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input",
         "--require-hashes", "-r", f"requirements/{requirements}.txt"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if result.returncode and required:
        raise Invalid(
            f"安装 Python 依赖失败：{words(result.stderr)}",
            way_out="请检查网络；内网请按单位的镜像设置 pip（pip config set global.index-url …）后重试。已装好的部分会保留。",
            code="install_failed",
        )


def _launcher() -> None:
    """``.venv/bin/hrp``. The project is not installed as a package: the launcher puts its folder on the path."""
    text = f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(str(PYTHON))} -m hrp.config.cli "$@"\n'
    launcher = VENV / "bin" / "hrp"
    if not launcher.exists() or launcher.read_text() != text:
        launcher.write_text(text)
        launcher.chmod(0o755)


def variables() -> dict[str, str]:
    """Environment in which the project's own programs run."""
    path = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", "/usr/bin:/bin")])
    return os.environ | {
        "PATH": path,
        "PYTHONPATH": str(ROOT),
        "VIRTUAL_ENV": str(VENV),
        "DJANGO_SETTINGS_MODULE": "hrp.config.settings",
    }


def become(*arguments: str) -> NoReturn:
    """Turn into the project's Python, so that signals reach it directly."""
    sys.stdout.flush()
    os.execve(PYTHON, [str(PYTHON), *arguments], variables())  # noqa: S606


def start(*arguments: str) -> subprocess.Popen[bytes]:
    """Start the project's Python beside us."""
    return subprocess.Popen([PYTHON, *arguments], cwd=ROOT, env=variables())


def python(*arguments: str) -> None:
    """Run the project's Python to its end; its failure is ours."""
    result = subprocess.run([PYTHON, *arguments], cwd=ROOT, env=variables(), check=False)
    if result.returncode:
        sys.exit(result.returncode)


def tool(title: str, name: str, *arguments: str) -> bool:
    """Run one checker; True when it is content."""
    console.say(f"── {title}")
    return (
        subprocess.run([VENV / "bin" / name, *arguments], cwd=ROOT, env=variables(), check=False).returncode
        == 0
    )


def lock(name: str) -> None:
    """Compile ``requirements/<name>.in`` into pinned, hashed lines without host names."""
    with console.step(f"锁定 requirements/{name}.txt"):
        result = subprocess.run(
            [UV, "pip", "compile", "-q", "--generate-hashes", "--universal", "--python-version", "3.11", "--no-annotate",
             "--no-header", f"requirements/{name}.in", "-o", f"requirements/{name}.txt"],
            cwd=ROOT, env=mirrors.for_uv(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if result.returncode:
            raise Invalid(f"锁定失败：{words(result.stderr)}", way_out="请检查 requirements/*.in 与网络。")
