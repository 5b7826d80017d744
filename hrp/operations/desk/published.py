"""The working calendar as published, for judging cases and event files where there is no database."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from importlib.resources import files

from hrp.operations.desk.rules.calendar import OfficialCalendar
from hrp.platform.org.rules.calendar import DayKind, WorkCalendar


@cache
def published_calendar() -> OfficialCalendar:
    """The years whose State Council notice ships with the product (2023-2026)."""
    text = files("hrp.operations.desk").joinpath("data/work_days.json").read_text(encoding="utf-8")
    years: dict[str, dict[str, list[str]]] = json.loads(text)["years"]
    days: dict[dt.date, DayKind] = {}
    for year, notice in years.items():
        day = dt.date(int(year), 1, 1)
        while day.year == int(year):
            days[day] = _kind(day, notice)
            day += dt.timedelta(days=1)
    return OfficialCalendar(WorkCalendar(days, {int(year): 1 for year in years}))


def _kind(day: dt.date, notice: dict[str, list[str]]) -> DayKind:
    text = f"{day:%m-%d}"
    if text in notice["holidays"]:
        return DayKind.HOLIDAY
    if text in notice["makeup"]:
        return DayKind.MAKEUP
    return DayKind.RESTDAY if day.weekday() >= 5 else DayKind.WORKDAY
