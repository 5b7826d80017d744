"""The platform's working calendar as the clock engine asks it: a year without a notice is unknown, not a refusal."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hrp.platform.org.rules.calendar import WorkCalendar


@dataclass(frozen=True)
class OfficialCalendar:
    """Working days of the years whose State Council notice has been imported."""

    days: WorkCalendar

    @property
    def version(self) -> str:
        """Which notices verdicts rested on: years with their import revision."""
        return (
            " ".join(f"{year}r{revision}" for year, revision in sorted(self.days.revisions.items())) or "none"
        )

    def workday(self, day: dt.date) -> bool | None:
        if day.year not in self.days.revisions or day not in self.days.days:
            return None
        return self.days.days[day].is_worked
