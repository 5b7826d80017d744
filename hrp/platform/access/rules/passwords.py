"""What a password is made of."""

from __future__ import annotations

import re
from typing import Literal

CharacterClass = Literal["upper", "lower", "digit", "symbol"]

_LEET = str.maketrans({"@": "a", "0": "o", "1": "i", "3": "e", "5": "s", "$": "s", "!": "i"})


def classes_of(password: str) -> frozenset[CharacterClass]:
    """Which of the four classes occur. Letters without case (汉字) count as symbols."""
    found: set[CharacterClass] = set()
    for character in password:
        if character.isdigit():
            found.add("digit")
        elif character.isupper():
            found.add("upper")
        elif character.islower():
            found.add("lower")
        else:
            found.add("symbol")
    return frozenset(found)


def core_of(password: str) -> str:
    """The word a dressed-up password hides: ``P@ssw0rd2024!`` gives ``password``, ``Admin@123`` gives ``admin``."""
    lowered = password.lower()
    trimmed = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", lowered)
    return re.sub(r"[^a-z]", "", trimmed.translate(_LEET))


def is_like(password: str, value: str) -> bool:
    """Whether a piece of personal data of at least three characters stands in the password, forwards or backwards."""
    word, hay = value.strip().lower(), password.lower()
    return len(word) >= 3 and (word in hay or word[::-1] in hay)
