"""The anchor: the chain's head outside the database, where the database's superuser does not reach.

One line per block: ``seq <tab> block hash <tab> time <tab> note <tab> mac``. The mac is HMAC-SHA256 over the line and
the mac before it, so a line can be neither changed nor taken out of the middle. Cutting the end of this very file is
found by any copy of it (``HRP_ANCHOR_COPY``, the daily mail, a printed sheet).
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.core.mail import send_mail

from hrp.platform.audit.models import Block
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict
from hrp.platform.base.registry import Registry

RESTORED = "restored"


@dataclass(frozen=True)
class Line:
    """One line of the anchor.

    ``note`` is empty, or ``restored:<seq>:<reason>`` where an older backup was accepted: the lines before it stay
    true up to block ``seq`` and are superseded beyond.
    """

    seq: int
    hash: str
    at: str
    note: str
    mac: str

    @property
    def true_up_to(self) -> int | None:
        """The last block that a restore left in place, when this line accepts one."""
        return int(self.note.split(":", 2)[1]) if self.note.startswith(RESTORED) else None

    def text(self) -> str:
        return "\t".join((str(self.seq), self.hash, self.at, self.note, self.mac))


class BadLine(Exception):
    """``number`` is 1-based."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(reason)
        self.number = number
        self.reason = reason


class Sink(Protocol):
    """Another place that receives the anchor. ``write`` gets the whole file's lines and adds what it lacks."""

    name: str
    title: str

    def write(self, lines: Sequence[str]) -> None: ...


sinks: Registry[Sink] = Registry("审计锚点副本")


def file() -> Path:
    """``HRP_HOME/anchor/audit.log``."""
    return Path(settings.HRP_HOME) / "anchor" / "audit.log"


def key() -> bytes:
    """The signing key under ``HRP_HOME/secrets``, made at first use, readable by its owner only."""
    path = Path(settings.HRP_HOME) / "secrets" / "anchor.key"
    try:
        return bytes.fromhex(path.read_text().strip())
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".anchor.key.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as secret:
        secret.write(secrets.token_bytes(32).hex())
    with suppress(FileExistsError):  # another process was first; a key is never there half written
        os.link(draft, path)
    draft.unlink()
    return bytes.fromhex(path.read_text().strip())


def _mac(signer: bytes, before: str, seq: int, block_hash: str, at: str, note: str) -> str:
    text = "\t".join((before, str(seq), block_hash, at, note))
    return hmac.new(signer, text.encode(), hashlib.sha256).hexdigest()


def parse(text: str) -> list[Line]:
    """All lines of an anchor, each checked against the signature chain. Raises :class:`BadLine` at the first bad one."""
    signer = key()
    lines: list[Line] = []
    before = ""
    for number, raw in enumerate(text.splitlines(), start=1):
        parts = raw.split("\t")
        if len(parts) != 5 or not parts[0].isdigit():
            raise BadLine(number, "格式不对")
        line = Line(int(parts[0]), parts[1], parts[2], parts[3], parts[4])
        if not hmac.compare_digest(line.mac, _mac(signer, before, line.seq, line.hash, line.at, line.note)):
            raise BadLine(number, "签名不符")
        if lines and line.seq <= lines[-1].seq and not line.note.startswith(RESTORED):
            raise BadLine(number, "块号倒退")
        lines.append(line)
        before = line.mac
    return lines


def read(path: str | Path | None = None) -> list[Line]:
    """The anchor file (or a copy at ``path``); empty when there is none yet."""
    source = Path(path) if path else file()
    return parse(source.read_text(encoding="utf-8")) if source.exists() else []


def _mend(handle: int) -> None:
    """Cut off a last line that a kill or a full disk left without its end; it is written again from the database."""
    os.lseek(handle, 0, os.SEEK_SET)
    with os.fdopen(os.dup(handle), "rb") as stream:
        text = stream.read()
    if not text.endswith(b"\n"):
        os.ftruncate(handle, text.rfind(b"\n") + 1)


@contextmanager
def _opened() -> Iterator[int]:
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        _mend(handle)
        yield handle
    finally:
        os.close(handle)


