"""A raw mail into what a person would read, whatever its sender's program got wrong. Pure; never raises."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import parseaddr

from hrp.operations.intake.rules.mails import text_of_html, tidy

MOST_BODY = 20_000
MOST_FILES = 20


@dataclass(frozen=True)
class Enclosed:
    """A file in the mail, its bytes decoded."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Letter:
    """What the mail says. ``message_id`` is made from the bytes when the sender gave none."""

    message_id: str
    sender: str
    sender_name: str
    subject: str
    body: str
    headers: dict[str, str]
    files: list[Enclosed] = field(default_factory=list)


def read(raw: bytes) -> Letter:
    """Read a mail. Wrong or missing charsets are read as UTF-8, else as GB18030."""
    message = message_from_bytes(raw)
    headers: dict[str, str] = {}
    for name, value in message.raw_items():
        headers.setdefault(name, words(str(value)))
    lower = {name.casefold(): value for name, value in headers.items()}
    name, address = parseaddr(lower.get("from", ""))
    body, files = _parts(message)
    given = re.sub(r"\s+", "", lower.get("message-id", ""))
    return Letter(
        message_id=_identity(given, raw),
        sender=address.strip().lower()[:254],
        sender_name=name.strip()[:100],
        subject=" ".join(lower.get("subject", "").split())[:300],
        body=body[:MOST_BODY],
        headers=headers,
        files=files[:MOST_FILES],
    )


def _identity(given: str, raw: bytes) -> str:
    if 3 <= len(given) <= 250 and given.isprintable():
        return given
    return f"<{hashlib.sha256(given.encode(errors='replace') if given else raw).hexdigest()}@no-message-id>"


def words(value: str) -> str:
    """A header's encoded words decoded; raw eight-bit bytes read as UTF-8 or GB18030."""
    plain = (
        value.encode("ascii", "surrogateescape").decode("ascii", "replace")
        if value.isascii()
        else _raw(value)
    )
    if "=?" not in plain:
        return _clean(plain)
    try:
        parts = decode_header(plain.replace("?==?", "?= =?"))
    except (HeaderParseError, ValueError):
        return _clean(plain)
    return _clean("".join(part if isinstance(part, str) else text(part, charset) for part, charset in parts))


def _raw(value: str) -> str:
    try:
        return text(value.encode("utf-8", "surrogateescape"), None)
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace").decode()


def _clean(value: str) -> str:
    return "".join(c if c.isprintable() else " " for c in value).strip()


def text(data: bytes, charset: str | None) -> str:
    """Bytes as text. What calls itself GB2312 is read by its superset; a wrong name costs nothing."""
    named = (charset or "").strip("\"' ").lower()
    if named in ("gb2312", "gbk", "x-gbk", "cp936", "gb_2312-80", "hz-gb-2312x"):
        named = "gb18030"
    if named in ("us-ascii", "ascii", "unknown-8bit", "default", "8bit"):
        named = ""
    for codec in (named, "utf-8", "gb18030"):
        if not codec:
            continue
        try:
            return data.decode(codec)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("utf-8", "replace")


def _parts(message: Message) -> tuple[str, list[Enclosed]]:
    """The readable text, plain before HTML, and the files."""
    plain: list[str] = []
    marked: list[str] = []
    files: list[Enclosed] = []
    for part in message.walk():
        if part.is_multipart() and part.get_content_type() != "message/rfc822":
            continue
        name = _name(part)
        if part.get_content_type() == "message/rfc822":
            files.append(Enclosed(name or "转发的邮件.eml", _whole(part)))
            continue
        if part in _inside_forwarded(message):
            continue
        data = part.get_payload(decode=True)
        content = data if isinstance(data, bytes) else str(part.get_payload()).encode("utf-8", "replace")
        if name or part.get_content_maintype() != "text" or part.get_content_disposition() == "attachment":
            if content:
                files.append(Enclosed(name or f"附件{len(files) + 1}", content))
        elif part.get_content_subtype() == "html":
            marked.append(text_of_html(text(content, part.get_content_charset())))
        else:
            plain.append(tidy(text(content, part.get_content_charset()).replace("\r\n", "\n")))
    body = "\n\n".join(one for one in plain if one) or "\n\n".join(one for one in marked if one)
    return body, files


def _inside_forwarded(message: Message) -> list[Message]:
    return [
        inner
        for part in message.walk()
        if part.get_content_type() == "message/rfc822" and part is not message
        for inner in part.walk()
        if inner is not part
    ]


def _whole(part: Message) -> bytes:
    inner = part.get_payload()
    try:
        return (
            inner[0].as_bytes()
            if isinstance(inner, list) and inner and isinstance(inner[0], Message)
            else b""
        )
    except (UnicodeEncodeError, LookupError, ValueError):
        return str(inner).encode("utf-8", "replace")


def _name(part: Message) -> str:
    try:
        return words(str(part.get_filename() or ""))[:200]
    except (LookupError, ValueError, TypeError):
        return "附件"
