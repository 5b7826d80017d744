"""The figures of the contract as shipped: the default contract of a new hospital, kept as data."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from hrp.operations.contracts.rules import Terms, read_terms


def default_body() -> dict[str, Any]:
    """The body of the default contract version, freshly read: callers may change their copy."""
    text = (
        files("hrp.operations.contracts").joinpath("data/default_contract.json").read_text(encoding="utf-8")
    )
    body: dict[str, Any] = json.loads(text)
    return body


@cache
def default_terms() -> Terms:
    """The default contract, read once per process."""
    return read_terms(default_body())
