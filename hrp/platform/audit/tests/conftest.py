"""Each test seals into an anchor of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hrp.platform.access.models import User


@pytest.fixture(autouse=True)
def anchor_home(test_server: Any, tmp_path: Path, settings: Any) -> Path:
    settings.HRP_HOME = tmp_path
    return tmp_path


@pytest.fixture
def auditor(db: None) -> User:
    return User.objects.create_user("shenji", display_name="沈稽", duty="audit")
