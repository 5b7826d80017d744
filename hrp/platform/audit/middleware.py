"""The web's door to :mod:`hrp.platform.base.origin`."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from hrp.platform.base import history, origin

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def client_ip(request: HttpRequest) -> str:
    """The client's address: the peer's, or what the configured proxy says when the peer is that proxy."""
    peer: str = request.META.get("REMOTE_ADDR", "")
    if settings.HRP_PROXY_HEADER and peer in settings.HRP_PROXIES:
        # The proxy appends; anything to the left of its own entry was sent by the client and proves nothing.
        given = request.META.get(settings.HRP_PROXY_HEADER, "").split(",")[-1].strip()
        return (given or peer)[:45]
    return peer[:45]


class OriginMiddleware:
    """Sets who, whence and which request for the action log and the history; answers with ``X-Request-ID``.

    An id sent by the client is kept when it is plain, so that a proxy's log and ours can be joined.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _SANE_ID.fullmatch(given) else uuid.uuid4().hex
        history.attach()
        actor = getattr(request, "user", None)
        with origin.entered(origin.Origin(request_id=request_id, ip=client_ip(request), actor=actor)):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response
