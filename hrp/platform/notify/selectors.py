"""Named reads of the message centre."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from hrp.platform.base.origin import Actor
from hrp.platform.notify.channels import channels
from hrp.platform.notify.kinds import kinds
from hrp.platform.notify.models import Delivery, Message, Preference


def unread_count(actor: Actor) -> int:
    """How many unread messages the actor has: one query on a partial index."""
    return Message.objects.filter(recipient=actor.pk, read_at=None).count()


def inbox(actor: Actor, *, unread_only: bool = False) -> QuerySet[Message]:
    """The actor's messages, newest first; page it by keyset on ``-id``."""
    mine = Message.objects.filter(recipient=actor.pk)
    return mine.filter(read_at=None) if unread_only else mine


def deliveries(*, exhausted_only: bool = False) -> QuerySet[Delivery]:
    """Deliveries with their messages and recipients, newest first, for the administrator's page."""
    found = Delivery.objects.select_related("message__recipient").order_by("-id")
    return found.filter(state=Delivery.State.EXHAUSTED) if exhausted_only else found


@dataclass(frozen=True)
class Choice:
    """One cell of the preferences page."""

    kind: str
    kind_title: str
    channel: str
    channel_title: str
    wanted: bool
    locked: bool


def preferences(actor: Actor) -> list[Choice]:
    """Every declared kind by every channel, with the actor's choice or the default. ``locked`` ones are mandatory."""
    chosen = {
        (kind, channel): wanted
        for kind, channel, wanted in Preference.objects.filter(user=actor.pk).values_list(
            "kind", "channel", "wanted"
        )
    }
    return [
        Choice(
            kind.code,
            kind.title,
            channel.name,
            channel.title,
            wanted=(kind.mandatory and channel.immediate)
            or chosen.get((kind.code, channel.name), channel.default),
            locked=kind.mandatory and channel.immediate,
        )
        for kind in kinds
        for channel in channels
    ]
