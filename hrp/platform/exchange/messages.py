"""Telling partners: a message is stored in the caller's transaction and delivered afterwards, again and again.

What must never be undone by a dead network (who received this implant) is committed together with the message that tells
others of it. The partner may get one twice and knows it by its ``Idempotency-Key``; it is never lost.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from hrp.platform.base import clock, vault
from hrp.platform.base.refusals import Conflict, Invalid, NotFound, Problem
from hrp.platform.exchange import jobs
from hrp.platform.exchange.delivering import when_settled
from hrp.platform.exchange.models import Message, Partner
from hrp.platform.notify import http

__all__ = ["save_partner", "send", "send_again", "set_secret", "when_settled"]


def send(*, partner: str, kind: str, key: str, body: dict[str, Any]) -> Message:
    """Store one message for a partner and have it delivered; the same kind and key again give the stored one back.

    Raises NotFound for a partner that is not registered. One that is switched off is told when it is switched on again.
    """
    if not f"{kind}{key}".isascii():
        raise ValueError(f"{kind}:{key} goes into a header")
    found = Partner.objects.filter(code=partner).first()
    if found is None:
        raise NotFound(
            f"没有登记接口伙伴 {partner}",
            way_out="请系统管理员在 设置 → 接口 → 接口伙伴 中登记。",
            code="no_partner",
        )
    with transaction.atomic():
        message, created = Message.objects.get_or_create(
            partner=found, kind=kind, key=key, defaults={"body": body, "created_at": clock.now()}
        )
        if created and found.is_active:
            jobs.queue([message.pk])
    return message


@transaction.atomic
def send_again(message: Message) -> None:
    """Put a failed or waiting message back in the queue with a fresh schedule."""
    row = Message.objects.select_for_update().get(pk=message.pk)
    if row.state == Message.State.SENT:
        raise Conflict(
            f"{row} 已于 {clock.local(row.sent_at or row.created_at):%m-%d %H:%M} 送达", way_out="无需重发。"
        )
    row.state, row.attempts, row.error = Message.State.WAITING, 0, ""
    row.save(update_fields=["state", "attempts", "error"])
    jobs.queue([row.pk])


# -- the register of partners ----------------------------------------------------------------------------------

FIELDS = ("code", "name", "base_url", "timeout_s", "is_active")


@transaction.atomic
def save_partner(*, pk: int | None, values: dict[str, Any]) -> Partner:
    """Register a partner or change it, all but its secret. One switched on again is told what it missed."""
    row = Partner() if pk is None else Partner.objects.select_for_update().get(pk=pk)
    was_active = pk is not None and row.is_active
    for name in FIELDS:
        if name in values and not (name == "code" and pk is not None):
            setattr(row, name, values[name])
    row.timeout_s = int(row.timeout_s or 10)
    problems = []
    if not row.code.strip() or Partner.objects.filter(code=row.code).exclude(pk=row.pk).exists():
        problems.append(Problem("请填写未用过的编码", field="code"))
    if not 1 <= row.timeout_s <= 60:
        problems.append(Problem("1 到 60 秒", field="timeout_s"))
    try:
        http.split(row.base_url)
    except Invalid as refusal:
        problems += [Problem(p.message, field="base_url") for p in refusal.problems]
    if problems:
        raise Invalid("接口伙伴有误，没有保存", problems=problems, way_out="请按标红处修改。")
    row.save()
    if row.is_active and not was_active:
        missed = Message.objects.filter(partner=row, state=Message.State.WAITING).order_by("pk")
        jobs.queue(list(missed.values_list("pk", flat=True)))
    return row


@transaction.atomic
def set_secret(*, partner: Partner, secret: str) -> None:
    """Replace the secret calls are signed with; nobody can read it back."""
    if not secret.strip():
        raise Invalid("密钥为空", way_out="请粘贴与对方约定的密钥。")
    Partner.objects.select_for_update().filter(pk=partner.pk).update(secret=vault.seal(secret.strip()))
