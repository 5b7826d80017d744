"""Every morning what falls due in the life of machines, and through the day repairs that are late."""

from __future__ import annotations

import datetime as dt

from hrp.assets.equipment.services import reminders
from hrp.platform.access.services.machines import system_actor
from hrp.platform.base import clock
from hrp.platform.jobs.duties import duty


@duty(name="equipment.morning", title="设备运维到期提醒", daily_at=dt.time(7, 0))
def morning() -> None:
    reminders.every_morning(actor=system_actor("equipment", title="系统任务·设备运维"), on=clock.today())


@duty(name="equipment.repairs", title="催办超时报修", every_seconds=600)
def late() -> None:
    reminders.repairs_late()
