"""Saying something to a partner."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction

from hrp.platform.base import clock, vault
from hrp.platform.base.origin import Actor
from hrp.platform.base.refusals import Conflict, NotFound
from hrp.platform.base.registry import Registry
from hrp.platform.exchange.models import Partner, PartnerAttempt, PartnerMessage
from hrp.platform.jobs.services import defer
from hrp.platform.notify import http, signing

State = PartnerMessage.State

#: Seven tries over 27 hours: at once, then after 10 s, 1 min, 10 min, 1 h, 6 h, 20 h.
SCHEDULE = (10, 60, 600, 3600, 21_600, 72_000)

IDEMPOTENCY_KEY = "Idempotency-Key"

Answered = Callable[[PartnerMessage], object]
answers: Registry[Answered] = Registry("接口回答")
given_up: Registry[Answered] = Registry("接口失败")


def on_answer(kind: str, function: Answered) -> None:
    """What is done, in the transaction that settles the message, when a partner has answered one of this kind."""
    answers.register(kind, function)


def on_given_up(kind: str, function: Answered) -> None:
    """What is done, in the transaction that settles the message, when one of this kind is given up."""
    given_up.register(kind, function)


def partner(code: str) -> Partner | None:
    """An active partner that can be written to."""
    return Partner.objects.filter(code=code, is_active=True).exclude(url="").first()


@transaction.atomic
def send(*, to: Partner, kind: str, key: str, body: Mapping[str, Any], source: str = "") -> PartnerMessage:
    """Write a message down and queue it, in the caller's transaction. The same key again is the same message."""
    found, created = PartnerMessage.objects.get_or_create(
        partner=to, direction=PartnerMessage.Direction.OUT, kind=kind, key=key,
        defaults={"body": dict(body), "source": source, "state": State.WAITING, "created_at": clock.now()},
    )  # fmt: skip
    if created:
        _queue(found)
    return found


def _queue(message: PartnerMessage) -> None:
    from hrp.platform.exchange.jobs import deliver

    defer(deliver, actor=None, message=message.pk)


@transaction.atomic
def send_again(*, message: PartnerMessage, actor: Actor) -> None:
    """A person has one that was given up tried anew. The key stays, so the partner takes it once at most."""
    fresh = PartnerMessage.objects.select_for_update().filter(pk=message.pk).first()
    if fresh is None:
        raise NotFound("没有这条接口消息", way_out="请刷新页面。")
    if fresh.direction != PartnerMessage.Direction.OUT or fresh.state != State.EXHAUSTED:
        raise Conflict(
            f"{fresh} {fresh.get_state_display()}，无须重发", code="not_exhausted", way_out="请刷新页面查看。"
        )
    fresh.state, fresh.attempts, fresh.settled_at = State.WAITING, 0, None
    fresh.save(update_fields=["state", "attempts", "settled_at"])
    _queue(fresh)


def attempt(message_id: int) -> None:
    """Try once. What came of it is kept; an error is raised again so that the queue tries later."""
    message = PartnerMessage.objects.select_related("partner").filter(pk=message_id).first()
    if message is None or message.state != State.WAITING:
        return
    started = time.perf_counter()
    said, error = b"", ""
    failure: Exception | None = None
    try:
        said = _post(message)
        answer = json.loads(said) if said.strip() else None
    except Exception as raised:
        failure, error = raised, f"{type(raised).__name__}: {raised}"
    took = round((time.perf_counter() - started) * 1000)
    with transaction.atomic():
        fresh = PartnerMessage.objects.select_for_update().get(pk=message_id)
        PartnerAttempt.objects.create(
            message=fresh, at=clock.now(), ok=failure is None, took_ms=took,
            said=said.decode(errors="replace")[:4000], error=error[:500],
        )  # fmt: skip
        if fresh.state != State.WAITING:
            return
        fresh.attempts += 1
        fresh.error = error[:500]
        if failure is None:
            fresh.state, fresh.answer, fresh.settled_at = State.DELIVERED, answer, clock.now()
            fresh.save()
            if (tell := answers.get(fresh.kind)) is not None:
                tell(fresh)
            return
        if fresh.attempts > len(SCHEDULE):
            fresh.state, fresh.settled_at = State.EXHAUSTED, clock.now()
        fresh.save()
        if fresh.state == State.EXHAUSTED and (tell := given_up.get(fresh.kind)) is not None:
            tell(fresh)
    raise failure


def _post(message: PartnerMessage) -> bytes:
    to = message.partner
    if not to.is_active:
        raise http.GatewayError("接口伙伴已停用")
    body = json.dumps(
        {"id": message.key, "kind": message.kind, "body": message.body}, ensure_ascii=False, sort_keys=True
    ).encode()
    stamp = int(time.time())
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        IDEMPOTENCY_KEY: message.key,
        signing.TIMESTAMP: str(stamp),
    }
    if to.secret:
        headers[signing.SIGNATURE] = signing.sign(vault.unseal(to.secret), stamp, body)
    return http.request(
        to.url,
        allowed=http.allowed_pairs(to.allowed),
        timeout_s=float(to.timeout_s),
        body=body,
        headers=headers,
    )
