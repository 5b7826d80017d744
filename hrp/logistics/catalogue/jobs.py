"""What the catalogue does by itself every day."""

from __future__ import annotations

import datetime as dt

from hrp.logistics.catalogue.services import licenses
from hrp.platform.base import clock
from hrp.platform.jobs.duties import duty


@duty(name="catalogue.license_expiry", title="资质到期提醒", daily_at=dt.time(7, 30))
def remind() -> None:
    """Tells of what is due today; what was told already is not told again, so that it may run twice."""
    licenses.remind(clock.today())
