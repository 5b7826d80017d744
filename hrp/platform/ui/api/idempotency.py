"""The same write asked for twice is done once: ``Idempotency-Key`` with a fingerprint of the request."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid
from hrp.platform.ui.models import IdempotencyKey

HEADER = "Idempotency-Key"
LONGEST = 255
KEEP = dt.timedelta(days=30)

Answer = tuple[int, dict[str, Any]]


def fingerprint(request: HttpRequest) -> str:
    given = f"{request.method} {request.path}\n".encode() + request.body
    return hashlib.sha256(given).hexdigest()


def once(request: HttpRequest, actor: User, work: Callable[[], Answer]) -> tuple[int, dict[str, Any], bool]:
    """Status, body and whether this answer was given before. A refused write keeps no key and may be tried again.

    Two at the same time: the second waits on the unique key until the first commits, then gets its answer.
    """
    key = request.headers.get(HEADER, "")
    if not key:
        return (*work(), False)
    if len(key) > LONGEST or not key.isprintable():
        raise Invalid(
            _("{header} 最多 {most} 个可见字符。").format(header=HEADER, most=LONGEST),
            way_out=_("请使用 UUID。"),
            code="idempotency_key",
        )
    mark = fingerprint(request)
    try:
        with transaction.atomic():
            row = IdempotencyKey.objects.create(user=actor, key=key, fingerprint=mark, created_at=clock.now())
            status, body = work()
            row.status, row.answer = status, json.loads(json.dumps(body, default=str))
            row.save(update_fields=["status", "answer"])
    except IntegrityError:
        known = IdempotencyKey.objects.filter(user=actor, key=key).first()
        if known is None:
            raise
        return _replayed(known, mark)
    return status, body, False


def _replayed(known: IdempotencyKey, mark: str) -> tuple[int, dict[str, Any], bool]:
    if known.fingerprint != mark:
        raise Invalid(
            _("这个 {header} 已用于另一个请求。").format(header=HEADER),
            way_out=_("每个不同的请求请使用新的键。"),
            code="idempotency_mismatch",
        )
    return known.status or 200, known.answer or {}, True


def purge() -> int:
    """Forget keys past their time; returns how many."""
    gone, _by_model = IdempotencyKey.objects.filter(created_at__lt=clock.now() - KEEP).delete()
    return gone
