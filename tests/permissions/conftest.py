"""The hospital every test of this folder stands in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hrp.config import testing
from tests.permissions import world


@pytest.fixture(scope="package")
def hospital(django_db_setup: None, django_db_blocker: Any) -> Iterator[world.Hospital]:
    """Built once for the folder, and gone with it: it stops the clock and stands in an open transaction."""
    testing.forget()  # what another test of this process remembered of its own hospital
    with django_db_blocker.unblock(), world.standing() as hospital:
        yield hospital
