"""Which months bear depreciation, by accounting regime.

Government (政府会计准则第3号 and its guide, 财会〔2017〕4号): the month an asset is booked bears depreciation, the month it
leaves bears none, there is no residual value. Enterprise (企业会计准则第4号): one month later at both ends, with a residual.
"""

from __future__ import annotations

from dataclasses import dataclass

from hrp.assets.rules.months import Month


@dataclass(frozen=True)
class Convention:
    """``delay``: months between an event and the first month it changes; ``residual``: whether one is allowed."""

    name: str
    delay: int
    residual: bool
    impairment: bool

    def first(self, booked: Month) -> Month:
        """The first month that bears depreciation of what was booked in ``booked``."""
        return booked + self.delay

    def last(self, gone: Month) -> Month:
        """The last month that bears depreciation of what left in ``gone``."""
        return gone + (self.delay - 1)


GOVERNMENT = Convention("government", delay=0, residual=False, impairment=False)
ENTERPRISE = Convention("enterprise", delay=1, residual=True, impairment=True)
BY_NAME = {
    "government": GOVERNMENT,
    "this_month": GOVERNMENT,
    "enterprise": ENTERPRISE,
    "next_month": ENTERPRISE,
}
