"""Short lists as people type them into one box."""

from __future__ import annotations

import re

SEPARATOR = re.compile(r"[、，,\s]+")


def parts(text: str) -> tuple[str, ...]:
    """The parts of a text written with 顿号, commas or spaces between them."""
    return tuple(part for part in SEPARATOR.split(text) if part)
