"""The rules a reader relies on: any act can be followed with grep, and no room grows past what a head holds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture import exemptions

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES, FUNCTION_LINES = 600, 50
JOURNAL = {"Entry", "Line"}


@cache
def parsed() -> dict[str, ast.Module]:
    """Every source file of the product by its path; migrations are written by a machine and left out."""
    files = [f for f in (ROOT / "hrp").rglob("*.py") if "migrations" not in f.parts]
    return {str(f.relative_to(ROOT)): ast.parse(f.read_text(encoding="utf-8")) for f in sorted(files)}


def product() -> dict[str, ast.Module]:
    """Without tests and what only tests use."""
    return {
        path: tree
        for path, tree in parsed().items()
        if "/tests/" not in path and not path.endswith("testing.py")
    }


def imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(module, name) of every ``from module import name``, and (module, "") of every ``import module``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Qualified name and node of every function."""
    queue: list[tuple[str, ast.AST]] = [("", tree)]
    while queue:
        prefix, node = queue.pop()
        for child in ast.iter_child_nodes(node):
            named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            name = f"{prefix}{child.name}" if named else prefix  # type: ignore[attr-defined]
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield name, child
            queue.append((f"{name}." if named else prefix, child))


def assert_exempted(found: dict[str, str], exempt: dict[str, str], rule: str) -> None:
    """Everything found is exempted with a reason, and every exemption is still needed."""
    new = {place: what for place, what in found.items() if place not in exempt}
    stale = sorted(set(exempt) - set(found))
    assert not new, f"{rule}:\n" + "\n".join(f"  {place}: {what}" for place, what in sorted(new.items()))
    assert not stale, f"{rule}: exemptions nobody needs any more: {stale}"
    assert all(len(reason) > 10 for reason in exempt.values()), f"{rule}: an exemption says why"


def test_no_file_is_too_long() -> None:
    found = {}
    for path in parsed():
        lines = len((ROOT / path).read_text(encoding="utf-8").splitlines())
        if lines > FILE_LINES:
            found[path] = f"{lines} lines, split it by noun"
    assert_exempted(found, exemptions.LONG_FILES, "files stay under 600 lines")


def test_no_function_is_too_long() -> None:
    found = {}
    for path, tree in parsed().items():
        for name, node in functions(tree):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                found[f"{path}:{name}"] = f"{lines} lines"
    assert_exempted(found, exemptions.LONG_FUNCTIONS, "functions stay under 50 lines")


def test_no_room_without_a_name() -> None:
    found = [path for path in parsed() if Path(path).stem in ("utils", "helpers", "common", "misc")]
    assert not found, f"name these after what they hold: {found}"


def test_no_signals() -> None:
    found = [
        path
        for path, tree in parsed().items()
        for module, name in imports(tree)
        if module in ("django.dispatch", "django.db.models.signals")
        or (module, name) == ("django.db.models", "signals")
    ]
    assert not found, f"a signal cannot be followed with grep: {found}"


def test_no_model_looked_up_by_string() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in product().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "get_model"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    ]
    assert not found, f"import the model instead: {found}"


def test_no_floats_in_the_database() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in parsed().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Name)
        and (node.attr if isinstance(node, ast.Attribute) else node.id) == "FloatField"
    ]
    assert not found, f"use MoneyField or QuantityField: {found}"


def test_saving_has_no_magic() -> None:
    found = [
        f"{path}:{name}"
        for path, tree in product().items()
        for name, node in functions(tree)
        if node.name in ("save", "delete", "bulk_create") and "." in name and _is_model_file(path)
    ]
    assert not found, f"a service does it in the open: {found}"


def _is_model_file(path: str) -> bool:
    return path.endswith("/models.py") or "/models/" in path or "/documents/" in path


def test_only_the_ledger_touches_the_journal() -> None:
    found = {
        path: f"imports {name}"
        for path, tree in product().items()
        if not path.startswith("hrp/platform/ledger/")
        for module, name in imports(tree)
        if module == "hrp.platform.ledger.models" and name in JOURNAL
    }
    assert_exempted(
        found, exemptions.JOURNAL_READERS, "entries and lines are read through the ledger's selectors"
    )


@pytest.mark.parametrize("name", ["base", "org", "jobs", "ledger", "documents"])
def test_the_platform_does_not_know_its_modules(name: str) -> None:
    """A module-specific ``if`` in the platform is wrong, and so is the module's name in a string."""
    modules = ("logistics.", "costing.", "contracts.", "duty.", "desk.")
    found = [
        f"{path}:{node.lineno} {node.value!r}"
        for path, tree in product().items()
        if path.startswith(f"hrp/platform/{name}/") and "/management/" not in path
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith(modules)
        and " " not in node.value
    ]
    assert not found, f"the platform asks its registries instead: {found}"
