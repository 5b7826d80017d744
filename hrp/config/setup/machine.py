"""What this machine must bring along, and what a start can refuse at once, before minutes of installing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from hrp.config import console, doors
from hrp.config.home import Home
from hrp.config.setup.stamps import ROOT
from hrp.platform.base.refusals import Invalid
from hrp.platform.exchange import fonts

APT = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]


def home_folder() -> Path:
    return Path(os.environ.get("HRP_HOME") or ROOT / "var").resolve()


def check_start() -> None:
    """Refuse a busy port, a running hospital or an unusable data folder before anything is installed."""
    home = Home(home_folder())
    doors.check(home, doors.from_environment())


def require_ensurepip() -> None:
    """Debian leaves ensurepip out of python3; without it there is no virtual environment."""
    probe = subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True, check=False)
    if probe.returncode:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise Invalid(
            f"当前的 Python {version} 缺少 venv 模块（Debian/Ubuntu 把它放在单独的软件包里）。",
            way_out=f"apt-get install -y python3-venv （或 python{version}-venv），然后重试。",
            code="venv_missing",
        )


def missing_for_tests() -> list[str]:
    """Debian packages the tests need and this machine lacks."""
    wanted = []
    if not Path("/usr/bin/chromium").exists():
        wanted.append("chromium")
    if not fonts.of_system():
        wanted.append("fonts-noto-cjk")
    if not (shutil.which("mariadbd") or Path("/usr/sbin/mariadbd").exists()):
        wanted.append("mariadb-server")
    return wanted


def prepare_for_tests() -> None:
    """As root install what the tests need; as an ordinary user say the one line that does."""
    missing = missing_for_tests()
    if not missing:
        return
    line = f"apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends {' '.join(missing)}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Invalid(
            f"测试需要的系统软件还没有安装：{'、'.join(missing)}。",
            way_out=f"sudo sh -c '{line}' ，然后重试 make test。",
            code="packages_missing",
        )
    with console.step(f"系统软件 {' '.join(missing)}"):
        _apt("update", "-q")
        _apt("install", "-y", "-q", "--no-install-recommends", *missing)


def _apt(*arguments: str) -> None:
    """One apt run. A server package must not start its server: the tests start their own."""
    result = subprocess.run(
        [*APT, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env=os.environ | {"RUNLEVEL": "1"},
    )
    if result.returncode:
        raise Invalid(
            f"apt-get {arguments[0]} 失败：{result.stderr.strip()[-500:]}",
            way_out="请检查软件源与网络后重试，或手工安装上面列出的软件包。",
            code="apt_failed",
        )
