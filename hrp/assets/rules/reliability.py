"""Key figures of a machine's service (YY/T and IEC 60300 terms): MTBF, MTTR, availability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

ONE = Decimal(1)
TWO_PLACES = Decimal("0.01")


@dataclass(frozen=True)
class Reliability:
    """Hours and percent, two decimals. Without a failure there is no mean: ``mtbf`` and ``mttr`` are None."""

    mtbf: Decimal | None
    mttr: Decimal | None
    availability: Decimal
    operational_availability: Decimal


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(TWO_PLACES, rounding=ROUND_HALF_UP)


def measure(
    calendar_hours: Decimal, repairs: Sequence[Decimal], planned: Decimal = Decimal(0)
) -> Reliability:
    """H hours of the calendar, F repairs of R hours in all, P hours of planned maintenance.

    MTBF = (H − R) / F, MTTR = R / F, availability = MTBF / (MTBF + MTTR) = (H − R) / H, operational = (H − R − P) / H.
    """
    failures, down = len(repairs), sum(repairs, Decimal(0))
    up = calendar_hours - down
    share = up / calendar_hours if calendar_hours else ONE
    working = (up - planned) / calendar_hours if calendar_hours else ONE
    return Reliability(
        mtbf=_rounded(up / failures) if failures else None,
        mttr=_rounded(down / failures) if failures else None,
        availability=_rounded(100 * share),
        operational_availability=_rounded(100 * working),
    )
