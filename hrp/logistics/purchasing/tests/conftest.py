"""Every test of purchasing happens at noon of the day its documents bear."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hrp.logistics.purchasing.tests.world import NOON, Market
from hrp.platform.base import clock


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.pinned(NOON):
        yield


@pytest.fixture
def market(db: None) -> Market:
    return Market()
