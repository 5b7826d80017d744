"""Risk of a machine (Fennigkoh and Smith's EM number): how it is used, what may happen, how much care it needs, how it broke."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Risk:
    """``function`` 1-10, ``physical`` 1-5, ``need`` 1-5, ``failures`` a year; a point more for one, two for two and more."""

    function: int
    physical: int
    need: int
    failures: int = 0

    @property
    def score(self) -> int:
        return self.function + self.physical + self.need + min(self.failures, 2)


def interval_months(score: int, *, included: int, high: int, high_months: int, months: int) -> int | None:
    """Months between maintenances of a score; None below the score that is included at all."""
    if score < included:
        return None
    return high_months if score >= high else months
