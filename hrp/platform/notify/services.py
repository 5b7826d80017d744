"""Telling people, and their saying that they have read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from hrp.platform.base import clock
from hrp.platform.base.origin import Actor
from hrp.platform.jobs.services import batch_defer
from hrp.platform.notify import jobs
from hrp.platform.notify.channels import Channel, channels
from hrp.platform.notify.kinds import kinds
from hrp.platform.notify.models import Delivery, Message, Preference


def notify(
    *, recipients: Iterable[Any], kind: str, title: str, body: str = "", url: str = "", dedupe_key: str = ""
) -> list[int]:
    """Write one message per recipient in the caller's transaction and queue its deliveries; return message pks.

    ``recipients`` are users or their pks; repeated ones count once. ``url`` is a path of the application. With
    ``dedupe_key`` a person who already has a message of that key gets no second one, even under concurrency.
    """
    ids = sorted({int(getattr(person, "pk", person)) for person in recipients})
    if not ids:
        return []
    with transaction.atomic():
        messages = _write(ids, kind=kind, title=title[:200], body=body, url=url[:300], dedupe_key=dedupe_key)
        _send(messages, kind)
    return [message.pk for message in messages]


def _write(
    ids: Sequence[int], *, kind: str, title: str, body: str, url: str, dedupe_key: str
) -> list[Message]:
    now = clock.now()
    rows = [
        Message(
            recipient_id=pk, kind=kind, title=title, body=body, url=url, dedupe_key=dedupe_key, created_at=now
        )
        for pk in ids
    ]
    if not dedupe_key:
        return Message.objects.bulk_create(rows)
    known = set(
        Message.objects.filter(recipient__in=ids, dedupe_key=dedupe_key).values_list(
            "recipient_id", flat=True
        )
    )
    fresh = [row for row in rows if row.recipient_id not in known]
    Message.objects.bulk_create(fresh, ignore_conflicts=True)
    return list(
        Message.objects.filter(
            recipient__in=[row.recipient_id for row in fresh], dedupe_key=dedupe_key, deliveries=None
        )
    )


def _send(messages: Sequence[Message], kind: str) -> None:
    chosen = {
        (user, channel): wanted
        for user, channel, wanted in Preference.objects.filter(
            user__in=[message.recipient_id for message in messages], kind=kind
        ).values_list("user_id", "channel", "wanted")
    }
    declared = kinds.get(kind)
    now = clock.now()
    deliveries, silent = [], set()
    for message in messages:
        for channel in channels:
            insisted = channel.immediate and declared is not None and declared.mandatory
            if insisted or chosen.get((message.recipient_id, channel.name), channel.default):
                deliveries.append(_delivery(message, channel, now))
            elif channel.immediate:
                silent.add(message.pk)
    if silent:
        # kept for the message centre, but it does not ring
        Message.objects.filter(pk__in=silent).update(read_at=now)
    waiting = [d for d in Delivery.objects.bulk_create(deliveries) if d.state == Delivery.State.WAITING]
    batch_defer(jobs.deliver, actor=None, arguments=[{"delivery": d.pk} for d in waiting])


def _delivery(message: Message, channel: Channel, now: Any) -> Delivery:
    if channel.immediate:
        return Delivery(
            message=message, channel=channel.name, state=Delivery.State.DELIVERED, delivered_at=now
        )
    return Delivery(message=message, channel=channel.name)


def mark_read(*, actor: Actor, messages: Iterable[int] | None = None) -> int:
    """Mark the actor's own messages as read, all of them when ``messages`` is None; return how many were unread.

    Pks of other people's messages are ignored: one cannot learn from the answer whether they exist.
    """
    mine = Message.objects.filter(recipient=actor.pk, read_at=None)
    if messages is not None:
        mine = mine.filter(pk__in=list(messages))
    return mine.update(read_at=clock.now())


def set_preference(*, actor: Actor, kind: str, channel: str, wanted: bool) -> None:
    """Choose whether messages of ``kind`` reach the actor through ``channel``."""
    Preference.objects.update_or_create(
        user_id=actor.pk, kind=kind, channel=channel, defaults={"wanted": wanted}
    )


def deliver_again(*, delivery: int) -> None:
    """Put an exhausted delivery back in the queue with a fresh schedule."""
    with transaction.atomic():
        renewed = Delivery.objects.filter(pk=delivery, state=Delivery.State.EXHAUSTED).update(
            state=Delivery.State.WAITING, attempts=0, error=""
        )
        if renewed:
            batch_defer(jobs.deliver, actor=None, arguments=[{"delivery": delivery}])
