"""What the parties agreed where the contract is silent, as clocks of their own: plan figures, never contract verdicts.

Pure, and recomputed from the events like the contract's clocks:

* steps of escalation while a contract clock runs, and the miss itself (:func:`steps`);
* every role told in time after a level came to hold (:func:`notify_clocks`, I-17);
* the hospital kept informed while the fault lasts (:func:`update_clocks`);
* the review approved in time after an emergency (:func:`review_clocks`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from hrp.operations.contracts.rules import Terms
from hrp.operations.desk.rules import clocks
from hrp.operations.desk.rules.events import Event
from hrp.operations.desk.rules.working_days import WorkCalendar, due_after

PlanKind = Literal["notify", "update", "pir"]
PlanVerdict = Literal["met", "breached", "running", "moot"]

PLAN_TITLES: dict[PlanKind, str] = {"notify": "通知角色", "update": "进展通报", "pir": "复盘"}
PRODUCT_TEAM = "产品团队"
MISSED = 100

_ESCALATED = ("response", "emergency_start", "onsite")
_INFORMING = ("STATUS_UPDATE", "ONSITE_ARRIVED")
_OVER = ("RESOLVED", "CANCELLED", "MERGED_INTO")


@dataclass(frozen=True)
class Step:
    """At ``at`` so many percent of a clock's time are used up, and ``roles`` are to know."""

    percent: int
    at: dt.datetime
    roles: tuple[str, ...]


@dataclass(frozen=True)
class PlanClock:
    """One plan clock; ``subject`` is the role to be told, or the level whose interval held."""

    kind: PlanKind
    cycle: int
    subject: str
    start: dt.datetime
    due: dt.datetime
    stop: dt.datetime | None
    verdict: PlanVerdict


@dataclass(frozen=True)
class Told:
    """A role was reached at ``at``."""

    role: str
    at: dt.datetime


def steps(clock: clocks.Clock, terms: Terms) -> list[Step]:
    """The steps of escalation of a contract clock in the order of time, the last one the miss itself."""
    at_risk = terms.plan.get("at_risk", []) if clock.kind in _ESCALATED else []
    total = clock.due - clock.start
    early = [
        Step(row["percent"], clock.start + total * row["percent"] / 100, tuple(row["roles"]))
        for row in at_risk
        if total > dt.timedelta()
    ]
    return [*early, Step(MISSED, clock.due, terms.notify_on_breach)]


def reached(clock: clocks.Clock, terms: Terms, as_of: dt.datetime) -> list[Step]:
    """The steps somebody has to be told of at ``as_of``: of a running clock those behind it, of a missed one the miss.

    A warning that could not be given before the target was missed is a warning no more.
    """
    if clock.verdict == "breached":
        return [step for step in steps(clock, terms) if step.percent == MISSED]
    if clock.verdict != "running":
        return []
    return [step for step in steps(clock, terms) if step.percent < MISSED and step.at < as_of]


def next_step_at(judged: Iterable[clocks.Clock], terms: Terms, as_of: dt.datetime) -> dt.datetime | None:
    """When a ticket must be looked at next: the first step of its running clocks still to come."""
    return min(
        (
            step.at
            for clock in judged
            if clock.verdict == "running"
            for step in steps(clock, terms)
            if step.at >= as_of
        ),
        default=None,
    )


# --- told, kept informed, reviewed -----------------------------------------------------------------------------------


def notify_clocks(
    events: Sequence[Event],
    terms: Terms,
    calendar: WorkCalendar,
    as_of: dt.datetime,
    told: Iterable[Told] = (),
) -> list[PlanClock]:
    """One clock per role and level that came to hold in a cycle; ``told`` adds to the pages on the chain."""
    known = sorted([*told, *_paged(events)], key=lambda one: one.at)
    found: list[PlanClock] = []
    reached_roles: set[tuple[int, str]] = set()
    for epoch in _epochs(events, terms, calendar, as_of):
        for role in terms.levels[epoch.level].notify:
            if (epoch.cycle, role) in reached_roles:
                continue
            reached_roles.add((epoch.cycle, role))
            seconds = terms.plan["notify_product_s" if role == PRODUCT_TEAM else "notify_s"]
            stop = next((one.at for one in known if one.role == role and epoch.at <= one.at <= as_of), None)
            found.append(
                _judged("notify", epoch.cycle, role, epoch.at, _after(epoch.at, seconds), stop, None, as_of)
            )
    return found


