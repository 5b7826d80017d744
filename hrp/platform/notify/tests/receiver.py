"""A real HTTP gateway on loopback: it takes messages, fails, dawdles, redirects, and checks signatures as a maker would."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hrp.platform.notify import signing


@dataclass
class Asked:
    """One request as it came in."""

    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """``mode`` says how it answers: ok, broken (500), slow, dribble, redirect, full (200 with a refusing JSON)."""

    port: int
    mode: str = "ok"
    answer: dict[str, Any] = field(default_factory=lambda: {"errcode": 0, "code": 0})
    secret: str = ""
    asked: list[Asked] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pair(self) -> str:
        return f"127.0.0.1:{self.port}"


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_GET(self) -> None:
        self._take(b"")

    def do_POST(self) -> None:
        self._take(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _take(self, body: bytes) -> None:
        to = self.receiver
        parts = urlsplit(self.path)
        to.asked.append(Asked(parts.path, parse_qs(parts.query), dict(self.headers), body))
        if parts.path.endswith("/gettoken"):
            to.tokens.append(f"T{len(to.tokens) + 1}")
            self._say(200, {"errcode": 0, "access_token": to.tokens[-1]})
        elif to.mode == "broken":
            self._say(500, {"error": "内部错误"})
        elif to.mode == "redirect":
            self.send_response(302)
            self.send_header("Location", f"{to.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif to.mode == "slow":
            time.sleep(2.5)
            self._say(200, to.answer)
        elif to.mode == "dribble":
            self._dribble()
        elif to.secret and not self._is_signed(to.secret, body):
            self._say(401, {"error": "签名不符"})
        else:
            self._say(200, to.answer)

    def _is_signed(self, secret: str, body: bytes) -> bool:
        stamp, signature = self.headers.get(signing.TIMESTAMP, ""), self.headers.get(signing.SIGNATURE, "")
        return signing.verify(secret, stamp, body, signature, now=int(time.time()))

    def _dribble(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "50")
        self.end_headers()
        for _ in range(50):
            try:
                self.wfile.write(b" ")
            except OSError:
                return
            time.sleep(0.1)

    def _say(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer, ensure_ascii=False).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            return  # whoever asked has gone: that is what the slow mode is for

    def log_message(self, *args: Any) -> None:
        return


@contextmanager
def running() -> Iterator[Receiver]:
    """A receiver that listens until the block ends."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    receiver = Receiver(server.server_address[1])
    handler.receiver = receiver  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
