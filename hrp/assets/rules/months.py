"""Calendar months that can be counted with: depreciation knows no days."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from hrp.platform.base.refusals import Invalid

_WRITTEN = re.compile(r"(\d{4})-(\d{2})(?:-\d{2})?")


@dataclass(frozen=True, order=True)
class Month:
    """A month as its number since year 0: ``Month.of(2024, 3) + 1`` is 2024-04, differences are months."""

    number: int

    @classmethod
    def of(cls, year: int, month: int) -> Month:
        return cls(year * 12 + month - 1)

    @classmethod
    def holding(cls, day: dt.date) -> Month:
        return cls.of(day.year, day.month)

    @classmethod
    def read(cls, text: str) -> Month:
        """A month or day as written in ISO form; refuses (``bad_month``) anything else."""
        found = _WRITTEN.fullmatch(text.strip())
        if found is None or not 1 <= int(found[2]) <= 12:
            raise Invalid(f"“{text}”不是年月", code="bad_month", way_out="请写成 2024-03 或 2024-03-15。")
        return cls.of(int(found[1]), int(found[2]))

    @property
    def year(self) -> int:
        return self.number // 12

    @property
    def month(self) -> int:
        return self.number % 12 + 1

    @property
    def first_day(self) -> dt.date:
        return dt.date(self.year, self.month, 1)

    def __add__(self, months: int) -> Month:
        return Month(self.number + months)

    def __sub__(self, other: Month) -> int:
        return self.number - other.number

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"
