"""Channels are plug-ins: a name, a title, and how to deliver one message."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from django.conf import settings
from django.core.mail import EmailMessage

from hrp.platform.base.registry import Registry
from hrp.platform.notify.models import Message


class NotApplicable(Exception):
    """The channel cannot reach this person at all (no address): not an error, and not tried again."""


@runtime_checkable
class Channel(Protocol):
    """``deliver`` returns the address it reached, raises :class:`NotApplicable`, or any error to be tried again.

    ``name`` is stable and stored; ``immediate`` channels need no job because the stored message is the delivery;
    ``default`` says whether people who chose nothing receive through it.
    """

    name: str
    title: str
    immediate: bool
    default: bool

    def deliver(self, message: Message) -> str: ...


class InApp:
    """The bell: the message row itself."""

    name = "in_app"
    title = "站内消息"
    immediate = True
    default = True

    def deliver(self, message: Message) -> str:
        return ""


class Email:
    """E-mail through the hospital's own server (``HRP_SMTP_URL``)."""

    name = "email"
    title = "电子邮件"
    immediate = False
    default = True

    def deliver(self, message: Message) -> str:
        address = getattr(message.recipient, "email", "")
        if not address:
            raise NotApplicable("没有邮箱地址")
        if not settings.EMAIL_HOST:
            raise NotApplicable("未配置邮件服务器（HRP_SMTP_URL）")
        link = f"{settings.HRP_PUBLIC_URL}{message.url}" if message.url.startswith("/") else message.url
        # A worker may die between sending and writing that down: the same Message-ID lets mail readers drop the copy.
        mail = EmailMessage(
            subject=" ".join(message.title.split()),
            body="\n\n".join(part for part in (message.body, link) if part),
            to=[address],
            headers={"Message-ID": f"<hrp-message-{message.pk}@{settings.EMAIL_DOMAIN}>"},
        )
        mail.send()
        return address


channels: Registry[Channel] = Registry("消息渠道")


def register(channel: Channel) -> Channel:
    return channels.register(channel.name, channel)
