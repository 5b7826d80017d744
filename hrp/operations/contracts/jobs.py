"""The contract's duty: nobody is surprised by its end."""

from __future__ import annotations

import datetime as dt

from hrp.operations.contracts import years
from hrp.platform.base import clock
from hrp.platform.jobs.duties import duty


@duty(name="contracts.ending", title="提醒年度合同到期", daily_at=dt.time(8, 30))
def tell_of_the_end() -> None:
    years.alert(clock.today())
