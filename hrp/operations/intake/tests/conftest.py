"""A real IMAP server on loopback."""

from __future__ import annotations

import datetime as dt
import imaplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hrp.config.processes import free_port

USER, PASSWORD = "baoxiu", "S3cret-imap"


class Postoffice:
    """pymap with one account; mails are delivered over IMAP itself, with the time the server had them."""

    def __init__(self) -> None:
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = Path(sys.executable).with_name("pymap")
        self.process = subprocess.Popen(
            [
                str(program), "--host", "127.0.0.1", "--port", str(self.port), "--no-service", "admin",
                "--no-service", "managesieve", "dict", "--demo-data", "--demo-user", USER, "--demo-password", PASSWORD,
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError("pymap did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def session(self) -> imaplib.IMAP4:
        server = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        server.login(USER, PASSWORD)
        return server

    def make_folder(self, name: str) -> None:
        with self.session() as server:
            server.create(name)

    def deliver(self, raw: bytes, *, at: dt.datetime, folder: str = "reports") -> None:
        """Put a mail into the folder as a mail server would have received it at ``at``."""
        with self.session() as server:
            ok, said = server.append(folder, "", imaplib.Time2Internaldate(at), raw)
            assert ok == "OK", said

    def unseen(self, folder: str = "reports") -> int:
        with self.session() as server:
            server.select(folder, readonly=True)
            return len((server.search(None, "UNSEEN")[1][0] or b"").split())


@pytest.fixture(scope="session")
def _postoffice() -> Iterator[Postoffice]:
    office = Postoffice()
    office.start()
    yield office
    office.stop()


@pytest.fixture
def postoffice(_postoffice: Postoffice) -> Iterator[Postoffice]:
    """The server with an empty folder ``reports``."""
    if _postoffice.process is None:
        _postoffice.start()
    _postoffice.make_folder("reports")
    yield _postoffice
    if _postoffice.process is not None:
        with _postoffice.session() as server:
            server.delete("reports")
