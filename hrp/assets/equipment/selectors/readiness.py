"""完好率 of life support: usable machines by all there are, day by day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from hrp.assets.equipment.models import PoolLoan, ReadinessCheck
from hrp.assets.models import Asset
from hrp.assets.models.cards import HELD
from hrp.platform.base import clock

BROKEN = ("repair", "stopped", "pending")


@dataclass(frozen=True)
class Place:
    """One machine of the board: where it is, and whether it is ready."""

    asset: Asset
    check: ReadinessCheck | None
    loan: PoolLoan | None
    ready: bool

    @property
    def words(self) -> str:
        if self.asset.status in BROKEN:
            return str(self.asset.get_status_display())
        if self.check is None:
            return "今日未检查"
        return "完好" if self.check.usable else self.check.note

    @property
    def tone(self) -> str:
        return (
            "done"
            if self.ready
            else ("wait" if self.check is None and self.asset.status not in BROKEN else "back")
        )


def board(*, on: dt.date, units: frozenset[int] | None = None) -> list[Place]:
    """Every life support machine as of a day. What is broken or not looked at that day is not ready."""
    rows = Asset.objects.filter(life_support=True, status__in=HELD, booked_on__lte=on)
    if units is not None:
        rows = rows.filter(org_unit_id__in=units)
    rows = rows.select_related("org_unit", "location", "asset_class").order_by(
        "org_unit__code", "name", "number"
    )
    checks = {
        row.asset_id: row
        for row in ReadinessCheck.objects.filter(on=on).select_related("actor").order_by("asset_id", "-id").distinct("asset_id")
    }  # fmt: skip
    loans = {row.asset_id: row for row in PoolLoan.objects.filter(back_at=None).select_related("org_unit")}
    today = on == clock.today()
    found = []
    for asset in rows:
        check = checks.get(asset.pk)
        ready = check is not None and check.usable and not (today and asset.status in BROKEN)
        found.append(Place(asset, check, loans.get(asset.pk) if today else None, ready))
    return found


@dataclass(frozen=True)
class Rate:
    """Machines of a day."""

    on: dt.date
    total: int
    checked: int
    ready: int

    @property
    def rate(self) -> Decimal | None:
        return Decimal(self.ready) / self.total if self.total else None


def rate(places: list[Place], *, on: dt.date) -> Rate:
    return Rate(
        on,
        len(places),
        sum(place.check is not None for place in places),
        sum(place.ready for place in places),
    )


def rates(*, first: dt.date, last: dt.date, units: frozenset[int] | None = None) -> list[Rate]:
    """One row a day, the newest first."""
    days = [last - dt.timedelta(days=back) for back in range((last - first).days + 1)]
    return [rate(board(on=day, units=units), on=day) for day in days]
