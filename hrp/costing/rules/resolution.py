"""From rules and driver values to the engine's steps: which rule governs which items of which source, by what weights.

The more particular rule wins (one unit before a category, one item before one of the seven before all), among equals
the smaller rank. A driver that sums to zero over the receivers gives way to its approved fallbacks, in order; the
depth taken is carried to every posting. Nothing is refused here: a source that turns out to hold cost without a
usable rule is refused by the engine, by name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from hrp.costing.rules.three_level_fen import LEVELS, RECEIVES, SENDS, Category, Step


@dataclass(frozen=True)
class Unit:
    """A participating department. ``setting`` is outpatient, inpatient or none."""

    code: str
    category: Category
    setting: str = "none"


@dataclass(frozen=True)
class Item:
    code: str
    item7: str


@dataclass(frozen=True)
class Rule:
    """``source`` None: every source of the level. ``item`` and ``item7`` empty: all items."""

    id: str
    level: int
    driver: str
    source: str | None = None
    item: str = ""
    item7: str = ""
    rank: int = 100
    fallbacks: tuple[str, ...] = ()
    receiver_category: str = ""
    receiver_setting: str = ""

    def covers(self, source: str, item: Item) -> bool:
        return (
            self.source in (None, source) and self.item in ("", item.code) and self.item7 in ("", item.item7)
        )

    @property
    def precedence(self) -> tuple[bool, int, int, str]:
        """Smaller goes first."""
        breadth = 0 if self.item else 1 if self.item7 else 2
        return self.source is None, breadth, self.rank, self.id


@dataclass(frozen=True)
class DriverTable:
    """Values of one driver in the month. Pair values are keyed (server, receiver), department values (None, receiver)."""

    code: str
    pair: bool
    values: Mapping[tuple[str | None, str], Decimal] = field(default_factory=dict)

    def weights(self, source: str, receivers: Sequence[str]) -> dict[str, Decimal]:
        server = source if self.pair else None
        found = {code: self.values.get((server, code), Decimal(0)) for code in receivers}
        return {code: value for code, value in found.items() if value}


def steps(
    units: Sequence[Unit], items: Sequence[Item], rules: Sequence[Rule], drivers: Mapping[str, DriverTable]
) -> list[Step]:
    """Steps for every source that has a rule, in order of level and source."""
    ordered = sorted(rules, key=lambda rule: rule.precedence)
    result: list[Step] = []
    for level in LEVELS:
        level_rules = [rule for rule in ordered if rule.level == level]
        shared = _shared_sources(level_rules, items) if level == 0 else {}
        for unit in sorted(units, key=lambda unit: unit.code):
            if level and unit.category != SENDS[level]:
                continue
            for rule, codes in _governed(level_rules, unit.code, items).items():
                blocked = frozenset().union(*(shared.get(code, frozenset()) for code in codes))
                result.append(
                    _step(level, unit, rule, codes, _receivers(level, unit, rule, units, blocked), drivers)
                )
    return result


def _governed(rules: Sequence[Rule], source: str, items: Sequence[Item]) -> dict[Rule, frozenset[str]]:
    chosen: dict[Rule, set[str]] = defaultdict(set)
    for item in items:
        rule = next((rule for rule in rules if rule.covers(source, item)), None)
        if rule is not None:
            chosen[rule].add(item.code)
    return {rule: frozenset(codes) for rule, codes in chosen.items()}


def _shared_sources(rules: Sequence[Rule], items: Sequence[Item]) -> dict[str, frozenset[str]]:
    """At level 0 a source of an item receives none of it: shared pools do not serve one another."""
    return {
        item.code: frozenset(rule.source for rule in rules if rule.source and rule.covers(rule.source, item))
        for item in items
    }


def _receivers(
    level: int, source: Unit, rule: Rule, units: Sequence[Unit], blocked: frozenset[str]
) -> list[str]:
    return [
        unit.code
        for unit in units
        if unit.code != source.code
        and unit.code not in blocked
        and (level == 0 or unit.category in RECEIVES[level])
        and rule.receiver_category in ("", unit.category)
        and rule.receiver_setting in ("", unit.setting)
    ]


def _step(
    level: int,
    source: Unit,
    rule: Rule,
    items: frozenset[str],
    receivers: Sequence[str],
    drivers: Mapping[str, DriverTable],
) -> Step:
    weights: dict[str, Decimal] = {}
    depth, code = 0, rule.driver
    for place, candidate in enumerate((rule.driver, *rule.fallbacks)):
        table = drivers.get(candidate)
        found = table.weights(source.code, receivers) if table else {}
        if any(value < 0 for value in found.values()) or sum(found.values()) > 0:
            weights, depth, code = found, place, candidate
            break
    return Step(level, source.code, weights, items, code, rule.id, depth)
