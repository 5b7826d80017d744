"""The bodies programs send: bytes as they came, never more than the address takes."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.request import RawPostDataException


def raw(request: HttpRequest, *, most: int) -> bytes | None:
    """The bytes that were sent; None when they are too many, or came as a form, which is read as it arrives."""
    try:
        body = request.body
    except RawPostDataException:
        return None
    return body if len(body) <= most else None
