"""A developer follows docs/howto/new-document.md to the letter, in a copy of the product, and gets a document that works.

The code put into ``apps.py`` is the one the recipe shows; the type is then tried by every promise of a document.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("manage.py", "conftest.py", "pyproject.toml")


@pytest.fixture
def product(tmp_path: Path) -> Path:
    """A copy of the source; its database is kept beside those of the other tests."""
    shutil.copytree(ROOT / "hrp", tmp_path / "hrp", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    for name in NEEDED:
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(product: Path, *command: str) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HRP_", "PYTEST", "DJANGO"))}
    done = subprocess.run(
        [sys.executable, *command], cwd=product, env=environment | {"HRP_HOME": str(settings.HRP_HOME / "recipe")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout


def registration() -> str:
    """What the recipe says to write at the end of ``ready()``."""
    recipe = (ROOT / "docs" / "howto" / "new-document.md").read_text(encoding="utf-8")
    code = re.search(r"## 3\. Register.*?```python\n(.*?)```", recipe, re.DOTALL)
    assert code is not None
    return code[1]


@pytest.mark.slow
def test_the_recipe_makes_a_document_that_keeps_every_promise(product: Path) -> None:
    manage = ("manage.py", "new_document", "logistics", "goods_return")
    run(product, *manage, "--title", "退货单", "--prefix", "TH")
    apps = product / "hrp" / "logistics" / "apps.py"
    indented = "".join(f"        {line}\n" if line else "\n" for line in registration().splitlines())
    apps.write_text(apps.read_text(encoding="utf-8") + indented, encoding="utf-8")
    run(product, "manage.py", "makemigrations", "logistics", "--name", "goods_return")
    run(product, *manage, "--guards")

    made = sorted(str(path.relative_to(product)) for path in (product / "hrp").rglob("*goods_return*.py"))
    assert len(made) == 5
    written = [name for name in made if "migrations" not in name]
    run(product, "-m", "ruff", "format", "--check", *written)
    run(product, "-m", "ruff", "check", *written)
    assert "100%" in run(product, "-m", "pytest", "hrp/logistics/tests/test_goods_return.py")
