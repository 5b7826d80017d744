"""Charging after each use, charging again, booking at night, and what must be approved in time."""

from __future__ import annotations

import datetime as dt

from hrp.logistics.highvalue.services import booking, charging, emergencies, picking
from hrp.platform.access.services.machines import system_actor
from hrp.platform.base import clock
from hrp.platform.jobs.duties import duty


@duty(name="highvalue.charge", title="通知高值耗材收费", every_seconds=5)
def charge() -> None:
    charging.tell_waiting()


@duty(name="highvalue.charges", title="重试高值耗材收费", every_seconds=600)
def charge_again() -> None:
    charging.try_again()


@duty(name="highvalue.book", title="高值耗材使用入账", daily_at=dt.time(23, 30))
def book() -> None:
    """What was used until now and can be booked, by department."""
    booking.book_all(actor=system_actor("highvalue", title="系统任务·高值入账"), on=clock.today())


@duty(name="highvalue.picks", title="提醒备用未用的器械", daily_at=dt.time(17, 0))
def picks() -> None:
    picking.remind()


@duty(name="highvalue.emergencies", title="催办紧急使用补批", every_seconds=3600)
def emergencies_due() -> None:
    emergencies.remind()
