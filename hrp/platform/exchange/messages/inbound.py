"""What a partner says to us: proven to be its own, kept, done once, and answered the same however often it is told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from hrp.platform.access.models import User
from hrp.platform.base import clock, origin, vault
from hrp.platform.base.refusals import Invalid, Problem, Refusal
from hrp.platform.base.registry import Registry
from hrp.platform.exchange.models import Partner, PartnerMessage
from hrp.platform.notify import signing

State = PartnerMessage.State
Handle = Callable[[User, Partner, Mapping[str, Any]], Mapping[str, Any]]

MOST_KEY = 200


@dataclass(frozen=True)
class Handler:
    """Does what messages of a kind ask for; what it returns is the answer. A refusal is an answer too."""

    kind: str
    title: str
    handle: Handle


handlers: Registry[Handler] = Registry("接口消息处理")


def register(handler: Handler) -> Handler:
    return handlers.register(handler.kind, handler)


@dataclass(frozen=True)
class Answer:
    """``repeated`` when the message had been taken before."""

    body: Mapping[str, Any]
    status: int
    repeated: bool


def authenticated(code: str, *, timestamp: str, signature: str, body: bytes) -> Partner | None:
    """The partner that signed this body just now, or None."""
    found = (
        Partner.objects.select_related("user").filter(code=code, is_active=True, user__isnull=False).first()
    )
    if found is None or not found.secret:
        return None
    secret = vault.unseal(found.secret)
    return found if signing.verify(secret, timestamp, body, signature, now=int(time.time())) else None


def take(sender: Partner, raw: bytes) -> Answer:
    """Take one message. What was refused may be sent again under a new key; what was done is only answered again."""
    kind, key, body = _read(raw)
    with transaction.atomic():
        message, _created = PartnerMessage.objects.get_or_create(
            partner=sender, direction=PartnerMessage.Direction.IN, kind=kind, key=key,
            defaults={"body": body, "state": State.WAITING, "created_at": clock.now()},
        )  # fmt: skip
        message = PartnerMessage.objects.select_for_update().get(pk=message.pk)
        if message.state != State.WAITING:
            return Answer(message.answer or {}, 200 if message.state == State.HANDLED else 422, True)
        return _handle(sender, message)


def _handle(sender: Partner, message: PartnerMessage) -> Answer:
    """Run the handler in a savepoint: a refusal leaves nothing but the record of having been refused."""
    assert sender.user is not None  # noqa: S101 - authenticated() asks for it
    status = 200
    try:
        with transaction.atomic(), origin.acting(sender.user):
            answer = dict(handlers[message.kind].handle(sender.user, sender, message.body))
        message.state = State.HANDLED
    except Refusal as refusal:
        answer, status, message.state = refusal.as_dict(), 422, State.REFUSED
        message.error = refusal.reason[:500]
    message.attempts += 1
    message.answer, message.settled_at = answer, clock.now()
    message.source = str(answer.get("source", ""))[:100]
    message.save()
    return Answer(answer, status, False)


def _read(raw: bytes) -> tuple[str, str, dict[str, Any]]:
    try:
        given = json.loads(raw)
    except ValueError:
        given = None
    if not isinstance(given, dict) or not isinstance(given.get("body"), dict):
        raise Invalid("内容不是接口消息", code="message_body", way_out="应为 {id, kind, body} 的 JSON 对象。")
    kind, key = str(given.get("kind", "")), str(given.get("id", ""))
    problems = []
    if kind not in handlers:
        problems.append(Problem(f"没有“{kind[:40]}”这类消息", field="kind"))
    if not 0 < len(key) <= MOST_KEY or not key.isprintable():
        problems.append(Problem(f"应为 1 至 {MOST_KEY} 个可见字符", field="id"))
    if problems:
        raise Invalid("接口消息不对", code="message_body", problems=problems, way_out="请核对接口约定。")
    return kind, key, given["body"]
