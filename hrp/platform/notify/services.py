"""Telling people, their saying that they have read it, and the registers of gateways and contact points."""

from __future__ import annotations

import datetime as dt
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from hrp.platform.base import clock, stamps, vault
from hrp.platform.base.origin import Actor
from hrp.platform.base.refusals import Conflict, Invalid, NotFound, Problem
from hrp.platform.jobs.services import batch_defer
from hrp.platform.notify import adapters, gateways, http, jobs, signing
from hrp.platform.notify.channels import Channel, channels
from hrp.platform.notify.kinds import kinds
from hrp.platform.notify.models import ContactPoint, Delivery, Gateway, GatewayTest, Message, Preference


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
    *,
    recipients: Iterable[Any],
    kind: str,
    title: str,
    body: str = "",
    url: str = "",
    dedupe_key: str = "",
    channels: Sequence[str] = (),
    expires_at: dt.datetime | None = None,
) -> list[int]:
    """Write one message per recipient in the caller's transaction and queue its deliveries; return message pks.

    ``recipients`` are users or their pks; repeated ones count once. ``url`` is a path of the application. With
    ``dedupe_key`` a person who already has a message of that key gets no second one, even under concurrency.
    ``channels`` sends through exactly these, whatever people prefer; one that does not exist or is switched off
    leaves a delivery that says so. After ``expires_at`` nothing is sent, or tried again, any more.
    """
    ids = tuple(sorted({int(getattr(person, "pk", person)) for person in recipients}))
    return notify_many(
        [Notice(ids, kind, title, body, url, dedupe_key)], channels=channels, expires_at=expires_at
    )


def notify_many(
    notices: Sequence[Notice], *, channels: Sequence[str] = (), expires_at: dt.datetime | None = None
) -> list[int]:
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
            messages = _write(some, expires_at)
            _queue(_insisted(messages, channels) if channels else _preferred(messages, kind))
            found += [message.pk for message in messages]
    return found


def _write(notices: Sequence[Notice], expires_at: dt.datetime | None) -> list[Message]:
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
            expires_at=expires_at,
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


def _preferred(messages: Sequence[Message], kind: str) -> list[Delivery]:
    """The deliveries people want of this kind. What nobody wants to hear of is kept, read, in the message centre."""
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
        for channel in (*channels, *gateways.active()):
            insisted = channel.immediate and declared is not None and declared.mandatory
            if insisted or chosen.get((message.recipient_id, channel.name), channel.default):
                deliveries.append(_delivery(message, channel, now))
            elif channel.immediate:
                silent.add(message.pk)
    if silent:
        # kept for the message centre, but it does not ring
        Message.objects.filter(pk__in=silent).update(read_at=now)
    return deliveries


def _insisted(messages: Sequence[Message], names: Sequence[str]) -> list[Delivery]:
    """The deliveries through exactly ``names``."""
    known = {channel.name: channel for channel in (*channels, *gateways.active())}
    now = clock.now()
    return [
        _delivery(message, known[name], now)
        if name in known
        else Delivery(
            message=message, channel=name, state=Delivery.State.SKIPPED, error="渠道未启用", tried_at=now
        )
        for message in messages
        for name in dict.fromkeys(names)
    ]


def _queue(deliveries: Sequence[Delivery]) -> None:
    waiting = [d for d in Delivery.objects.bulk_create(deliveries) if d.state == Delivery.State.WAITING]
    batch_defer(jobs.deliver, actor=None, arguments=[{"delivery": d.pk} for d in waiting])


def _delivery(message: Message, channel: Channel, now: Any) -> Delivery:
    if channel.immediate:
        return Delivery(
            message=message, channel=channel.name, state=Delivery.State.DELIVERED, delivered_at=now
        )
    return Delivery(message=message, channel=channel.name)


def recall(*, messages: Iterable[int], reason: str) -> int:
    """Send no more of these messages: what still waits, or would be tried again, is skipped. Returns how many were."""
    waiting = Delivery.objects.filter(message__in=list(messages), state=Delivery.State.WAITING)
    return waiting.update(state=Delivery.State.SKIPPED, error=reason[:500])


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


# -- gateways and contact points: the door checks the permission and keeps the action log -------------------------

GATEWAY_FIELDS = (
    "code", "title", "kind", "url", "allowed", "account", "headers", "body", "expects", "timeout_s", "needs_internet",
    "by_default", "test_address",
)  # fmt: skip


def save_gateway(*, pk: int | None, values: Mapping[str, Any]) -> Gateway:
    """Create a gateway or change its settings, all but the secret. Raises Invalid naming each wrong setting."""
    with transaction.atomic():
        row = Gateway(is_active=False) if pk is None else Gateway.objects.select_for_update().get(pk=pk)
        for name in GATEWAY_FIELDS:
            if name in values and not (name == "code" and pk is not None):
                setattr(row, name, values[name])
        row.code = row.code.strip().lower()
        row.timeout_s = int(row.timeout_s or 0)
        _check_gateway(row)
        row.save()
    stamps.forget()
    return row


