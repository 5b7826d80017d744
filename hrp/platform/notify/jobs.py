"""Carrying one message through one channel, and proving every day that the channels still carry."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction

from hrp.platform.base import clock
from hrp.platform.jobs.duties import duty
from hrp.platform.jobs.services import batch_defer
from hrp.platform.jobs.tasks import task
from hrp.platform.notify import gateways
from hrp.platform.notify.channels import NotApplicable, channels
from hrp.platform.notify.models import Delivery, Gateway

logger = logging.getLogger(__name__)

# Eight attempts over 27 h 35 min: at once, then after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h.
SCHEDULE = (5, 300, 1800, 7200, 18_000, 36_000, 36_000)


@task(name="notify.deliver", title="投递消息", queue="notify", retry=SCHEDULE, priority=10, listed=False)
def deliver(*, delivery: int) -> None:
    """Try once. An error is kept on the delivery and raised again, so that the queue tries later."""
    row = Delivery.objects.select_related("message__recipient").filter(pk=delivery).first()
    if row is None or row.state != Delivery.State.WAITING:
        return
    channel = channels.get(row.channel) or gateways.get(row.channel)
    now = clock.now()
    if row.message.expires_at is not None and now > row.message.expires_at:
        _settle(row, state=Delivery.State.SKIPPED, error=f"已过时，未再发送 {row.error}".strip())
        return
    if channel is None:
        _settle(row, state=Delivery.State.SKIPPED, error="渠道已停用")
        return
    try:
        address = channel.deliver(row.message)
    except NotApplicable as reason:
        _settle(row, state=Delivery.State.SKIPPED, error=str(reason))
    except Exception as error:
        last = row.attempts >= len(SCHEDULE)
        _settle(
            row,
            state=Delivery.State.EXHAUSTED if last else Delivery.State.WAITING,
            error=f"{type(error).__name__}: {error}",
        )
        raise
    else:
        _settle(row, state=Delivery.State.DELIVERED, address=address)
        Delivery.objects.filter(pk=row.pk).update(delivered_at=now)


def _settle(row: Delivery, *, state: str, error: str = "", address: str = "") -> None:
    with transaction.atomic():
        Delivery.objects.filter(pk=row.pk).update(
            state=state,
            attempts=row.attempts + 1,
            error=error[:500],
            address=address[:254],
            tried_at=clock.now(),
        )


@task(name="notify.self_test", title="渠道自检", queue="notify", listed=False)
def self_test(*, gateway: int) -> None:
    """Test one gateway; one that was switched off in the meantime is left alone."""
    row = Gateway.objects.filter(pk=gateway, is_active=True).first()
    if row is not None:
        gateways.self_test(row)


@duty(name="notify.self_tests", title="每日自检消息渠道", daily_at=dt.time(9, 10))
def self_tests() -> None:
    """One job per active gateway, so that a dead one delays no other."""
    active = Gateway.objects.filter(is_active=True).order_by("pk").values_list("pk", flat=True)
    batch_defer(self_test, actor=None, arguments=[{"gateway": pk} for pk in active])
