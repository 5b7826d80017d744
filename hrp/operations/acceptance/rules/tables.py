"""Tables of a report from plain rows: the same code judges the stored clocks and checks the printed figures.

Small numbers are printed as n/N beside every rate; a rate without a denominator is not a rate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

VERDICTS = ("符合", "不符合", "证据不足", "不适用")
COUNTED = ("met", "breached", "excused", "moot", "superseded", "running")


@dataclass(frozen=True)
class SlaRow:
    """The clocks of one level and kind: how many ended how. ``rate`` is met / (met + breached - excused)."""

    level: str
    kind: str
    counts: Mapping[str, int]

    @property
    def due(self) -> int:
        """Clocks that count: those met and those breached without excuse."""
        return self.counts["met"] + self.counts["breached"] - self.counts["excused"]

    @property
    def rate(self) -> str:
        return ratio(self.counts["met"], self.due)

    def as_dict(self) -> dict[str, Any]:
        return {"level": self.level, "kind": self.kind, **self.counts, "due": self.due, "rate": self.rate}


def ratio(part: int, whole: int) -> str:
    """``19/20（95.0%）``; ``—`` when nothing was due."""
    return f"{part}/{whole}（{part * 1000 // whole / 10:.1f}%）" if whole else "—"


def sla(clocks: Sequence[Mapping[str, Any]], levels: Sequence[str], kinds: Sequence[str]) -> list[SlaRow]:
    """One row per (level, kind) that has clocks, in the orders given.

    Each clock has ``level``, ``kind``, ``verdict`` and, when both parties excused its breach, ``excused``.
    """
    counted: dict[tuple[str, str], Counter[str]] = {}
    for clock in clocks:
        row = counted.setdefault((clock["level"], clock["kind"]), Counter())
        row[clock["verdict"]] += 1
        row["excused"] += bool(clock.get("excused"))
    rank = {level: place for place, level in enumerate(levels)}
    kind_rank = {kind: place for place, kind in enumerate(kinds)}
    return [
        SlaRow(level, kind, {name: counts[name] for name in COUNTED})
        for (level, kind), counts in sorted(
            counted.items(), key=lambda item: (rank.get(item[0][0], 99), kind_rank.get(item[0][1], 99))
        )
    ]


def tally(verdicts: Sequence[str]) -> dict[str, int]:
    """How many clauses ended with each verdict, in the order a reader expects."""
    counts = Counter(verdicts)
    return {name: counts[name] for name in VERDICTS}


def event_type(text: str) -> str:
    """The type of an event from the text its hash was taken of (its fourth line)."""
    return text.split("\n", 4)[3]
