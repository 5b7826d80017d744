"""The duty of feedback: promises made on complaints are not forgotten."""

from __future__ import annotations

import datetime as dt

from hrp.operations.feedback.services import enquiries
from hrp.platform.base import clock
from hrp.platform.jobs.duties import duty


@duty(name="feedback.overdue", title="提醒超期的投诉跟进", daily_at=dt.time(8, 40))
def tell_overdue() -> None:
    enquiries.tell_overdue(clock.today())
