"""Whether two reports tell of the same fault. Pure; a person decides."""

from __future__ import annotations

import datetime as dt
import hashlib
import re

WINDOW = dt.timedelta(minutes=60)
ALIKE = 0.34

_VARYING = re.compile(r"0x[0-9a-f]+|[0-9a-f]{8,}|\d+", re.IGNORECASE)
_MEANINGLESS = re.compile(r"[\s，。、；：！？,.;:!?（）()「」\"'\-]+")


def error_hash(text: str) -> str:
    """A mark that two occurrences of one error share: ids, numbers and blanks do not matter. Empty for no text."""
    plain = _MEANINGLESS.sub(" ", _VARYING.sub("#", text.casefold())).strip()
    return hashlib.sha256(plain.encode()).hexdigest()[:16] if plain else ""


def likeness(one: str, other: str) -> float:
    """How much of the shorter title's pairs of characters the longer one has: 0 nothing, 1 all."""
    left, right = _pairs(one), _pairs(other)
    return len(left & right) / min(len(left), len(right)) if left and right else 0.0


def _pairs(title: str) -> set[str]:
    plain = _MEANINGLESS.sub("", title.casefold())
    return {plain[place : place + 2] for place in range(len(plain) - 1)} or ({plain} if plain else set())
