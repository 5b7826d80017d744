"""Every morning what falls due of rents and terms."""

from __future__ import annotations

import datetime as dt

from hrp.assets.leasing.services import reminders
from hrp.platform.base import clock
from hrp.platform.jobs.duties import duty


@duty(name="leasing.morning", title="租金与租期提醒", daily_at=dt.time(7, 10))
def morning() -> None:
    reminders.every_morning(on=clock.today())
