"""What is said every morning: rent that falls due or is late, on both sides, and terms that end."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hrp.assets.leasing import parameters
from hrp.assets.leasing.documents.rent_income import dues as rents_due
from hrp.assets.leasing.documents.rent_income import received
from hrp.assets.leasing.documents.rent_out import RentOut
from hrp.assets.leasing.models import Lease
from hrp.assets.leasing.services import leases
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.documents.models import State
from hrp.platform.documents.registry import url_for
from hrp.platform.notify import services as notify

KIND = "assets.leasing"


def every_morning(*, on: dt.date) -> int:
    """Messages to those who keep leases in the department; each said once."""
    return _rents_out(on) + _leases(on)


def _rents_out(on: dt.date) -> int:
    said = 0
    for row in RentOut.objects.filter(state=State.POSTED, out_cards__back_on=None).distinct():
        url, came = url_for(row.source), received(row)
        for day, left in _open(rents_due(row) if row.rent else [], came, row.rent, on):
            _tell(
                "assets.rent_income.edit",
                row.org_unit_id,
                f"{row.counterpart} {day} 应收租金 {left:,.2f} 元{_late(day, on)}",
                url,
                f"rent:{row.source}:{day}:{day < on}",
            )
            said += 1
        said += _ending(
            f"{row.get_way_display()}给 {row.counterpart}", row.ends_on, row.org_unit_id, url, row.source, on
        )
    return said  # fmt: skip


def _leases(on: dt.date) -> int:
    said = 0
    for row in Lease.objects.filter(ended_on=None):
        url = f"/assets/leases/{row.pk}"
        for day, left in _open(leases.dues(row), leases.paid(row), row.rent, on):
            _tell(
                leases.EDIT,
                row.org_unit_id,
                f"{row.lessor} {day} 应付租金 {left:,.2f} 元{_late(day, on)}",
                url,
                f"lease:{row.pk}:{day}:{day < on}",
            )
            said += 1
        said += _ending(f"租入 {row}", row.ends_on, row.org_unit_id, url, f"lease:{row.pk}", on)
    return said  # fmt: skip


def _open(
    days: list[dt.date], settled: dict[dt.date, Decimal], rent: Decimal, on: dt.date
) -> list[tuple[dt.date, Decimal]]:
    """Instalments due within the notice that are not wholly settled, with what is missing."""
    until = on + dt.timedelta(days=parameters.rent_notice(on))
    left = [(day, rent - settled.get(day, Decimal(0))) for day in days if day <= until]
    return [(day, missing) for day, missing in left if missing > 0]


def _late(day: dt.date, on: dt.date) -> str:
    return f"，已逾期 {(on - day).days} 天" if day < on else ""


def _ending(what: str, ends_on: dt.date, unit_id: int, url: str, key: str, on: dt.date) -> int:
    left = (ends_on - on).days
    step = min((one for one in (*parameters.term_notice(on), 0) if left <= one), default=None)
    if step is None:
        return 0
    words = f"还有 {left} 天期满" if left >= 0 else "已期满，尚未办理收回或退还"
    _tell(
        leases.EDIT, unit_id, f"{what} {words}（{ends_on}）", url, f"term:{key}:{ends_on}:{step}:{left < 0}"
    )
    return 1


def _tell(permission: str, unit_id: int, title: str, url: str, key: str) -> None:
    people = User.objects.filter(is_active=True, is_machine=False, duty="business")
    found = [person for person in people if scope.has(person, permission, unit_id)]
    if found:
        notify.notify(recipients=found, kind=KIND, title=title[:200], body="", url=url, dedupe_key=key)
