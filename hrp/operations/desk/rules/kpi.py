"""Figures of the service report as pure functions over the histories of tickets. Every share carries its n and N."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hrp.operations.desk.rules.clocks import Evaluation
from hrp.operations.desk.rules.events import Event

REPEAT_WITHIN = dt.timedelta(days=90)
STAYS_FIXED_FOR = dt.timedelta(days=7)
ONE_CALL = dt.timedelta(minutes=30)
"""How long a call may last where the telephone system did not say when it ended."""

_AWAY = ("REMOTE_FAILED", "ONSITE_ETA", "ONSITE_ARRIVED", "DISPATCHED", "PENDING")
_STILL_WAITING = (
    "PENDING",
    "NOTE",
    "PAGED",
    "PAGE_ACKED",
    "STATUS_UPDATE",
    "LINKED",
    "CALL_CLAIMED",
    "RATED",
)


@dataclass(frozen=True)
class History:
    """A ticket as the figures see it: its chain, what the engine made of it, and the cause on its record."""

    number: str
    events: Sequence[Event]
    result: Evaluation
    module: str = ""
    cause: str = ""


@dataclass(frozen=True)
class Share:
    """``n`` of ``of``."""

    n: int
    of: int

    @property
    def text(self) -> str:
        """``3/4（75.0%）``; nothing to divide by gives ``0/0``, never a percentage."""
        return f"{self.n}/{self.of}（{self.n * 1000 // self.of / 10:.1f}%）" if self.of else "0/0"


@dataclass(frozen=True)
class Spread:
    """Mean and 90th percentile (nearest rank) of so many durations, in seconds; ``of`` is how many there could be."""

    n: int
    of: int
    mean_s: float | None
    p90_s: float | None


@dataclass(frozen=True)
class Tally:
    """Contract clocks of one level and kind by verdict. ``excused`` are among the ``breached``."""

    started: int = 0
    met: int = 0
    breached: int = 0
    excused: int = 0
    moot: int = 0
    superseded: int = 0
    running: int = 0

    @property
    def rate(self) -> Share:
        """Met of those that count: met / (met + breached - excused)."""
        return Share(self.met, self.met + self.breached - self.excused)


def tally(verdicts: Iterable[tuple[str, bool]]) -> Tally:
    """Count (verdict, excused) pairs."""
    counts = dict.fromkeys(("met", "breached", "moot", "superseded", "running"), 0)
    started = excused = 0
    for verdict, is_excused in verdicts:
        started += 1
        counts[verdict] += 1
        excused += is_excused and verdict == "breached"
    return Tally(started=started, excused=excused, **counts)


def spread(seconds: Iterable[float], of: int) -> Spread:
    """Mean and p90 of the durations there are."""
    known = sorted(seconds)
    if not known:
        return Spread(0, of, None, None)
    return Spread(len(known), of, sum(known) / len(known), known[math.ceil(0.9 * len(known)) - 1])


def acknowledgement(histories: Sequence[History]) -> Spread:
    """MTTA: from the first contact to the first answer of a person."""
    taken = [
        (one.result.first_response_at - one.result.first_contact_at).total_seconds()
        for one in histories
        if one.result.first_response_at is not None and one.result.first_contact_at is not None
    ]
    return spread(taken, len(histories))


def repair(histories: Sequence[History], *, without_waiting: bool = False) -> Spread:
    """MTTR: from the first contact of a cycle to its being resolved, with or without the waits for the hospital."""
    taken, cycles = [], 0
    for one in histories:
        for begun, resolved in cycles_of(one):
            cycles += 1
            if resolved is not None:
                waited = waiting(one.events, begun, resolved) if without_waiting else dt.timedelta()
                taken.append((resolved - begun - waited).total_seconds())
    return spread(taken, cycles)


def cycles_of(history: History) -> list[tuple[dt.datetime, dt.datetime | None]]:
    """(begun, resolved) of each cycle. A cycle begins where its first clock starts: calls merged in count."""
    begins: dict[int, dt.datetime] = {}
    for clock in history.result.clocks:
        if clock.cycle and clock.kind == "response":
            begins[clock.cycle] = min(begins.get(clock.cycle, clock.start), clock.start)
    resolved = sorted(event.at for event in history.events if event.type == "RESOLVED")
    found = []
    for cycle, begun in sorted(begins.items()):
        end = begins.get(cycle + 1)
        last = [at for at in resolved if at >= begun and (end is None or at < end)]
        found.append((begun, last[-1] if last else None))
    return found


def waiting(events: Sequence[Event], begun: dt.datetime, ended: dt.datetime) -> dt.timedelta:
    """How long within [begun, ended] the hospital's doing was awaited: from each wait to the next event of work."""
    total, since = dt.timedelta(), None
    for event in sorted(events, key=Event.sort_key):
        if event.at > ended:
            break
        if event.type == "PENDING":
            since = since or max(event.at, begun)
        elif since is not None and event.type not in _STILL_WAITING:
            total, since = total + max(event.at - since, dt.timedelta()), None
    return total + (max(ended - since, dt.timedelta()) if since is not None else dt.timedelta())


def first_contact_fix(histories: Sequence[History], as_of: dt.datetime) -> Share:
    """Resolved in the first call and not reopened for seven days, of the calls a person answered seven days ago or more."""
    fixed = counted = 0
    for one in histories:
        call = next((event for event in one.events if event.type == "CONTACT"), None)
        if call is None or call.facts.get("channel") != "phone" or call.instant("answered_at") is None:
            continue
        if as_of < call.at + STAYS_FIXED_FOR:
            continue
        counted += 1
        fixed += _fixed_in(call, one.events)
    return Share(fixed, counted)


def _fixed_in(call: Event, events: Sequence[Event]) -> bool:
    resolved = min((event.at for event in events if event.type == "RESOLVED"), default=None)
    hung_up = call.instant("ended_at") or call.at + ONE_CALL
    if resolved is None or resolved > hung_up:
        return False
    again = any(event.type == "REOPEN_CONTACT" and event.at <= resolved + STAYS_FIXED_FOR for event in events)
    return not again and not any(event.type in _AWAY for event in events if event.at <= resolved)


def reopened(histories: Sequence[History]) -> Share:
    """Tickets whose fault came back, of those once resolved."""
    solved = [one for one in histories if any(event.type == "RESOLVED" for event in one.events)]
    return Share(sum(one.result.cycles > 1 for one in solved), len(solved))


def repeated(histories: Sequence[History], earlier: Sequence[History] = ()) -> Share:
    """Tickets of the same system and cause as one up to 90 days before, of those whose cause is on record.

    ``earlier`` are tickets of the 90 days before the period: they are compared with, not counted.
    """
    known = [one for one in (*earlier, *histories) if one.cause and one.result.first_contact_at]
    counted = [one for one in histories if one.cause and one.result.first_contact_at]
    return Share(sum(any(_repeats(one, other) for other in known) for one in counted), len(counted))


def _repeats(one: History, other: History) -> bool:
    here, there = one.result.first_contact_at, other.result.first_contact_at
    if (
        one is other
        or here is None
        or there is None
        or (one.module, one.cause) != (other.module, other.cause)
    ):
        return False
    return (there, other.number) < (here, one.number) and here - there <= REPEAT_WITHIN
