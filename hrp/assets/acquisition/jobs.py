"""Every morning, retention money that falls due."""

from __future__ import annotations

import datetime as dt

from hrp.assets.acquisition.services import reminders
from hrp.platform.base import clock
from hrp.platform.jobs.duties import duty


@duty(name="acquisition.morning", title="质保金到期提醒", daily_at=dt.time(7, 10))
def morning() -> None:
    reminders.retention_due(on=clock.today())
