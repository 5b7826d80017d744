"""The clocks of a ticket as a pure function of its events (三(二)1(2), 三(二)4(1), 三(二)5).

:func:`evaluate` folds the events that had happened by ``as_of`` into opened clocks, then judges each. Nothing is
remembered between calls, so recomputing can neither lose a breach nor move one. No contract clock ever pauses (I-09).

How a clock moves:

* a *contact* opens cycle 1 (a reopening contact the next): a response clock, and an emergency-start clock where the
  level has that target. A level that may only be reported by phone, reported otherwise, is kept as its provisional
  level (I-08) until a call connects;
* graver facts, a reclassification upwards or an emergency flag open a new pair; a response clock still running and
  not late is superseded by them, a late one stays;
* a downgrade needs the hospital. Initial overstatement opens the lower response clock from the first contact; a
  reduced impact opens none, and verdicts already given stand either way (I-10);
* the on-site clock runs from the first declaration that remote work has failed (I-06) and only its due time moves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from hrp.operations.contracts.rules import Level, Terms
from hrp.operations.desk.rules.events import CLOCK_TYPES, Event
from hrp.operations.desk.rules.working_days import WorkCalendar, due_after
from hrp.platform.base.refusals import Invalid

ENGINE_VERSION = "1"

Kind = Literal["response", "emergency_start", "onsite", "onsite_agreed", "db_report"]
Verdict = Literal["met", "breached", "running", "superseded", "moot"]

KIND_TITLES: dict[Kind, str] = {
    "response": "响应", "emergency_start": "启动应急服务", "onsite": "到达现场",
    "onsite_agreed": "约定到场", "db_report": "巡检报告送达",
}  # fmt: skip
VERDICT_TITLES: dict[Verdict, str] = {
    "met": "达成", "breached": "超时", "running": "计时中", "superseded": "已被取代", "moot": "已无需",
}  # fmt: skip


@dataclass(frozen=True)
class Clock:
    """One judged clock. ``margin_s`` is whole seconds to spare, rounded down (negative: late), once it stopped.

    ``key`` names the clock within its ticket for ever: cycle, kind and the event that opened it.
    """

    key: str
    cycle: int
    kind: Kind
    level: str | None
    start: dt.datetime
    due: dt.datetime
    stop: dt.datetime | None
    verdict: Verdict
    margin_s: int | None = None


@dataclass(frozen=True)
class Evaluation:
    """What the events of a ticket amount to at ``as_of``. ``notify`` is in order of first duty to tell."""

    clocks: tuple[Clock, ...]
    flags: tuple[str, ...]
    notify: tuple[str, ...]
    notify_on_breach: tuple[str, ...]
    final_level: str | None
    reported_level: str | None
    cycles: int
    first_contact_at: dt.datetime | None
    first_response_at: dt.datetime | None
    resolved_at: dt.datetime | None

    @property
    def is_emergency(self) -> bool:
        """Whether the current cycle owes an emergency service, and so a review (复盘) before it closes."""
        return any(
            clock.kind == "emergency_start" and clock.cycle == self.cycles and clock.verdict != "superseded"
            for clock in self.clocks
        )


@dataclass
class _Opened:
    """A clock while the events are folded; ``provisional``: its due date rests on a year without a notice."""

    key: str
    cycle: int
    kind: Kind
    level: str | None
    start: dt.datetime
    due: dt.datetime
    superseded_at: dt.datetime | None = None
    provisional: bool = False


@dataclass
class _Fold:
    """State of the fold over the events, in time order."""

    terms: Terms
    calendar: WorkCalendar
    first_calls: dict[int, dt.datetime]
    clocks: list[_Opened] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    notify: list[str] = field(default_factory=list)
    responses: list[dt.datetime] = field(default_factory=list)
    starts: list[dt.datetime] = field(default_factory=list)
    arrivals: list[dt.datetime] = field(default_factory=list)
    reports: list[dt.datetime] = field(default_factory=list)
    resolutions: list[dt.datetime] = field(default_factory=list)
    cycle: int = 0
    level: str | None = None
    reported: str | None = None
    received_at: dt.datetime | None = None
    contact_at: dt.datetime | None = None
    phone_at: dt.datetime | None = None
    emergency: bool = False


def evaluate(events: Iterable[Event], terms: Terms, calendar: WorkCalendar, as_of: dt.datetime) -> Evaluation:
    """Judge a ticket at ``as_of``. The order in which ``events`` are given does not matter.

    Raises Invalid (``unknown_level``) for a level the contract does not know, and for a first contact without one.
    """
    happened = _in_order(events, as_of)
    fold = _Fold(terms, calendar, _first_calls(happened))
    for event in happened:
        _HANDLERS[event.type](fold, event)
    clocks = tuple(_judge(fold, opened, as_of) for opened in fold.clocks)
    return Evaluation(
        clocks=clocks,
        flags=tuple(fold.flags),
        notify=tuple(fold.notify),
        notify_on_breach=terms.notify_on_breach if any(c.verdict == "breached" for c in clocks) else (),
        final_level=fold.level,
        reported_level=fold.reported or fold.level,
        cycles=fold.cycle,
        first_contact_at=fold.first_calls.get(1),
        first_response_at=min(fold.responses, default=None),
        resolved_at=max(fold.resolutions, default=None),
    )


# --- what had happened, and when -------------------------------------------------------------------------------------


def _in_order(events: Iterable[Event], as_of: dt.datetime) -> list[Event]:
    """Events up to ``as_of``; a call a person answered also yields the human response at the instant of answering."""
    known: list[Event] = []
    for event in events:
        if event.type not in CLOCK_TYPES:
            continue
        outbound = event.type in ("CONTACT", "REOPEN_CONTACT") and event.facts.get("direction") == "out"
        answered = event.instant("answered_at") if event.type in ("CONTACT", "REOPEN_CONTACT") else None
        if outbound:
            if answered is None:
                continue  # a call that never connected told nobody anything
            event = replace(event, at=answered)
        known.append(event)
        if answered is not None and not event.facts.get("unattributed"):
            machine = event.facts.get("answered_by", "human") != "human"
            known.append(Event(answered, "RESPONSE", {"kind": "auto" if machine else "human"}, event.key))
    return sorted((event for event in known if event.at <= as_of), key=Event.sort_key)


_DOINGS = ("RESPONSE", "EMERGENCY_STARTED", "ONSITE_ARRIVED", "RESOLVED")


def _first_calls(happened: Sequence[Event]) -> dict[int, dt.datetime]:
    """Cycle -> its first contact, moved earlier (never later) by calls merged in afterwards.

    A call from before the last thing done in the cycle before belongs to that one: what was done then cannot count twice.
    """
    first: dict[int, dt.datetime] = {}
    ended: dict[int, dt.datetime | None] = {}
    cycle, done = 0, None
    for event in happened:
        if event.type in ("CONTACT", "REOPEN_CONTACT") and not event.facts.get("unattributed"):
            if cycle == 0 or event.type == "REOPEN_CONTACT":
                cycle += 1
                first[cycle], ended[cycle] = event.at, done
        elif event.type in _DOINGS:
            done = event.at
        elif event.type == "MERGE_EARLIER_CALL" and cycle:
            earlier = event.instant("first_call_at")
            if earlier is not None:
                whose = _cycle_of(earlier, cycle, ended)
                first[whose] = min(first[whose], earlier)
    return first


def _cycle_of(call: dt.datetime, cycle: int, ended: Mapping[int, dt.datetime | None]) -> int:
    """The cycle a call found in ``cycle`` belongs to; ``ended`` holds when the cycle before each one ended."""
    while cycle > 1:
        before = ended[cycle]
        if before is None or call > before:
            break
        cycle -= 1
    return cycle


# --- opening and moving clocks ---------------------------------------------------------------------------------------


def _level(fold: _Fold, code: object) -> Level:
    level = fold.terms.levels.get(str(code))
    if level is None:
        raise Invalid(
            f"合同中没有级别「{code}」" if code else "首次联系没有写明级别",
            way_out="级别应为 " + "、".join(fold.terms.levels) + " 之一。",
            code="unknown_level",
        )
    return level


def _flag(fold: _Fold, flag: str) -> None:
    if flag not in fold.flags:
        fold.flags.append(flag)


def _enter(fold: _Fold, level: Level) -> None:
    fold.level = level.code
    fold.notify.extend(role for role in level.notify if role not in fold.notify)


def _open(fold: _Fold, event: Event, kind: Kind, start: dt.datetime, due: dt.datetime) -> _Opened:
    clock = _Opened(f"{fold.cycle}.{kind}.{event.key}", fold.cycle, kind, fold.level, start, due)
    fold.clocks.append(clock)
    return clock


def _open_pair(
    fold: _Fold, event: Event, start: dt.datetime, response_s: int, emergency_s: int | None
) -> None:
    """The response clock, and the emergency-start clock when there is such a target, from one start."""
    targets: list[tuple[Kind, int | None]] = [("response", response_s), ("emergency_start", emergency_s)]
    for kind, seconds in targets:
        if seconds is not None:
            _open(fold, event, kind, start, start + dt.timedelta(seconds=seconds))


def _running(fold: _Fold, kind: Kind) -> list[_Opened]:
    return [c for c in fold.clocks if c.kind == kind and c.cycle == fold.cycle and c.superseded_at is None]


def _supersede(fold: _Fold, kind: Kind, at: dt.datetime) -> None:
    """Mark; whether the clock was then still running and in time is decided when it is judged."""
    for clock in _running(fold, kind):
        clock.superseded_at = at


def _on_contact(fold: _Fold, event: Event) -> None:
    facts = event.facts
    if facts.get("unattributed"):
        return _flag(fold, "abandoned_call_unattributed")
    if facts.get("duplicate_of"):
        _flag(fold, "duplicate_linked")
    if fold.cycle == 0:
        return _open_cycle(fold, event, facts.get("level"))
    phone = facts.get("channel") == "phone"
    told = _level(fold, facts.get("level") or (fold.reported if phone else None) or fold.level)
    if phone and fold.phone_at is None:
        fold.phone_at = event.at
    accepted = _accepted(fold, told, facts.get("channel"))
    if accepted.rank > _level(fold, fold.level).rank:
        _upgrade(fold, event, accepted, event.at)
    return None


def _on_reopen(fold: _Fold, event: Event) -> None:
    if fold.cycle == 0 or event.facts.get("unattributed"):
        return _on_contact(fold, event)
    _flag(fold, "reopened")
    return _open_cycle(fold, event, event.facts.get("level") or fold.level)


def _open_cycle(fold: _Fold, event: Event, reported: object) -> None:
    fold.cycle += 1
    fold.emergency, fold.reported, fold.received_at = False, None, event.at
    fold.contact_at = fold.first_calls[fold.cycle]
    fold.phone_at = fold.contact_at if event.facts.get("channel") == "phone" else None
    level = _accepted(fold, _level(fold, reported), event.facts.get("channel"))
    _enter(fold, level)
    _open_pair(fold, event, fold.contact_at, level.response_s, level.emergency_start_s)


def _accepted(fold: _Fold, told: Level, channel: object) -> Level:
    """The level a report through ``channel`` is kept at; remembers what was told until a call connects (I-08)."""
    if told.provisional is None or channel in told.channels:
        fold.reported = None
        return told
    _flag(fold, "channel_rejected")
    fold.reported = told.code
    return _level(fold, told.provisional)


def _on_merge(fold: _Fold, event: Event) -> None:
    """The clocks of the cycle already start at the earliest call (:func:`_first_calls`); here only say so."""
    earlier = event.instant("first_call_at")
    if earlier is not None and fold.received_at is not None and earlier < fold.received_at:
        _flag(fold, "clock_start_moved_earlier")


def _on_reclass(fold: _Fold, event: Event) -> None:
    if fold.level is None:
        return
    target, current = _level(fold, event.facts.get("to")), _level(fold, fold.level)
    if target.rank > current.rank:
        fold.reported = None
        _upgrade(fold, event, target, _upgrade_start(fold, event, target))
    elif target.rank < current.rank:
        if event.facts.get("hospital_approved") or event.facts.get("by") == "hospital":
            _downgrade(fold, event, target)
        else:
            _flag(fold, "downgrade_rejected")


def _upgrade_start(fold: _Fold, event: Event, target: Level) -> dt.datetime:
    """New facts count from now; facts the supplier misjudged, from the first contact that could carry them."""
    if event.facts.get("basis") != "supplier_misclassified":
        return event.at
    if target.provisional is not None:
        return fold.phone_at or event.at
    return fold.contact_at or event.at


def _upgrade(fold: _Fold, event: Event, level: Level, start: dt.datetime) -> None:
    _supersede(fold, "response", event.at)
    _enter(fold, level)
    _open_pair(fold, event, start, level.response_s, level.emergency_start_s)
    limit = event.at + dt.timedelta(seconds=level.onsite_s)
    for clock in _pending_onsite(fold, event.at):
        clock.level, clock.due = level.code, min(clock.due, limit)


def _downgrade(fold: _Fold, event: Event, level: Level) -> None:
    overstated = event.facts.get("basis") == "overstated"
    if not overstated:
        _flag(fold, "earlier_verdicts_stand")
    elif any(_late_by(fold, clock, event.at) for clock in fold.clocks if clock.cycle == fold.cycle):
        _flag(fold, "earlier_breach_excused_pending_ruling")
    if not fold.emergency and (overstated or level.emergency_start_s is None):
        _supersede(fold, "emergency_start", event.at)
    _enter(fold, level)
    fold.reported = None
    if overstated and not fold.emergency:
        _supersede(fold, "response", event.at)
        start = fold.contact_at or event.at
        _open_pair(fold, event, start, level.response_s, level.emergency_start_s)
    for clock in _pending_onsite(fold, event.at):
        clock.level, clock.due = level.code, clock.start + dt.timedelta(seconds=level.onsite_s)


def _on_emergency_flag(fold: _Fold, event: Event) -> None:
    _flag(fold, "emergency_flag")
    if fold.level is None or fold.emergency:
        return
    fold.emergency = True
    if _level(fold, fold.level).emergency_start_s is not None:
        return
    _supersede(fold, "response", event.at)
    _open_pair(fold, event, event.at, fold.terms.emergency_response_s, fold.terms.emergency_start_s)


def _on_remote_failed(fold: _Fold, event: Event) -> None:
    if fold.level is None or _of_cycle(fold, "onsite"):
        return
    seconds = _level(fold, fold.level).onsite_s
    _open(fold, event, "onsite", event.at, event.at + dt.timedelta(seconds=seconds))


def _on_eta(fold: _Fold, event: Event) -> None:
    eta, pending = event.instant("eta"), _pending_onsite(fold, event.at)
    if eta is None or not pending:
        return None
    limit = pending[0]
    if eta > limit.due:
        if not event.facts.get("hospital_waiver"):
            return _flag(fold, "eta_rejected_over_limit")
        limit.due = eta
        return _flag(fold, "deferred_by_hospital")
    if event.facts.get("agreed_by"):
        _supersede(fold, "onsite_agreed", event.at)
        _open(fold, event, "onsite_agreed", limit.start, eta)
        _flag(fold, "eta_agreed")
    return None


def _of_cycle(fold: _Fold, kind: Kind) -> list[_Opened]:
    return [clock for clock in fold.clocks if clock.kind == kind and clock.cycle == fold.cycle]


def _pending_onsite(fold: _Fold, at: dt.datetime) -> list[_Opened]:
    """The on-site clock while it runs and is not late: only then may its due time still move."""
    ended = [*fold.arrivals, *fold.resolutions]
    return [
        clock
        for clock in _of_cycle(fold, "onsite")
        if clock.due >= at and not any(clock.start <= end < at for end in ended)
    ]


def _on_inspection(fold: _Fold, event: Event) -> None:
    due, official = due_after(event.at, fold.terms.db_report_working_days, fold.calendar)
    clock = _Opened(f"0.db_report.{event.key}", 0, "db_report", None, event.at, due, provisional=not official)
    fold.clocks.append(clock)
    _flag(fold, "calendar_official" if official else "calendar_provisional")


def _on_response(fold: _Fold, event: Event) -> None:
    if event.facts.get("kind", "human") == "human":
        fold.responses.append(event.at)
    else:
        _flag(fold, "auto_reply_ignored")


def _lift_all(fold: _Fold, event: Event, flag: str) -> None:
    """Withdrawn by the hospital, or carried on by another ticket: what still runs in time need not be done any more."""
    for clock in fold.clocks:
        if clock.superseded_at is None and _stop(fold, clock) is None:
            clock.superseded_at = event.at
    _flag(fold, flag)


def _on_close_attempt(fold: _Fold, event: Event) -> None:
    if not event.facts.get("maintenance_record"):
        _flag(fold, "close_rejected_no_maintenance_record")


_HANDLERS = {
    "NO_CONTRACT": lambda fold, event: _flag(fold, "shadow_no_annual_contract"),
    "MONITOR_ALERT": lambda fold, event: _flag(fold, "supplier_detected") if fold.cycle == 0 else None,
    "CONTACT": _on_contact,
    "REOPEN_CONTACT": _on_reopen,
    "MERGE_EARLIER_CALL": _on_merge,
    "RECLASS": _on_reclass,
    "EMERGENCY_FLAG": _on_emergency_flag,
    "REMOTE_FAILED": _on_remote_failed,
    "ONSITE_ETA": _on_eta,
    "RESPONSE": _on_response,
    "EMERGENCY_STARTED": lambda fold, event: fold.starts.append(event.at),
    "ONSITE_ARRIVED": lambda fold, event: fold.arrivals.append(event.at),
    "PENDING": lambda fold, event: None,
    "INSPECTION_ENDED": _on_inspection,
    "REPORT_DELIVERED": lambda fold, event: fold.reports.append(event.at),
    "RESOLVED": lambda fold, event: fold.resolutions.append(event.at),
    "CANCELLED": lambda fold, event: _lift_all(fold, event, "cancelled_by_hospital"),
    "MERGED_INTO": lambda fold, event: _lift_all(fold, event, "merged"),
    "CLOSE_ATTEMPT": _on_close_attempt,
}


# --- judging ---------------------------------------------------------------------------------------------------------


def _stop(fold: _Fold, clock: _Opened) -> dt.datetime | None:
    """The first instant at or after the start that stops this kind of clock."""
    instants = {
        "response": fold.responses,
        "emergency_start": fold.starts,
        "onsite": fold.arrivals,
        "onsite_agreed": fold.arrivals,
        "db_report": fold.reports,
    }[clock.kind]
    return min((instant for instant in instants if instant >= clock.start), default=None)


def _late_by(fold: _Fold, clock: _Opened, at: dt.datetime) -> bool:
    stop = _stop(fold, clock)
    return clock.due < (at if stop is None else min(stop, at)) and _moot_at(fold, clock, stop) is None


def _moot_at(fold: _Fold, clock: _Opened, stop: dt.datetime | None) -> dt.datetime | None:
    """When the fault was cleared in time before the duty fell: nobody needs an emergency service or a visit any more."""
    if clock.kind in ("response", "db_report"):
        return None
    resolved = min((instant for instant in fold.resolutions if instant >= clock.start), default=None)
    if resolved is None or resolved > clock.due or (stop is not None and stop <= resolved):
        return None
    return resolved


def _judge(fold: _Fold, clock: _Opened, as_of: dt.datetime) -> Clock:
    stop, gone = _stop(fold, clock), clock.superseded_at
    moot = _moot_at(fold, clock, stop)
    verdict: Verdict
    if (
        gone is not None
        and gone <= clock.due
        and not any(at is not None and at < gone for at in (stop, moot))
    ):
        verdict, stop = "superseded", None
    elif moot is not None:
        verdict, stop = "moot", None
    elif clock.provisional:
        verdict = "running"
    elif stop is not None:
        verdict = "met" if stop <= clock.due else "breached"
    else:
        verdict = "breached" if as_of > clock.due else "running"
    judged = verdict in ("met", "breached")
    margin = (clock.due - stop) // dt.timedelta(seconds=1) if stop is not None and judged else None
    return Clock(
        clock.key, clock.cycle, clock.kind, clock.level, clock.start, clock.due, stop, verdict, margin
    )
