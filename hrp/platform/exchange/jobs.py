"""Delivering messages to partners."""

from __future__ import annotations

from collections.abc import Sequence

from hrp.platform.exchange import delivering
from hrp.platform.exchange.models import Message
from hrp.platform.jobs.services import batch_defer
from hrp.platform.jobs.tasks import task

# Nine attempts over two days: at once, then after 5 s, 1 min, 5 min, 30 min, 2 h, 6 h, 12 h, 24 h.
SCHEDULE = (5, 60, 300, 1800, 7200, 21_600, 43_200, 86_400)


@task(name="exchange.send", title="发送接口消息", queue="notify", retry=SCHEDULE, listed=False)
def send(*, message: int) -> None:
    """Try once; an error is kept on the message and raised again, so that the queue tries later."""
    row = Message.objects.select_related("partner").filter(pk=message).first()
    if row is None or row.state != Message.State.WAITING or not row.partner.is_active:
        return
    delivering.deliver(row, last=row.attempts >= len(SCHEDULE))


def queue(ids: Sequence[int]) -> None:
    """One job per message."""
    batch_defer(send, actor=None, arguments=[{"message": pk} for pk in ids])
