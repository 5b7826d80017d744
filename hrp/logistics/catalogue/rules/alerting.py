"""When somebody is told that a paper ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence


def mark(valid_to: dt.date, on: dt.date, steps: Sequence[int]) -> str:
    """The step reached on a day, "" when it is none yet: ``30`` for 30 days or fewer left, ``past-<day>`` when it ended.

    Told by what is due and not on the day alone, so that a day without a running worker loses nothing.
    """
    left = (valid_to - on).days
    if left < 0:
        return f"past-{on.isoformat()}"
    reached = [step for step in steps if left <= step]
    return str(min(reached)) if reached else ""
