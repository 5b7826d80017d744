"""``make faults`` alone collects these tests: they take minutes, both cores, and a hospital of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip everything here unless this folder, or something in it, is named on the command line."""
    started_in = config.invocation_params.dir
    named = ((started_in / argument.split("::")[0]).resolve() for argument in config.args)
    return None if any(path.is_relative_to(HERE) for path in named) else True
