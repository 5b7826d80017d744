"""The hospital of the matrix for every test of this folder, and the second process that knocks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from hrp.config.settings.paths import BASE_DIR
from hrp.config.testing import TestServer
from tests.permissions import world


@pytest.fixture(scope="session")
def hospital(django_db_setup: None, django_db_blocker: Any) -> Iterator[world.Hospital]:
    with django_db_blocker.unblock(), world.standing() as hospital:
        yield hospital


@dataclass(frozen=True)
class Others:
    """A second process at work on the second core."""

    process: subprocess.Popen[str]

    def findings(self) -> tuple[int, list[str]]:
        """How often it knocked and what it found, once it is done."""
        said, wrong = self.process.communicate()
        if self.process.returncode:
            raise RuntimeError(f"knocking elsewhere failed:\n{wrong[-4000:]}")
        knocks, faults = json.loads(said)
        return knocks, faults


@pytest.fixture(scope="session", autouse=True)
def _begin(request: pytest.FixtureRequest) -> None:
    """The second process starts with the first test of the folder, when it is needed at all."""
    if any("others" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("others")


@pytest.fixture(scope="session")
def others(test_server: TestServer) -> Iterator[Others]:
    database = test_server.create("permissions")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.permissions.elsewhere"],
        cwd=BASE_DIR, env=test_server.environment(database), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    yield Others(process)
    process.kill()
    process.communicate()
    test_server.drop(database.name)
