"""Working-day arithmetic, against an independent walk over days and against a second source of the same notices."""

from __future__ import annotations

import datetime as dt

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrp.platform.base.refusals import Conflict
from hrp.platform.org.rules import calendar as rules
from hrp.platform.org.rules.calendar import DayKind, WorkCalendar
from hrp.platform.org.rules.notices import lay_out
from hrp.platform.org.services.calendar import shipped_notices

FIRST, LAST = dt.date(2023, 1, 1), dt.date(2026, 12, 31)


def shipped() -> WorkCalendar:
    days: dict[dt.date, DayKind] = {}
    for notice, _verified in shipped_notices():
        named = {day.date: day for day in notice.days if day.date.year == notice.year}
        days.update({day.date: day.kind for day in lay_out(notice.year, named)})
    return WorkCalendar(days, dict.fromkeys({day.year for day in days}, 1))


CALENDAR = shipped()
SPAN = {"min_value": dt.datetime(2023, 2, 1), "max_value": dt.datetime(2026, 11, 1)}  # noqa: DTZ001 - hypothesis adds the zone
inside = st.dates(dt.date(2023, 3, 1), dt.date(2026, 10, 31))


def test_every_day_of_the_four_years_agrees_with_a_second_source():
    day, different = FIRST, []
    while day <= LAST:
        if CALENDAR.is_workday(day) != chinese_calendar.is_workday(day):
            different.append(day)
        day += rules.ONE_DAY
    assert different == []
    assert len(CALENDAR.days) == 365 * 4 + 1


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (dt.date(2025, 9, 28), DayKind.MAKEUP),  # a Sunday that is worked
        (dt.date(2025, 10, 8), DayKind.HOLIDAY),  # a Wednesday off
        (dt.date(2025, 10, 11), DayKind.MAKEUP),
        (dt.date(2025, 10, 9), DayKind.WORKDAY),
        (dt.date(2025, 10, 18), DayKind.RESTDAY),
    ],
)
def test_kinds(day, kind):
    assert CALENDAR.kind(day) is kind


@pytest.mark.parametrize("day", [dt.date(2022, 12, 30), dt.date(2027, 1, 4)])
def test_a_missing_year_is_refused_and_never_guessed(day):
    with pytest.raises(Conflict, match="尚未导入") as refusal:
        CALENDAR.is_workday(day)
    assert refusal.value.code == "calendar_missing"


def test_counting_into_a_missing_year_is_refused():
    with pytest.raises(Conflict):
        CALENDAR.add_working_days(dt.date(2026, 12, 30), 5)
    assert CALENDAR.add_working_days(dt.date(2026, 12, 30), 1) == dt.date(2026, 12, 31)


def test_a_known_year_with_a_hole_is_refused_too():
    holed = WorkCalendar({dt.date(2025, 1, 2): DayKind.WORKDAY}, {2025: 1})
    with pytest.raises(Conflict):
        holed.is_workday(dt.date(2025, 1, 3))


def test_the_report_of_an_inspection_that_ended_before_the_national_day():
    # 2025-09-26 is a Friday; the 28th is a worked Sunday; 10-01 to 10-08 are off; 10-09, 10-10 are worked
    assert CALENDAR.add_working_days(dt.date(2025, 9, 26), 5) == dt.date(2025, 10, 10)
    ended = dt.datetime(2025, 9, 26, 17, 30, tzinfo=rules.ZONE)
    assert CALENDAR.working_day_deadline(ended, 5) == dt.datetime(2025, 10, 10, 16, 0, tzinfo=dt.UTC)


@given(inside, st.integers(1, 40))
def test_adding_counts_exactly_that_many_worked_days_and_lands_on_one(day, n):
    landed = CALENDAR.add_working_days(day, n)
    assert CALENDAR.is_workday(landed)
    assert CALENDAR.working_days_between(day, landed) == n


@given(inside, st.integers(1, 40))
def test_going_back_counts_the_same_days(day, n):
    landed = CALENDAR.add_working_days(day, -n)
    counted = sum(CALENDAR.is_workday(landed + i * rules.ONE_DAY) for i in range((day - landed).days))
    assert CALENDAR.is_workday(landed)
    assert counted == n


@given(inside, inside, inside)
def test_counts_add_up_over_any_middle_day(a, b, c):
    a, b, c = sorted((a, b, c))
    between = CALENDAR.working_days_between
    assert between(a, b) + between(b, c) == between(a, c)
    assert between(c, a) == -between(a, c)
    assert CALENDAR.working_days_in(a, c) == between(a, c) + CALENDAR.is_workday(a)


@given(inside)
def test_next_workday_and_on_or_after(day):
    following = CALENDAR.next_workday(day)
    assert following > day
    assert not any(CALENDAR.is_workday(day + i * rules.ONE_DAY) for i in range(1, (following - day).days))
    assert CALENDAR.on_or_after(day) == (day if CALENDAR.is_workday(day) else following)


@given(
    st.datetimes(timezones=st.just(dt.UTC), **SPAN),
    st.integers(0, 30),
)
def test_a_term_of_days_ends_at_midnight_of_the_hospital(instant, n):
    due = rules.calendar_day_deadline(instant, n)
    local = due.astimezone(rules.ZONE)
    assert (local.hour, local.minute, local.second) == (0, 0, 0)
    assert local.date() - instant.astimezone(rules.ZONE).date() == dt.timedelta(days=n + 1)
    assert due > instant


def test_an_instant_without_zone_is_a_programming_error():
    with pytest.raises(ValueError, match="time zone"):
        rules.local_date(dt.datetime(2025, 1, 1))  # noqa: DTZ001


@given(inside, st.integers(-30, 30))
def test_months(day, n):
    moved = rules.add_months(day, n)
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == n
    assert moved.day == min(day.day, rules.month_last(moved).day)
    assert rules.month_first(day).day == 1
    assert (rules.month_last(day) + rules.ONE_DAY).day == 1
