"""The desk's duties: what falls due is written down whether or not anybody touches the ticket."""

from __future__ import annotations

import datetime as dt

from hrp.operations.desk.services import awaiting, breaches
from hrp.platform.access.services.machines import system_actor
from hrp.platform.jobs.duties import duty


@duty(name="desk.breaches", title="检查工单时限", every_seconds=2)
def find_breaches() -> None:
    """Every two seconds, so that a breach is on record within five seconds of its due instant."""
    breaches.scan(actor=system_actor("desk", title="服务台时钟"))


@duty(name="desk.unconfirmed", title="提醒确认维护记录", daily_at=dt.time(9, 0))
def remind_of_unconfirmed() -> None:
    """Each morning: reminders of unconfirmed records, and 默认确认 of those left unanswered."""
    awaiting.look_after(actor=system_actor("desk", title="服务台时钟"))
