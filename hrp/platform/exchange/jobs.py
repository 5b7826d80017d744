"""Delivering messages to partners."""

from __future__ import annotations

from hrp.platform.exchange.messages import outbound
from hrp.platform.jobs.tasks import task


@task(name="exchange.deliver", title="投递接口消息", queue="exchange", retry=outbound.SCHEDULE, listed=False)
def deliver(*, message: int) -> None:
    """Try once; the schedule of the queue is the back-off."""
    outbound.attempt(message)
