"""The hospital of the matrix for every test of this folder, and the other half of the knocking."""

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
class OtherHalf:
    """A second process at work on the second core."""

    process: subprocess.Popen[str]

    def findings(self) -> tuple[int, list[str]]:
        """How often it knocked and what it found, once it is done."""
        said, wrong = self.process.communicate()
        if self.process.returncode:
            raise RuntimeError(f"the other half of the knocking failed:\n{wrong[-4000:]}")
        knocks, faults = json.loads(said)
        return knocks, faults


@pytest.fixture(scope="session")
def other_half(test_server: TestServer) -> Iterator[OtherHalf]:
    database = test_server.create("permissions")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.permissions.elsewhere"],
        cwd=BASE_DIR, env=test_server.environment(database), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    yield OtherHalf(process)
    process.kill()
    process.communicate()
    test_server.drop(database.name)
