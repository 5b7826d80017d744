"""What the catalogue does by itself every day."""

from __future__ import annotations

import datetime as dt

from hrp.logistics.catalogue.services import licenses, pricing
from hrp.platform.base import clock
from hrp.platform.jobs.duties import duty


@duty(name="catalogue.license_expiry", title="资质到期提醒", daily_at=dt.time(7, 30))
def remind() -> None:
    """Tells of what is due today; what was told already is not told again, so that it may run twice."""
    licenses.remind(clock.today())


@duty(name="catalogue.price_effect", title="调价执行与库存交接", daily_at=dt.time(0, 5))
def prices_take_effect() -> None:
    """Takes over the stock of every adjustment whose day has begun; one that was missed is made up for."""
    pricing.take_effect(clock.today())
