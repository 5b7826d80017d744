"""Gateways as channels: the settings an administrator keeps, made into something that delivers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.conf import settings

from hrp.platform.base import vault
from hrp.platform.base.stamps import Memo
from hrp.platform.notify import adapters, http
from hrp.platform.notify.adapters import Letter, Setup
from hrp.platform.notify.channels import Channel, NotApplicable
from hrp.platform.notify.models import ContactPoint, Gateway, GatewayTest, Message


@dataclass
class HttpChannel:
    """An active gateway. Holds no secret: that is unsealed for the moment of a delivery."""

    name: str
    title: str
    default: bool
    kind: str
    needs_internet: bool
    immediate: bool = False

    def deliver(self, message: Message) -> str:
        gateway = Gateway.objects.filter(code=self.name, is_active=True).first()
        if gateway is None:
            raise NotApplicable("渠道已停用")
        try:
            return adapters.deliver(setup_of(gateway), letter_of(message))
        except adapters.NoAddress as reason:
            raise NotApplicable(str(reason)) from reason


_known: Memo[tuple[HttpChannel, ...]] = Memo("gateways")


def active() -> tuple[HttpChannel, ...]:
    """The channels of all active gateways, by code; remembered until an administrator changes one."""
    return _known.get("active", _read)


def _read() -> tuple[HttpChannel, ...]:
    return tuple(
        HttpChannel(row.code, row.title, row.by_default, row.kind, row.needs_internet)
        for row in Gateway.objects.filter(is_active=True).order_by("code")
    )


def get(name: str) -> Channel | None:
    return next((channel for channel in active() if channel.name == name), None)


def setup_of(gateway: Gateway) -> Setup:
    """The settings with the secret in the clear. Raises Conflict (``vault_key``) when it cannot be unsealed."""
    return Setup(
        code=gateway.code,
        kind=gateway.kind,
        url=gateway.url,
        allowed=http.allowed_pairs(gateway.allowed),
        secret=vault.unseal(gateway.secret) if gateway.secret else "",
        account=gateway.account,
        headers=gateway.headers,
        body=gateway.body,
        expects=gateway.expects,
        timeout_s=gateway.timeout_s,
    )


def addresses_of(user: Any) -> dict[str, str]:
    """A person's contact points by kind; the telephone of the account stands in for a missing mobile."""
    found = dict(ContactPoint.objects.filter(user_id=user.pk).values_list("kind", "address"))
    phone = getattr(user, "phone", "")
    if phone and "mobile" not in found:
        found["mobile"] = phone
    return found


def letter_of(message: Message) -> Letter:
    link = f"{settings.HRP_PUBLIC_URL}{message.url}" if message.url.startswith("/") else message.url
    return Letter(
        id=str(message.pk),
        kind=message.kind,
        title=" ".join(message.title.split()),
        text=message.body,
        link=link,
        name=message.recipient.display_name,
        addresses=addresses_of(message.recipient),
    )


def self_test(gateway: Gateway, *, by: Any = None) -> GatewayTest:
    """Send a test to the gateway's own test address, now, and keep what came of it. Never raises."""
    kinds = ("mobile", "wecom", "dingtalk")
    addresses = dict.fromkeys(kinds, gateway.test_address) if gateway.test_address else {}
    letter = Letter(
        id=f"test-{uuid4().hex[:12]}",
        kind="notify.self_test",
        title="HRP 渠道自检",
        text="这是系统的例行自检，无需处理。",
        link=settings.HRP_PUBLIC_URL,
        name="自检",
        addresses=addresses,
    )
    started = time.perf_counter()
    address, error = "", ""
    try:
        address = adapters.deliver(setup_of(gateway), letter)
    except Exception as failure:
        error = f"{type(failure).__name__}: {failure}"
    return GatewayTest.objects.create(
        gateway=gateway,
        by=by,
        passed=not error,
        address=address[:254],
        error=error[:500],
        took_ms=round((time.perf_counter() - started) * 1000),
    )
