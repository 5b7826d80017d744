from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def cases_dir() -> Path:
    return Path(__file__).resolve().parents[3] / "cases"
