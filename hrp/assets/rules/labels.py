"""What a label's QR code says of a card: nothing but its token, in characters that make a small code."""

from __future__ import annotations

import re
import uuid

PREFIX = "ZC"
_SAID = re.compile(r"ZC:?([0-9A-F]{32})", re.IGNORECASE)  # the first labels had a colon


def written(token: uuid.UUID) -> str:
    return PREFIX + token.hex.upper()


def token_of(text: str) -> uuid.UUID | None:
    """The token a scan says; None for what is no label of ours."""
    found = _SAID.fullmatch(text.strip())
    return uuid.UUID(hex=found[1]) if found else None