def update_clocks(
    events: Sequence[Event], terms: Terms, calendar: WorkCalendar, as_of: dt.datetime
) -> list[PlanClock]:
    """From each word to the hospital to the next, until the fault is over; a level raised meanwhile shortens the wait."""
    intervals = terms.plan.get("update_s", {})
    happened = sorted((event for event in events if event.at <= as_of), key=Event.sort_key)
    epochs = _epochs(events, terms, calendar, as_of)
    said = [instant for instant in _instants(happened, _informs) if instant <= as_of]
    over = _instants(happened, lambda event: event.type in _OVER)
    found = []
    for place, start in enumerate(said):
        held = [epoch for epoch in epochs if epoch.at <= start]
        if not held or held[-1].level not in intervals or _is_over(happened, start):
            continue
        end = next((instant for instant in over if instant >= start), None)
        following = said[place + 1] if place + 1 < len(said) else None
        due = _after(start, intervals[held[-1].level])
        for later in epochs:
            if start < later.at < due and later.level in intervals:
                due = min(due, max(_after(later.at, intervals[later.level]), later.at))
        found.append(_judged("update", held[-1].cycle, held[-1].level, start, due, following, end, as_of))
    return found


def review_clocks(
    events: Sequence[Event], terms: Terms, calendar: WorkCalendar, as_of: dt.datetime
) -> list[PlanClock]:
    """One clock per emergency, from its being resolved to the approval of its review, in working days."""
    happened = sorted((event for event in events if event.at <= as_of), key=Event.sort_key)
    approved = _instants(happened, lambda event: event.type == "REVIEW_APPROVED")
    found: list[PlanClock] = []
    for resolved in _instants(happened, lambda event: event.type == "RESOLVED"):
        then = clocks.evaluate(events, terms, calendar, resolved)
        if not then.is_emergency or any(clock.cycle == then.cycles for clock in found):
            continue
        due, official = due_after(resolved, terms.plan["review_working_days"], calendar)
        stop = next((instant for instant in approved if instant >= resolved), None)
        judged = _judged("pir", then.cycles, then.final_level or "", resolved, due, stop, None, as_of)
        found.append(judged if official else _unjudged(judged))
    return found


@dataclass(frozen=True)
class _Epoch:
    """From ``at`` on the ticket stood at ``level`` in ``cycle``."""

    at: dt.datetime
    cycle: int
    level: str


def _epochs(
    events: Sequence[Event], terms: Terms, calendar: WorkCalendar, as_of: dt.datetime
) -> list[_Epoch]:
    """Where level or cycle changed. Asked of the engine itself, so that the two cannot disagree."""
    found: list[_Epoch] = []
    for instant in sorted({event.at for event in events if event.at <= as_of}):
        then = clocks.evaluate(events, terms, calendar, instant)
        here = (then.cycles, then.final_level or "")
        if here[1] and (not found or here != (found[-1].cycle, found[-1].level)):
            found.append(_Epoch(instant, *here))
    return found


def _paged(events: Iterable[Event]) -> list[Told]:
    """Roles the chain itself says were called."""
    found = []
    for event in events:
        if event.type == "PAGED":
            given = event.facts.get("roles") or [event.facts.get("role") or event.facts.get("to_whom")]
            found += [Told(str(role), event.at) for role in given if role]
    return found


def _informs(event: Event) -> bool:
    if event.type == "RESPONSE":
        return bool(event.facts.get("kind", "human") == "human")
    if event.type in ("CONTACT", "REOPEN_CONTACT"):
        return bool(event.facts.get("answered_at")) and event.facts.get("answered_by", "human") == "human"
    return event.type in _INFORMING


def _is_over(happened: Sequence[Event], instant: dt.datetime) -> bool:
    """Whether the fault was over at ``instant``, and had not come back."""
    turns = [event for event in happened if event.at <= instant and event.type in (*_OVER, "REOPEN_CONTACT")]
    return bool(turns) and turns[-1].type != "REOPEN_CONTACT"


def _instants(events: Iterable[Event], wanted: Callable[[Event], bool]) -> list[dt.datetime]:
    """When the wanted events took effect; a call told the hospital something when it was answered."""
    return sorted({event.instant("answered_at") or event.at for event in events if wanted(event)})


def _after(start: dt.datetime, seconds: int) -> dt.datetime:
    return start + dt.timedelta(seconds=seconds)


def _judged(
    kind: PlanKind, cycle: int, subject: str, start: dt.datetime, due: dt.datetime, stop: dt.datetime | None,
    over: dt.datetime | None, as_of: dt.datetime,
) -> PlanClock:  # fmt: skip
    """``over``: the duty ended by itself then, and is moot when that was in time."""
    verdict: PlanVerdict
    if over is not None and over <= due and (stop is None or stop > over):
        return PlanClock(kind, cycle, subject, start, due, None, "moot")
    if stop is not None:
        verdict = "met" if stop <= due else "breached"
    else:
        verdict = "breached" if as_of > due else "running"
    return PlanClock(kind, cycle, subject, start, due, stop, verdict)


def _unjudged(clock: PlanClock) -> PlanClock:
    """Its due date rests on a year whose calendar has not been imported: no verdict yet."""
    return PlanClock(clock.kind, clock.cycle, clock.subject, clock.start, clock.due, clock.stop, "running")
