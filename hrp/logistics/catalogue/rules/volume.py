"""Progress of a volume-based purchase (集采) against its plan in proportion to time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

TENTH = Decimal("0.1")


@dataclass(frozen=True)
class Progress:
    """Percentages to one decimal. ``behind`` by how many points; ``unselected_percent`` of all that was bought."""

    done_percent: Decimal
    time_percent: Decimal
    unselected_percent: Decimal
    behind: bool
    over_cap: bool


def progress(
    *,
    agreed: Decimal,
    selected: Decimal,
    unselected: Decimal,
    first: dt.date,
    last: dt.date,
    on: dt.date,
    tolerance: Decimal,
    cap: Decimal,
) -> Progress:
    """How far a contract is on a day.

    :param tolerance: points by which it may lag behind the days gone before it is called behind
    :param cap: highest share in percent that products not selected may have of the group
    :raises ValueError: nothing was agreed, or the contract ends before it starts
    """
    if agreed <= 0 or last < first:
        raise ValueError("a contract has a quantity and days")
    days = (last - first).days + 1
    gone = min(max((on - first).days + 1, 0), days)
    time_percent = _percent(Decimal(gone), Decimal(days))
    done_percent = _percent(max(selected, Decimal(0)), agreed)
    total = selected + unselected
    share = _percent(max(unselected, Decimal(0)), total) if total > 0 else Decimal("0.0")
    return Progress(
        done_percent=done_percent,
        time_percent=time_percent,
        unselected_percent=share,
        behind=done_percent < min(time_percent, Decimal(100)) - tolerance,
        over_cap=share > cap,
    )


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    return (part * 100 / whole).quantize(TENTH, ROUND_HALF_UP)
