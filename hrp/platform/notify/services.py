"""Telling people, and their saying that they have read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from hrp.platform.base import clock
from hrp.platform.base.origin import Actor
from hrp.platform.jobs.services import batch_defer
from hrp.platform.notify import jobs
from hrp.platform.notify.channels import Channel, channels
from hrp.platform.notify.kinds import kinds
from hrp.platform.notify.models import Delivery, Message, Preference


@dataclass(frozen=True)
class Notice:
    """One thing several people should know; ``recipients`` are user pks. ``dedupe_key`` as for :func:`notify`."""

    recipients: tuple[int, ...]
    kind: str
    title: str
    body: str = ""
    url: str = ""
    dedupe_key: str = ""


def notify(
    *, recipients: Iterable[Any], kind: str, title: str, body: str = "", url: str = "", dedupe_key: str = ""
) -> list[int]:
    """Write one message per recipient in the caller's transaction and queue its deliveries; return message pks.

    ``recipients`` are users or their pks; repeated ones count once. ``url`` is a path of the application. With
    ``dedupe_key`` a person who already has a message of that key gets no second one, even under concurrency.
    """
    ids = tuple(sorted({int(getattr(person, "pk", person)) for person in recipients}))
    return notify_many([Notice(ids, kind, title, body, url, dedupe_key)])


def notify_many(notices: Sequence[Notice]) -> list[int]:
    """As :func:`notify`, for many notices in a handful of statements."""
    found: list[int] = []
    by_kind: dict[str, list[Notice]] = {}
    for notice in notices:
        if notice.recipients:
            by_kind.setdefault(notice.kind, []).append(notice)
    if not by_kind:
        return found
    with transaction.atomic():
        for kind, some in by_kind.items():
            messages = _write(some)
            _send(messages, kind)
            found += [message.pk for message in messages]
    return found


def _write(notices: Sequence[Notice]) -> list[Message]:
    now = clock.now()
    rows = [
        Message(
            recipient_id=pk,
            kind=notice.kind,
            title=notice.title[:200],
            body=notice.body,
            url=notice.url[:300],
            dedupe_key=notice.dedupe_key,
            created_at=now,
        )
        for notice in notices
        for pk in notice.recipients
    ]
    plain = Message.objects.bulk_create([row for row in rows if not row.dedupe_key])
    return [*plain, *_write_once([row for row in rows if row.dedupe_key])]


def _write_once(rows: Sequence[Message]) -> list[Message]:
    """Of rows with a dedupe key, those that nobody has written before, written now."""
    if not rows:
        return []
    mine = Message.objects.filter(
        recipient__in={row.recipient_id for row in rows}, dedupe_key__in={row.dedupe_key for row in rows}
    )
    known = set(mine.values_list("recipient_id", "dedupe_key"))
    fresh = {
        (row.recipient_id, row.dedupe_key): row
        for row in rows
        if (row.recipient_id, row.dedupe_key) not in known
    }
    Message.objects.bulk_create(fresh.values(), ignore_conflicts=True)
    return [
        message
        for message in mine.filter(deliveries=None)
        if (message.recipient_id, message.dedupe_key) in fresh
    ]


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
