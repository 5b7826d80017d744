"""Carrying one stored message to its partner, and telling whoever asked what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPException

from django.db import transaction

from hrp.platform.base import clock, vault
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.base.registry import Registry
from hrp.platform.exchange.models import Message
from hrp.platform.notify import http, signing
from hrp.platform.notify.http import GatewayError

Settled = Callable[[Message], None]
_listeners: Registry[Settled] = Registry("接口消息")


def when_settled(kind: str, function: Settled) -> None:
    """Let ``function`` know, in the transaction that writes it down, that a message of ``kind`` was sent or failed."""
    _listeners.register(kind, function)


def address(message: Message) -> str:
    """Where a message goes: its kind below the partner's address."""
    return f"{message.partner.base_url.rstrip('/')}/{message.kind}"


def deliver(message: Message, *, last: bool) -> None:
    """Try once and write down what came of it; an error is raised again for the queue unless it was the ``last`` try."""
    partner = message.partner
    content = json.dumps(message.body, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "HRP",
        "Idempotency-Key": f"{message.kind}:{message.key}",
    }
    try:
        if partner.secret:
            stamp = int(clock.now().timestamp())
            signature = signing.sign(vault.unseal(partner.secret), stamp, content)
            headers |= {signing.TIMESTAMP: str(stamp), signing.SIGNATURE: signature}
        said = http.request(
            address(message),
            body=content,
            headers=headers,
            allowed=frozenset({http.pair_of(partner.base_url)}),
            timeout_s=partner.timeout_s,
        )
    except (GatewayError, OSError, HTTPException, Conflict, Invalid) as error:
        state = Message.State.FAILED if last else Message.State.WAITING
        _settle(message, state=state, error=f"{type(error).__name__}: {error}")
        if not last:
            raise
    else:
        _settle(message, state=Message.State.SENT, answer=said.decode(errors="replace")[:4000])


@transaction.atomic
def _settle(message: Message, *, state: str, error: str = "", answer: str = "") -> None:
    now = clock.now()
    row = Message.objects.select_for_update().get(pk=message.pk)
    if row.state == Message.State.SENT:
        return
    row.state, row.error, row.answer, row.tried_at = state, error[:500], answer, now
    row.attempts += 1
    row.sent_at = now if state == Message.State.SENT else None
    row.save(update_fields=["state", "error", "answer", "tried_at", "attempts", "sent_at"])
    listener = _listeners.get(row.kind)
    if listener is not None and state != Message.State.WAITING:
        listener(row)
