"""Saying something to users, in the transaction of the act it speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from hrp.platform.base import clock
from hrp.platform.notify.models import Message


class Recipient(Protocol):
    pk: Any


def notify(
    *,
    recipients: Sequence[Recipient],
    kind: str,
    title: str,
    body: str = "",
    url: str = "",
    dedupe_key: str = "",
) -> None:
    """Leave a message with each recipient; the same ``dedupe_key`` reaches a person once."""
    now = clock.now()
    Message.objects.bulk_create(
        (
            Message(
                recipient_id=person.pk, kind=kind, title=title[:200], body=body, url=url, created_at=now,
                dedupe_key=dedupe_key,
            )
            for person in recipients
        ),
        ignore_conflicts=True,
    )  # fmt: skip
