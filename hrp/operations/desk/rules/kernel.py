"""The clock engine as a kernel of ``hrp verify`` (operations / sla) and of ``hrp desk replay``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from hrp.operations.contracts.rules import Terms
from hrp.operations.desk.rules.clocks import Clock, Evaluation, evaluate
from hrp.operations.desk.rules.events import parse_events, parse_instant
from hrp.operations.desk.rules.working_days import WorkCalendar
from hrp.platform.base.clock import HOSPITAL_ZONE
from hrp.platform.base.refusals import Invalid


def replay(given: Mapping[str, Any], terms: Terms, calendar: WorkCalendar) -> Evaluation:
    """Evaluate ``{"events": [...], "as_of": instant}``. Raises Invalid naming what is wrong and where."""
    events = given.get("events")
    if not isinstance(events, list):
        raise Invalid("没有 events 列表", way_out='写成 {"events": [...], "as_of": "…"}。', code="bad_input")
    return evaluate(parse_events(events), terms, calendar, parse_instant(given.get("as_of"), "as_of"))


def sla(given: Mapping[str, Any], terms: Terms, calendar: WorkCalendar) -> dict[str, Any]:
    """The output form of the published ``sla`` cases."""
    result = replay(given, terms, calendar)
    return {
        "clocks": [_clock(clock) for clock in result.clocks],
        "flags": list(result.flags),
        "notify": list(result.notify),
        "notify_on_breach": list(result.notify_on_breach),
        "final_level": result.final_level,
    }


def wall_time(instant: dt.datetime | None) -> str | None:
    """The instant on the hospital's wall clock, to the second, as ISO 8601 with offset."""
    return None if instant is None else instant.astimezone(HOSPITAL_ZONE).isoformat(timespec="seconds")


def _clock(clock: Clock) -> dict[str, Any]:
    row: dict[str, Any] = {
        "clock": clock.kind,
        "level": clock.level,
        "start": wall_time(clock.start),
        "due": wall_time(clock.due),
        "stop": wall_time(clock.stop),
        "verdict": clock.verdict,
    }
    if clock.margin_s is not None:
        row["margin_s"] = clock.margin_s
    return row
