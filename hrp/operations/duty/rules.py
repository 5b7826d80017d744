"""The rota and the paging chain as pure arithmetic: who stands when, where the holes are, which step is due."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

Kind = Literal["thin", "first", "empty", "double", "far"]

KIND_TITLES: Mapping[str, str] = {
    "thin": "层数不足",
    "first": "一线空缺",
    "empty": "本层空缺",
    "double": "一人两层",
    "far": "路程超限",
}
HOLES: frozenset[str] = frozenset({"thin", "first"})
"""Faults that leave a call unanswered; ``empty`` alone does not, as long as enough other layers stand."""
GRAVE: frozenset[str] = HOLES | {"double", "far"}


@dataclass(frozen=True)
class Stint:
    """One person in one layer from ``start`` up to, not including, ``end``."""

    layer: str
    person: int
    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True)
class Change:
    """A substitution: wherever ``out`` stands in the layer between the two instants, ``into`` stands instead."""

    layer: str
    out: int
    into: int
    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True)
class Fault:
    """Something wrong with the rota over a stretch of time. ``layer`` and ``person`` where they matter."""

    kind: Kind
    start: dt.datetime
    end: dt.datetime
    layer: str = ""
    person: int | None = None

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


def standing(stints: Iterable[Stint], changes: Iterable[Change]) -> list[Stint]:
    """The stints after the changes, applied in their order: a later substitution also replaces a substitute."""
    found = [stint for stint in stints if stint.start < stint.end]
    for change in changes:
        if change.start >= change.end:
            continue
        kept: list[Stint] = []
        for stint in found:
            kept += _changed(stint, change)
        found = kept
    return sorted(found, key=lambda stint: (stint.start, stint.layer, stint.person))


def _changed(stint: Stint, change: Change) -> list[Stint]:
    start, end = max(stint.start, change.start), min(stint.end, change.end)
    if (stint.layer, stint.person) != (change.layer, change.out) or start >= end:
        return [stint]
    pieces = (
        replace(stint, end=start),
        Stint(stint.layer, change.into, start, end),
        replace(stint, start=end),
    )
    return [piece for piece in pieces if piece.start < piece.end]


def examine(
    stints: Sequence[Stint],
    begin: dt.datetime,
    end: dt.datetime,
    *,
    layers: Sequence[str],
    at_least: int,
    travel_s: Mapping[int, int | None],
    travel_max_s: int,
) -> list[Fault]:
    """Every fault of the rota in [begin, end), each stretched as far as it lasts, in order of time.

    ``thin``: fewer than ``at_least`` layers stand; ``first``: the first layer is empty; ``empty``: another layer is;
    ``double``: one person stands in two layers; ``far``: somebody stands whose way to the hospital is longer than
    ``travel_max_s`` or not known. Nights and holidays are like any other minute.
    """
    if begin >= end:
        return []
    moves: dict[dt.datetime, list[tuple[int, Stint]]] = {begin: [], end: []}
    for stint in stints:
        start, stop = max(stint.start, begin), min(stint.end, end)
        if start < stop:
            moves.setdefault(start, []).append((1, stint))
            moves.setdefault(stop, []).append((-1, stint))
    present: Counter[tuple[str, int]] = Counter()
    found: list[Fault] = []
    running: dict[tuple[Kind, str, int | None], int] = {}
    moments = sorted(moves)
    for moment, following in pairwise(moments):
        for step, stint in moves[moment]:
            present[stint.layer, stint.person] += step
        wrong = set(_wrong(present, layers, at_least, travel_s, travel_max_s))
        for key in [key for key in running if key not in wrong]:
            del running[key]
        for key in wrong:
            if key in running:
                found[running[key]] = replace(found[running[key]], end=following)
            else:
                running[key] = len(found)
                kind, layer, person = key
                found.append(Fault(kind, moment, following, layer, person))
    return sorted(found, key=lambda fault: (fault.start, fault.kind, fault.layer, fault.person or 0))


def _wrong(
    present: Mapping[tuple[str, int], int],
    layers: Sequence[str],
    at_least: int,
    travel_s: Mapping[int, int | None],
    travel_max_s: int,
) -> Iterable[tuple[Kind, str, int | None]]:
    here = {key for key, count in present.items() if count > 0}
    manned = {layer for layer, _ in here if layer in layers}
    if len(manned) < at_least:
        yield "thin", "", None
    for place, layer in enumerate(layers):
        if layer not in manned:
            yield ("first" if place == 0 else "empty"), layer, None
    times = Counter(person for _, person in here)
    for person, count in times.items():
        if count > 1:
            yield "double", "", person
        way = travel_s.get(person)
        if way is None or way > travel_max_s:
            yield "far", "", person


def uncovered_s(faults: Iterable[Fault]) -> int:
    """Seconds in which a call could stay unanswered: the union of all holes."""
    total, reached = 0.0, None
    for fault in sorted((f for f in faults if f.kind in HOLES), key=lambda f: f.start):
        start = fault.start if reached is None else max(fault.start, reached)
        if fault.end > start:
            total += (fault.end - start).total_seconds()
        reached = fault.end if reached is None else max(reached, fault.end)
    return round(total)


def rotation(
    people: Sequence[int], start: dt.datetime, end: dt.datetime, *, hours: int
) -> list[tuple[int, dt.datetime, dt.datetime]]:
    """People taking turns of ``hours`` from ``start`` until ``end``; the last turn is cut short there."""
    turns = []
    moment, place = start, 0
    while moment < end:
        following = min(end, moment + dt.timedelta(hours=hours))
        turns.append((people[place % len(people)], moment, following))
        moment, place = following, place + 1
    return turns


def at_instant(stints: Iterable[Stint], moment: dt.datetime) -> dict[str, list[int]]:
    """Who stands at one instant, by layer."""
    found: dict[str, list[int]] = {}
    for stint in stints:
        if stint.start <= moment < stint.end and stint.person not in found.get(stint.layer, []):
            found.setdefault(stint.layer, []).append(stint.person)
    return found


def due_steps(times_s: Sequence[int], position: int, elapsed_s: float, *, forward: bool = False) -> list[int]:
    """Places of the steps from ``position`` on whose time has come. More than one: the worker was asleep.

    ``forward`` brings the next step to now, because the last one could reach nobody.
    """
    due = [place for place in range(position, len(times_s)) if times_s[place] <= elapsed_s]
    if not due and forward and position < len(times_s):
        return [position]
    return due
