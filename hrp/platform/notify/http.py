"""One outgoing request to an address the administrator allowed: no redirects, no proxy, never longer than its time."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from hrp.platform.base.refusals import Invalid, Problem

_PORTS = {"http": 80, "https": 443}
_MOST_BYTES = 65_536


class GatewayError(Exception):
    """The gateway did not take the message: what it answered, or why it was not asked."""


def allowed_pairs(text: str) -> frozenset[tuple[str, int]]:
    """The (host, port) pairs of an allow-list, one ``host:port`` a line. Raises Invalid naming a wrong line."""
    pairs = set()
    for line in filter(None, (line.strip() for line in text.splitlines())):
        host, _, port = line.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65_536 or "/" in host:
            raise Invalid(
                f"允许连接的地址「{line}」不是 主机:端口",
                way_out="一行一个，例如 sms.hospital.local:8080。",
                problems=[Problem("应为 主机:端口，一行一个", field="allowed")],
            )
        pairs.add((host.strip("[]").lower(), int(port)))
    return frozenset(pairs)


def split(url: str) -> SplitResult:
    """The parts of an address. Raises Invalid unless it is http or https with a host and no password in it."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PORTS and bool(parts.hostname) and not parts.username
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        usable = port_is_fine = False
    if not usable or not port_is_fine:
        raise Invalid(
            f"接口地址「{url}」不能用",
            way_out="应以 http:// 或 https:// 开头，含主机名，不含用户名和密码。",
            problems=[Problem("应为 http:// 或 https:// 开头的完整地址", field="url")],
        )
    return parts


def pair_of(url: str) -> tuple[str, int]:
    """The (host, port) an address leads to."""
    parts = split(url)
    return (parts.hostname or "").lower(), parts.port or _PORTS[parts.scheme]


def request(
    url: str,
    *,
    allowed: frozenset[tuple[str, int]],
    timeout_s: float,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """POST ``body`` (GET without one) and return what a 2xx answer says, at most 64 KiB of it.

    Raises GatewayError for an address outside ``allowed`` (nothing is connected to), for every other status, 3xx
    among them: a redirect would lead past the allow-list. Raises OSError or HTTPException when nothing comes back
    in ``timeout_s`` seconds, counted over the whole exchange.
    """
    parts = split(url)
    host, port = pair_of(url)
    if (host, port) not in allowed:
        raise GatewayError(f"{host}:{port} 不在允许连接的地址中，未发送")
    ends = time.monotonic() + timeout_s
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET" if body is None else "POST", target, body, dict(headers or {}))
        answer = _answer(connection, ends)
        said = _read(connection, answer, ends)
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        text = said[:200].decode(errors="replace").strip()
        raise GatewayError(f"网关回答 {answer.status} {answer.reason} {text}".strip())
    return said


def _left(connection: http.client.HTTPConnection, ends: float) -> None:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError("网关在规定时间内没有答完")
    if connection.sock is not None:
        connection.sock.settimeout(left)


def _answer(connection: http.client.HTTPConnection, ends: float) -> http.client.HTTPResponse:
    _left(connection, ends)
    return connection.getresponse()


def _read(connection: http.client.HTTPConnection, answer: http.client.HTTPResponse, ends: float) -> bytes:
    """Read in pieces: a gateway that dribbles a byte a second must not hold a worker for an hour."""
    pieces: list[bytes] = []
    size = 0
    while size < _MOST_BYTES:
        _left(connection, ends)
        piece = answer.read1(_MOST_BYTES - size)
        if not piece:
            break
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)
