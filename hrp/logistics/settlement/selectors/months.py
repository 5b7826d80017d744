"""Which months of materials are closed."""

from __future__ import annotations

from hrp.logistics.settlement.models import MaterialClose
from hrp.platform.base import sql
from hrp.platform.ledger.models import Period


def live(period: Period) -> MaterialClose | None:
    """The closing of a month that stands."""
    return MaterialClose.objects.filter(period=period, reopened_at=None).first()


def previous(period: Period) -> MaterialClose | None:
    """The closing of the month just before; only then its snapshot is this month's opening."""
    last = (
        MaterialClose.objects.filter(
            book=period.book_id, period__first_day__lt=period.first_day, reopened_at=None
        )
        .select_related("period")
        .order_by("-period__first_day")
        .first()
    )
    if last is None:
        return None
    between = Period.objects.filter(
        book=period.book_id, first_day__gt=last.period.first_day, first_day__lt=period.first_day
    )
    return None if between.exists() else last


def is_used(period: Period) -> bool:
    """Whether materials were ever moved in the book up to this month: then its months must be closed here too."""
    found = sql.row(
        "SELECT 1 FROM logistics_move m JOIN ledger_period p ON p.id = m.period_id"
        " WHERE p.book_id = %s AND p.first_day <= %s LIMIT 1",
        [period.book_id, period.first_day],
    )
    return found is not None
