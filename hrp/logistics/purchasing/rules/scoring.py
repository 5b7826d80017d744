"""Supplier score: facts of a span of time become points out of 100, less what lapses and recalls cost; a class A to D."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

HUNDRED = Decimal(100)
ZERO = Decimal(0)


@dataclass(frozen=True)
class Facts:
    """Counted facts of a supplier. Quantities of different items are never added: lines are counted."""

    due: int = 0  # order lines due in the span
    on_time: int = 0  # of them fully received on or before the due day
    fill: Decimal = ZERO  # sum of received shares (0..1) of the lines due
    inspected: int = 0  # inspection lines
    failed: int = 0  # of them rejected, in part or whole
    spent: Decimal = ZERO  # yuan ordered of items with an earlier price
    spent_before: Decimal = ZERO  # the same at the mean price of the twelve months before
    lapsed: int = 0  # licences that ended with nothing in their place
    recalls: int = 0  # recalls of goods it delivered, drills left out

    @property
    def on_time_percent(self) -> Decimal | None:
        return percent(Decimal(self.on_time), Decimal(self.due))

    @property
    def fill_percent(self) -> Decimal | None:
        return percent(self.fill, Decimal(self.due))

    @property
    def failed_percent(self) -> Decimal | None:
        return percent(Decimal(self.failed), Decimal(self.inspected))

    @property
    def price_percent(self) -> Decimal | None:
        """How much dearer (positive) than before."""
        return percent(self.spent - self.spent_before, self.spent_before)


@dataclass(frozen=True)
class Weights:
    """Points of each fact, how many points one percent costs, and each lapse and recall."""

    on_time: Decimal = Decimal(30)
    fill: Decimal = Decimal(30)
    quality: Decimal = Decimal(30)
    price: Decimal = Decimal(10)
    per_failed_percent: Decimal = Decimal(3)
    per_dearer_percent: Decimal = Decimal(1)
    per_lapse: Decimal = Decimal(5)
    per_recall: Decimal = Decimal(10)


@dataclass(frozen=True)
class Score:
    """Points of what could be judged, scaled to 100; ``grade`` is empty while nothing could."""

    points: Decimal | None
    grade: str


def score(facts: Facts, *, weights: Weights = Weights(), limits: tuple[int, ...] = (90, 80, 60)) -> Score:
    """Points out of 100 over the facts that exist: a supplier is not blamed for what nobody measured."""
    parts: list[tuple[Decimal, Decimal]] = []  # points, weight
    for share, weight in ((facts.on_time_percent, weights.on_time), (facts.fill_percent, weights.fill)):
        if share is not None:
            parts.append((min(share, HUNDRED) * weight / HUNDRED, weight))
    if facts.failed_percent is not None:
        lost = facts.failed_percent * weights.per_failed_percent
        parts.append((max(weights.quality - lost, ZERO), weights.quality))
    if facts.price_percent is not None:
        lost = max(facts.price_percent, ZERO) * weights.per_dearer_percent
        parts.append((max(weights.price - lost, ZERO), weights.price))
    whole = sum((weight for _, weight in parts), ZERO)
    measured = bool(whole) and bool(facts.due or facts.inspected)
    if not measured and not (facts.lapsed or facts.recalls):
        return Score(None, "")
    reached = sum((got for got, _ in parts), ZERO) * HUNDRED / whole if measured else HUNDRED
    lost = facts.lapsed * weights.per_lapse + facts.recalls * weights.per_recall
    points = max(reached - lost, ZERO).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    grade = next((name for name, least in zip("ABC", limits, strict=True) if points >= least), "D")
    return Score(points, grade)


def percent(part: Decimal, whole: Decimal) -> Decimal | None:
    """To one decimal; None of nothing."""
    if not whole:
        return None
    return (part * HUNDRED / whole).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
