"""Effective-dated trees as pure data: which edges hold on a day, what lies below a unit, where a cycle would close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

FOREVER = dt.date.max


@dataclass(frozen=True)
class Edge:
    """``unit`` stands under ``parent`` from ``start`` to ``end``, both inclusive; no ``end`` means from then on."""

    unit: int
    parent: int | None
    start: dt.date
    end: dt.date | None = None

    @property
    def last(self) -> dt.date:
        return self.end or FOREVER

    def holds_on(self, day: dt.date) -> bool:
        return self.start <= day <= self.last


def below(edges: Iterable[Edge], roots: Iterable[int], on: dt.date) -> frozenset[int]:
    """The roots and everything under them on the day."""
    children: dict[int, list[int]] = {}
    for edge in edges:
        if edge.parent is not None and edge.holds_on(on):
            children.setdefault(edge.parent, []).append(edge.unit)
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        unit = waiting.pop()
        if unit not in found:
            found.add(unit)
            waiting.extend(children.get(unit, ()))
    return frozenset(found)


def overlapping(edges: Iterable[Edge]) -> tuple[Edge, Edge] | None:
    """Two edges of one unit whose validities share a day, if any."""
    last_of: dict[int, Edge] = {}
    for edge in sorted(edges, key=lambda e: (e.unit, e.start)):
        earlier = last_of.get(edge.unit)
        if earlier is not None and edge.start <= earlier.last:
            return earlier, edge
        last_of[edge.unit] = edge
    return None


def closes_cycle(edges: Iterable[Edge], new: Edge) -> bool:
    """Whether adding ``new`` makes its unit stand above itself on some day.

    Walks upwards from the new parent, keeping the span of days on which the whole path holds.
    """
    if new.parent is None:
        return False
    above: dict[int, list[Edge]] = {}
    for edge in edges:
        above.setdefault(edge.unit, []).append(edge)
    waiting = [(new.parent, new.start, new.last)]
    seen: set[tuple[int, dt.date, dt.date]] = set()
    while waiting:
        unit, start, last = waiting.pop()
        if unit == new.unit:
            return True
        if (unit, start, last) in seen:
            continue
        seen.add((unit, start, last))
        for edge in above.get(unit, ()):
            from_day, to_day = max(start, edge.start), min(last, edge.last)
            if edge.parent is not None and from_day <= to_day:
                waiting.append((edge.parent, from_day, to_day))
    return False
