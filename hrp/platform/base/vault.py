"""Secrets at rest: AES-256-GCM under a key that lies in the data folder, never in the database."""

from __future__ import annotations

import base64
import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from hrp.platform.base.refusals import Conflict

_MARK = "v1:"
_NONCE_BYTES = 12


@lru_cache
def _key(path: Path) -> bytes:
    """The key of this installation, made at its first use. Two first users at once agree on one key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        if not path.exists():
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(base64.b64encode(AESGCM.generate_key(256)))
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # somebody was first: theirs is the key
                os.link(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
    return base64.b64decode(path.read_bytes())


def _key_file() -> Path:
    return Path(settings.HRP_HOME) / "secrets" / "vault.key"


def seal(text: str) -> str:
    """Encrypt ``text``. The result is printable and different each time."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(_key(_key_file())).encrypt(nonce, text.encode(), None)
    return _MARK + base64.b64encode(nonce + sealed).decode()


def unseal(sealed: str) -> str:
    """Decrypt what :func:`seal` made. Refuses (Conflict, ``vault_key``) when the key is another one."""
    try:
        raw = base64.b64decode(sealed.removeprefix(_MARK).encode(), validate=True)
        opened = AESGCM(_key(_key_file())).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None)
    except (InvalidTag, ValueError) as error:
        raise Conflict(
            "无法解密已保存的密钥。",
            code="vault_key",
            way_out="数据目录下 secrets/vault.key 与数据库不匹配：请恢复与数据库同一备份的密钥文件；"
            "做不到的，双因子请安全管理员重置，渠道密钥请重新填写。",
        ) from error
    return opened.decode()
