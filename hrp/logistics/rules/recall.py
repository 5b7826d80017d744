"""Recalls (召回): by when each user must be told, and whether every piece received is accounted for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.rules.valuation import ZERO
from hrp.platform.base.refusals import Invalid


@dataclass(frozen=True)
class Whereabouts:
    """Where all that was received of a batch is, in base units; ``missing`` nobody can account for.

    A negative ``missing`` means that more was recorded than ever came in.
    """

    received: Decimal
    by_place: Mapping[str, Decimal]
    missing: Decimal

    @property
    def complete(self) -> bool:
        return self.missing == 0


def notice_due(level: str, decided_on: dt.date, *, days: Mapping[str, int]) -> dt.date:
    """The last day for notices of a recall of that level; ``days`` is the rule in force, level to days.

    Refuses (``unknown_level``) a level the rule does not name.
    """
    if level not in days:
        raise Invalid(
            f"没有“{level}”召回的通知时限", code="unknown_level", way_out=f"召回级别为：{'、'.join(days)}。"
        )
    return decided_on + dt.timedelta(days=days[level])


def whereabouts(received: Decimal, places: Mapping[str, Decimal]) -> Whereabouts:
    """What is on hand, in transit, in departments, used, returned and destroyed against what was received."""
    return Whereabouts(received, dict(places), received - sum(places.values(), ZERO))
