"""Talking IMAP to one mailbox: what is new, and each mail with the time the server had it. No database."""

from __future__ import annotations

import datetime as dt
import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

TIMEOUT = 20
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DATE = re.compile(
    rb'INTERNALDATE "\s*(\d{1,2})-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"', re.I
)
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)", re.I)

FAILURES = (OSError, imaplib.IMAP4.error, ssl.SSLError)
"""What a mailbox that cannot be read raises."""


@dataclass(frozen=True)
class Waiting:
    """A mail on the server: its size and when the server had it (None: it would not say)."""

    uid: int
    size: int
    received_at: dt.datetime | None


class Session:
    """A selected folder."""

    def __init__(self, server: imaplib.IMAP4, validity: int) -> None:
        self.server = server
        self.validity = validity

    def uids_after(self, last: int) -> list[int]:
        """Ascending. Servers answer ``n:*`` with the last mail even when it is older than n."""
        _ok, found = self.server.uid("SEARCH", f"UID {last + 1}:*")
        return sorted(uid for uid in map(int, (found[0] or b"").split()) if uid > last)

    def look(self, uid: int) -> Waiting | None:
        """Size and receipt of one mail; None when it is gone."""
        said = self._fetch(uid, "(RFC822.SIZE INTERNALDATE)")
        size = _SIZE.search(said)
        return Waiting(uid, int(size[1]), _received(said)) if size else None

    def whole(self, uid: int) -> bytes:
        """The mail, not marked as read."""
        return self._literal(uid, "(BODY.PEEK[])")

    def head(self, uid: int) -> bytes:
        """Only its header, for mails too large to fetch."""
        return self._literal(uid, "(BODY.PEEK[HEADER])")

    def mark_seen(self, uid: int) -> None:
        """For people who look into the mailbox as well; a server that refuses costs nothing."""
        with suppress(imaplib.IMAP4.error):
            self.server.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)")

    def _fetch(self, uid: int, what: str) -> bytes:
        _ok, found = self.server.uid("FETCH", str(uid), what)
        return b" ".join(
            b" ".join(one) if isinstance(one, tuple) else one
            for one in found
            if isinstance(one, (tuple, bytes))
        )

    def _literal(self, uid: int, what: str) -> bytes:
        _ok, found = self.server.uid("FETCH", str(uid), what)
        for one in found:
            if isinstance(one, tuple) and len(one) == 2:
                return bytes(one[1])
        raise imaplib.IMAP4.error(f"服务器没有给出邮件 {uid} 的内容")


def _received(said: bytes) -> dt.datetime | None:
    found = _DATE.search(said)
    if not found:
        return None
    day, month, year, hour, minute, second = (part.decode() for part in found.groups()[:6])
    offset = dt.timedelta(hours=int(found[8]), minutes=int(found[9])) * (1 if found[7] == b"+" else -1)
    try:
        place = _MONTHS.index(month.lower()) + 1
        zone = dt.timezone(offset)
        return dt.datetime(int(year), place, int(day), int(hour), int(minute), int(second), tzinfo=zone)
    except ValueError:
        return None


@contextmanager
def session(
    *, host: str, port: int, tls: str, username: str, password: str, folder: str
) -> Iterator[Session]:
    """Sign in and select. Raises one of :data:`FAILURES`."""
    trusted = ssl.create_default_context()
    if tls == "ssl":
        server: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, port, ssl_context=trusted, timeout=TIMEOUT)
    else:
        server = imaplib.IMAP4(host, port, timeout=TIMEOUT)
    try:
        if tls == "starttls":
            server.starttls(trusted)
        server.login(username, password)
        ok, said = server.select(f'"{folder}"')
        if ok != "OK":
            raise imaplib.IMAP4.error(f"打不开文件夹 {folder}：{said!r}")
        validity = server.response("UIDVALIDITY")[1]
        yield Session(server, int(validity[0]) if validity and validity[0] else 0)
    finally:
        with suppress(*FAILURES):
            server.logout()
