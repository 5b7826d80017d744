"""Shapes and words for the pages of the duty room: nothing here decides anything."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hrp.operations.duty import rules, selectors
from hrp.operations.duty.models import PagingAttempt, PagingRun, PagingStep
from hrp.operations.duty.rules import Fault, Stint
from hrp.operations.duty.services.paging import VIAS
from hrp.platform.base import clock
from hrp.platform.notify.models import Delivery
from hrp.platform.notify.selectors import titles
from hrp.platform.org.selectors import work_calendar

TONES = 8
STATE_TONES = {"active": "hot", "acked": "done", "stopped": "draft", "exhausted": "back"}
SWAP_TONES = {
    "asked": "wait", "accepted": "check", "approved": "done", "declined": "void", "rejected": "void", "withdrawn": "draft",
}  # fmt: skip
_DAYS = {"holiday": "休", "makeup": "班"}
_LONG = dt.timedelta(hours=12)


@dataclass(frozen=True)
class Bar:
    """A stretch drawn in a week: place and width as percent of the seven days."""

    left: str
    width: str
    text: str
    hint: str
    tone: int = 0
    mine: bool = False
    short: bool = False


@dataclass(frozen=True)
class Day:
    date: dt.date
    in_month: bool
    today: bool
    badge: str
    free: bool


@dataclass(frozen=True)
class Week:
    """Seven days with one track of bars per layer, and the holes across them."""

    days: list[Day]
    tracks: list[tuple[str, list[Bar]]]
    holes: list[Bar]


@dataclass(frozen=True)
class Month:
    first: dt.date
    before: str
    after: str
    weeks: list[Week]


def month_of(text: str) -> dt.date:
    """The first day of a month written 2026-11; this month for anything else."""
    try:
        return dt.datetime.strptime(f"{text} +0800", "%Y-%m %z").date().replace(day=1)
    except ValueError:
        return clock.today().replace(day=1)


def month(first: dt.date, *, me: int) -> Month:
    """The rota of one month, whole weeks from Monday to Sunday."""
    weeks = calendar.Calendar(firstweekday=0).monthdatescalendar(first.year, first.month)
    begin = clock.start_of_day(weeks[0][0])
    end = clock.start_of_day(weeks[-1][-1] + dt.timedelta(days=1))
    stints = selectors.standing(begin, end)
    now = clock.now()
    holes = (
        [one for one in selectors.faults(max(begin, now), end) if one.kind in rules.HOLES]
        if end > now
        else []
    )
    layers = selectors.layers()
    order = {person.user_id: place % TONES for place, person in enumerate(selectors.duty_people())}
    people = selectors.names({one.person for one in stints})
    drawn = [_week(first, days, layers, stints, holes, people, order, me) for days in weeks]
    last = (first - dt.timedelta(days=1)).replace(day=1)
    following = (first + dt.timedelta(days=32)).replace(day=1)
    return Month(first, f"{last:%Y-%m}", f"{following:%Y-%m}", drawn)


def _week(
    first: dt.date,
    days: Sequence[dt.date],
    layers: Sequence[str],
    stints: Sequence[Stint],
    holes: Sequence[Fault],
    people: Mapping[int, str],
    order: Mapping[int, int],
    me: int,
) -> Week:
    begin = clock.start_of_day(days[0])
    end = clock.start_of_day(days[-1] + dt.timedelta(days=1))
    shown = [*layers, *sorted({one.layer for one in stints} - set(layers))]
    tracks = [
        (
            layer,
            [
                _bar(one.start, one.end, begin, end, people.get(one.person, "—"), layer, order.get(one.person, 0), one.person == me)
                for one in stints
                if one.layer == layer and one.start < end and one.end > begin
            ],
        )
        for layer in shown
    ]  # fmt: skip
    gaps = [
        _bar(one.start, one.end, begin, end, "", rules.KIND_TITLES[one.kind], 0, False)
        for one in holes
        if one.start < end and one.end > begin
    ]
    return Week([_day(day, first) for day in days], tracks, gaps)


def _bar(
    start: dt.datetime,
    stop: dt.datetime,
    begin: dt.datetime,
    end: dt.datetime,
    text: str,
    layer: str,
    tone: int,
    mine: bool,
) -> Bar:
    whole = (end - begin).total_seconds()
    left, right = max(start, begin), min(stop, end)
    return Bar(
        left=f"{(left - begin).total_seconds() / whole * 100:.3f}",
        width=f"{(right - left).total_seconds() / whole * 100:.3f}",
        text=text,
        hint=f"{layer} {text} {clock.local(start):%m-%d %H:%M} 至 {clock.local(stop):%m-%d %H:%M}",
        tone=tone,
        mine=mine,
        short=right - left < _LONG,
    )


def _day(day: dt.date, first: dt.date) -> Day:
    known = work_calendar().days.get(day)
    free = day.weekday() >= 5 if known is None else not known.is_worked
    return Day(
        day, day.month == first.month, day == clock.today(), _DAYS.get(known.value if known else "", ""), free
    )


def fault_lines(faults: Sequence[Fault]) -> list[tuple[str, str, str, bool]]:
    """(what, when, detail, grave) of each fault."""
    people = selectors.names({fault.person for fault in faults if fault.person is not None})
    return [
        (
            rules.KIND_TITLES[fault.kind],
            f"{clock.local(fault.start):%m-%d %H:%M} — {clock.local(fault.end):%m-%d %H:%M}",
            fault.layer or people.get(fault.person or 0, "") or "",
            fault.kind in rules.GRAVE,
        )
        for fault in faults
    ]


# -- paging -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AttemptLine:
    """One call: to whom, through what, and what became of it."""

    name: str
    place: str
    channel: str
    at: dt.datetime
    fallback: bool
    state: str
    tone: str
    address: str
    error: str


@dataclass(frozen=True)
class StepCard:
    """A step of the chain, done or still to come."""

    number: int
    planned_at: dt.datetime
    done: PagingStep | None
    late: bool
    whom: str
    lines: list[AttemptLine] = field(default_factory=list)


@dataclass(frozen=True)
class RunCard:
    run: PagingRun
    tone: str
    steps: list[StepCard]
    acks: list[tuple[str, str, dt.datetime]]
    open: bool


def run_card(run: PagingRun) -> RunCard:
    """One paging with its steps, each call and its fate."""
    attempts = list(run.attempts.all())
    deliveries = selectors.deliveries_of(attempts)
    done = {step.position: step for step in run.done.all()}
    shown = titles()
    steps = []
    for position, step in enumerate(run.steps):
        planned = run.started_at + dt.timedelta(seconds=step["at_s"])
        fact = done.get(position)
        lines = [_attempt(one, deliveries, shown) for one in attempts if one.position == position]
        late = fact is not None and (fact.at - planned).total_seconds() > 10
        whom = "、".join([*step["layers"], *step["roles"]])
        if fact is not None or run.state == "active":
            steps.append(StepCard(position + 1, planned, fact, late, whom, lines))
    acks = [(ack.user.display_name, VIAS.get(ack.via, ack.via), ack.at) for ack in run.acks.all()]
    return RunCard(run, STATE_TONES[run.state], steps, acks, run.state in ("active", "exhausted"))


def _attempt(
    one: PagingAttempt, deliveries: Mapping[tuple[int, str], Delivery], shown: Mapping[str, str]
) -> AttemptLine:
    row = deliveries.get((one.message_id, one.channel))
    state, tone = "—", "draft"
    if row is not None:
        failed = row.state == "waiting" and row.attempts > 0
        state = "未送达，重试中" if failed else row.get_state_display()
        tone = {"delivered": "done", "skipped": "draft", "exhausted": "back"}.get(row.state, "wait")
        tone = "back" if failed else tone
    return AttemptLine(
        one.user.display_name,
        one.place,
        shown.get(one.channel, one.channel),
        one.at,
        one.fallback,
        state,
        tone,
        row.address if row else "",
        row.error if row else "",
    )
