"""Signatures of what leaves and what comes back: both ends can tell who wrote a request, and that it is not old. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import quote_plus

TIMESTAMP = "X-HRP-Timestamp"
SIGNATURE = "X-HRP-Signature"
MAX_AGE_S = 300


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """``sha256=`` and the HMAC-SHA-256 of ``<timestamp>.<body>`` in hexadecimal digits."""
    mac = hmac.new(secret.encode(), str(timestamp).encode() + b"." + body, hashlib.sha256)
    return f"sha256={mac.hexdigest()}"


def verify(secret: str, timestamp: str, body: bytes, signature: str, *, now: int) -> bool:
    """Whether ``signature`` was made with ``secret`` over this body, not more than five minutes from ``now``."""
    if not secret or not timestamp.isdecimal() or len(timestamp) > 12:
        return False
    if abs(now - int(timestamp)) > MAX_AGE_S:
        return False
    return hmac.compare_digest(sign(secret, int(timestamp), body).encode(), signature.encode())


def dingtalk(secret: str, milliseconds: int) -> str:
    """The query a 钉钉 robot with 加签 wants: ``timestamp=…&sign=…``."""
    mac = hmac.new(secret.encode(), f"{milliseconds}\n{secret}".encode(), hashlib.sha256)
    return f"timestamp={milliseconds}&sign={quote_plus(base64.b64encode(mac.digest()))}"
