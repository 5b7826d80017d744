"""The address a request truly comes from, when the hospital has a reverse proxy in front."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class ClientAddressMiddleware:
    """Believes the configured header only from configured proxies, reading from the right up to the first stranger.

    Lockout, sessions and the action log all use REMOTE_ADDR, so what is set here is what they see.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.trusted = [ipaddress.ip_network(proxy, strict=False) for proxy in settings.HRP_PROXIES]
        self.header = settings.HRP_PROXY_HEADER

    def __call__(self, request: HttpRequest) -> HttpResponse:
        hops = [hop.strip() for hop in request.META.get(self.header, "").split(",") if hop.strip()]
        while hops and self._is_trusted(request.META.get("REMOTE_ADDR", "")):
            nearest = hops.pop()
            if _parse(nearest) is None:
                break
            request.META["REMOTE_ADDR"] = nearest
        return self.get_response(request)

    def _is_trusted(self, address: str) -> bool:
        parsed = _parse(address)
        return parsed is not None and any(parsed in network for network in self.trusted)


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None
