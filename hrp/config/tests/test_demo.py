"""The demo hospital lives up to this minute and not beyond."""

import datetime as dt

from hrp.config.demo import months
from hrp.platform.base import clock


def test_nothing_of_the_demo_happens_later_than_now() -> None:
    today, yesterday = dt.date(2026, 11, 25), dt.date(2026, 11, 24)
    early = clock.at(today, 0, 27)
    with clock.pinned(early):
        assert months.at_work(today, 8, 40) == early
        assert months.at_work(yesterday, 8, 40) == clock.at(yesterday, 8, 40)