def _append(handle: int, lines: list[Line], entries: Sequence[tuple[int, str, str, str]]) -> list[Line]:
    signer = key()
    added = []
    before = lines[-1].mac if lines else ""
    for seq, block_hash, at, note in entries:
        line = Line(seq, block_hash, at, note, _mac(signer, before, seq, block_hash, at, note))
        added.append(line)
        before = line.mac
    os.write(handle, "".join(f"{line.text()}\n" for line in added).encode())
    os.fsync(handle)
    return added


def extend() -> int:
    """Write the blocks that the anchor lacks, hand the anchor to every sink; return how many lines were added.

    Refuses to go on over a contradiction: if the last anchored block is not the one in the database, somebody
    rewrote or restored it, and signing the new state would bury that.
    """
    with _opened() as handle:
        lines = read()
        last = lines[-1] if lines else None
        if last is not None:
            kept = Block.objects.filter(pk=last.seq).values_list("hash", flat=True).first()
            if kept is None or bytes(kept).hex() != last.hash:
                raise Conflict(
                    f"审计链与库外锚点在第 {last.seq} 块不一致",
                    way_out="执行 hrp audit verify 查明；确系恢复备份的，由审计员执行 hrp audit accept-restore 并写明原因。",
                    code="anchor_mismatch",
                )
        fresh = Block.objects.filter(seq__gt=last.seq if last else 0).order_by("seq")
        entries = [(b.seq, bytes(b.hash).hex(), b.sealed_at.isoformat(), "") for b in fresh.iterator()]
        added = _append(handle, lines, entries) if entries else []
    if added or lines:
        _copy([line.text() for line in (*lines, *added)])
    return len(added)


def accept_restore(*, name: str, reason: str) -> Line:
    """Sign that the chain rightly ends earlier than the anchor, because a backup was restored.

    The line says who and why; lines after the accepted head stay readable and are reported as superseded.
    """
    reason = " ".join(f"{name} {reason}".split())
    with _opened() as handle:
        lines = read()
        hashes = {
            seq: bytes(value).hex() for seq, value in Block.objects.values_list("seq", "hash").iterator()
        }
        common = max((line.seq for line in lines if hashes.get(line.seq) == line.hash), default=0)
        head = Block.objects.order_by("-seq").first()
        seq, block_hash = (head.seq, bytes(head.hash).hex()) if head else (0, bytes(32).hex())
        line = _append(
            handle, lines, [(seq, block_hash, clock.now().isoformat(), f"{RESTORED}:{common}:{reason}")]
        )[0]
    _copy([one.text() for one in (*lines, line)])
    return line


def _copy(lines: Sequence[str]) -> None:
    failures = []
    for sink in sinks:
        try:
            sink.write(lines)
        except OSError as error:
            failures.append(f"{sink.title}：{error}")
    if failures:
        raise Conflict("；".join(failures), way_out="检查副本位置是否可写。", code="anchor_copy_failed")


class SecondPath:
    """A copy on another disk or a mounted share (``HRP_ANCHOR_COPY``); lines are only ever added to it."""

    name = "second_path"
    title = "第二路径"

    def write(self, lines: Sequence[str]) -> None:
        if not settings.AUDIT_ANCHOR_COPY:
            return
        path = Path(settings.AUDIT_ANCHOR_COPY)
        there = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        if there != list(lines[: len(there)]):
            raise OSError(f"{path} 与本机锚点不一致，未覆盖")
        missing = lines[len(there) :]
        if missing:
            with path.open("a", encoding="utf-8") as copy:
                copy.write("".join(f"{line}\n" for line in missing))
                copy.flush()
                os.fsync(copy.fileno())


def mail_head() -> None:
    """Mail the last line to ``HRP_ANCHOR_MAIL``, if given: a copy that nobody here can take back."""
    lines = read()
    if not settings.AUDIT_ANCHOR_MAIL or not settings.EMAIL_HOST or not lines:
        return
    last = lines[-1]
    send_mail(
        f"审计链头 #{last.seq} {last.hash[:16]}",
        f"请保存本邮件。核对命令：hrp audit verify\n\n{last.text()}\n",
        None,
        [settings.AUDIT_ANCHOR_MAIL],
    )
