"""What two blind counters said, and whether it is settled. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from hrp.logistics.rules.stocktake import needs_recount


@dataclass(frozen=True)
class Said:
    """One count of one line. ``at`` is when the counter stood at the shelf."""

    counter: int
    quantity: Decimal
    at: dt.datetime
    recount: bool = False
    key: int = 0


class Standing(StrEnum):
    MISSING = "missing"  # 未盘
    RECOUNT = "recount"  # 两人不一致，待复盘
    SETTLED = "settled"  # 已定


def standing(
    said: Sequence[Said], *, counters: Sequence[int], tolerance: Decimal
) -> tuple[Standing, Said | None]:
    """How a line stands, and the count that holds once it is settled.

    ``said`` in the order it arrived; of each counter the last word counts. Where two differ by more than the tolerance
    a recount decides; within it the later count holds, because fewer moves lie between it and the books.
    """
    recounts = [one for one in said if one.recount]
    if recounts:
        return Standing.SETTLED, recounts[-1]
    last = {one.counter: one for one in said}
    words = [last[counter] for counter in counters if counter in last]
    if len(words) < len(counters):
        return Standing.MISSING, None
    if len(words) == 2 and needs_recount((words[0].quantity, words[1].quantity), tolerance=tolerance):
        return Standing.RECOUNT, None
    return Standing.SETTLED, max(words, key=lambda one: one.at)
