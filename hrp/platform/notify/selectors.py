"""Named reads of the message centre."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Min, QuerySet

from hrp.platform.base import clock
from hrp.platform.base.origin import Actor
from hrp.platform.notify import gateways
from hrp.platform.notify.channels import channels
from hrp.platform.notify.kinds import kinds
from hrp.platform.notify.models import ContactPoint, Delivery, Gateway, GatewayTest, Message, Preference


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
        for channel in (*channels, *gateways.active())
    ]


KNOWN_TRANSPORTS = {
    "voice": False,
    "sms": False,
    "wecom": True,
    "dingtalk": True,
    "webhook": True,
    "email": True,
}
"""Transports by their usual names, and whether each is dead without the internet, until a gateway says otherwise."""

PAGERS = ("voice", "sms")
"""Kinds of gateway that reach a person's telephone."""


def transports() -> dict[str, bool]:
    """Every transport a chain may name, and whether it needs the internet: as set up, else as usual."""
    return KNOWN_TRANSPORTS | dict(Gateway.objects.values_list("code", "needs_internet"))


def live_transports() -> list[str]:
    """Names of the channels that can carry something out of the application now, gateways first."""
    mail = ["email"] if settings.EMAIL_HOST else []
    return [channel.name for channel in gateways.active()] + mail


def titles() -> dict[str, str]:
    """What each channel is called, by name; switched-off gateways included."""
    usual = {"voice": "语音", "sms": "短信", "wecom": "企业微信", "dingtalk": "钉钉", "webhook": "Webhook"}
    own = {channel.name: channel.title for channel in channels}
    return usual | own | dict(Gateway.objects.values_list("code", "title"))


def phone_of(user_id: int) -> str:
    """A person's mobile number; empty when none is on file."""
    return (
        ContactPoint.objects.filter(user_id=user_id, kind="mobile").values_list("address", flat=True).first()
        or ""
    )


def phones() -> dict[int, str]:
    """Mobile numbers by user."""
    return dict(ContactPoint.objects.filter(kind="mobile").values_list("user_id", "address"))


def tests(gateway: Gateway) -> QuerySet[GatewayTest]:
    """The self-tests of a gateway, newest first."""
    return GatewayTest.objects.filter(gateway=gateway).select_related("by").order_by("-id")


def passed_test_days(begin: dt.datetime, end: dt.datetime) -> set[dt.date]:
    """Days of the hospital on which a gateway that works without the internet passed its self-test."""
    moments = GatewayTest.objects.filter(
        at__gte=begin, at__lt=end, passed=True, gateway__needs_internet=False, gateway__kind__in=PAGERS
    ).values_list("at", flat=True)
    return {clock.local(at).date() for at in moments}


def first_deliveries(kind: str, begin: dt.datetime, until: dt.datetime) -> list[tuple[str, int, dt.datetime]]:
    """(de-duplication key, recipient, first delivery by any channel) of a kind's messages written in the time."""
    rows = (
        Delivery.objects.filter(
            message__kind=kind,
            message__created_at__gte=begin,
            message__created_at__lte=until,
            state=Delivery.State.DELIVERED,
            delivered_at__lte=until,
        )
        .values_list("message__dedupe_key", "message__recipient_id")
        .annotate(first=Min("delivered_at"))
    )
    return list(rows.order_by("first"))