def _check_gateway(row: Gateway) -> None:
    problems = []
    if not row.code or set(row.code) - set(string.ascii_lowercase + string.digits + "_-"):
        problems.append(Problem("只用小写字母、数字、下划线和短横", field="code"))
    elif row.code in channels or Gateway.objects.filter(code=row.code).exclude(pk=row.pk).exists():
        problems.append(Problem("已有这个渠道", field="code"))
    if not row.title.strip():
        problems.append(Problem("请填写名称", field="title"))
    if not 1 <= row.timeout_s <= 30:
        problems.append(Problem("1 到 30 秒", field="timeout_s"))
    if row.expects and "=" not in row.expects:
        problems.append(Problem("写成 字段=值，例如 data.code=0", field="expects"))
    try:
        adapters.parse_headers(row.headers)
    except ValueError as error:
        problems.append(Problem(f"「{error}」不是 名称: 值", field="headers"))
    if not row.url.isascii() or not row.url.isprintable() or " " in row.url:
        problems.append(Problem("只能含可见的英文字符", field="url"))
    else:
        problems += _address_problems(row)
    if problems:
        raise Invalid(
            "渠道设置有误，没有保存", way_out="请按标红处修改。", code="gateway_invalid", problems=problems
        )


def _address_problems(row: Gateway) -> list[Problem]:
    try:
        pairs = http.allowed_pairs(row.allowed)
        host, port = http.pair_of(row.url)
    except Invalid as refusal:
        return list(refusal.problems)
    if (host, port) not in pairs:
        return [Problem(f"须包含接口地址 {host}:{port}", field="allowed")]
    return []


def set_secret(*, gateway: Gateway, secret: str) -> None:
    """Replace the secret of a gateway; nobody can read it back."""
    if not secret.strip():
        raise Invalid("密钥为空", way_out="请粘贴网关或机器人给出的密钥。")
    with transaction.atomic():
        Gateway.objects.select_for_update().filter(pk=gateway.pk).update(secret=vault.seal(secret.strip()))
    stamps.forget()


def switch_gateway(*, gateway: Gateway, active: bool) -> None:
    """Take a gateway into use or out of it. What waits for a switched-off gateway is skipped, not lost silently."""
    with transaction.atomic():
        changed = Gateway.objects.filter(pk=gateway.pk, is_active=not active).update(is_active=active)
    if not changed:
        raise Conflict(f"{gateway.title} 已经{'启用' if active else '停用'}", way_out="请刷新页面。")
    stamps.forget()


def try_gateway(*, gateway: Gateway, actor: Actor | None) -> GatewayTest:
    """Press the self-test: one real message to the gateway's test address, its outcome kept."""
    return gateways.self_test(gateway, by=actor)


def is_from_gateway(*, code: str, timestamp: str, signature: str, body: bytes) -> bool:
    """Whether what came in was signed by the gateway ``code`` with its own secret, just now."""
    row = Gateway.objects.filter(code=code, is_active=True).exclude(secret="").first()
    if row is None:
        return False
    now = int(clock.now().timestamp())
    return signing.verify(vault.unseal(row.secret), timestamp, body, signature, now=now)


def save_contact(*, pk: int | None, values: Mapping[str, Any]) -> ContactPoint:
    """Keep where a person is reached. One address per person and kind; whose it is never changes."""
    address = "".join(str(values.get("address") or "").split())
    with transaction.atomic():
        row = _contact(pk, values)
        if not address or (row.kind == ContactPoint.Kind.MOBILE and not address.lstrip("+").isdecimal()):
            raise Invalid(
                "号码或账号有误",
                way_out="手机只填数字；企业微信和钉钉填通讯录中的账号。",
                problems=[Problem("请核对", field="address")],
            )
        row.address = address
        row.save()
    return row


def _contact(pk: int | None, values: Mapping[str, Any]) -> ContactPoint:
    """The row to be written: the given one, the person's own of this kind, or a new one."""
    if pk is not None:
        found = ContactPoint.objects.select_for_update().filter(pk=pk).first()
        if found is None:
            raise NotFound("没有这个联系方式", way_out="请返回列表刷新。")
        return found
    kind, user = str(values.get("kind") or ""), int(values.get("user") or 0)
    if kind not in ContactPoint.Kind.values:
        raise Invalid(
            "请选择类型", way_out="手机、企业微信账号或钉钉账号。", problems=[Problem("请选择", field="kind")]
        )
    known = ContactPoint.objects.select_for_update().filter(user_id=user, kind=kind).first()
    return known or ContactPoint(user_id=user, kind=kind)
