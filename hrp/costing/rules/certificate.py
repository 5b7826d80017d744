"""The conservation certificate of an allocation (I1–I4 and the input hash of I9), checked in integer 分."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Cell = tuple[str, str, str]
Column = tuple[str, str]  # item, fund


class PostingLike(Protocol):
    @property
    def level(self) -> int: ...
    @property
    def source(self) -> str: ...
    @property
    def receiver(self) -> str: ...
    @property
    def item(self) -> str: ...
    @property
    def fund(self) -> str: ...
    @property
    def amount_fen(self) -> int: ...


class FullCostLike(Protocol):
    @property
    def full(self) -> int: ...


@dataclass(frozen=True)
class LevelTotals:
    """The hospital's total per (item, fund) before and after one level, and how many postings it took."""

    level: int
    before: Mapping[Column, int]
    after: Mapping[Column, int]
    postings: int

    @classmethod
    def measure(
        cls, level: int, before: Mapping[Cell, int], after: Mapping[Cell, int], postings: int
    ) -> LevelTotals:
        return cls(level, column_totals(before), column_totals(after), postings)


@dataclass(frozen=True)
class Certificate:
    """``violations`` is empty when every invariant holds; each entry names the invariant and where it breaks."""

    before: Mapping[Column, int]
    after: Mapping[Column, int]
    levels: Sequence[LevelTotals]
    postings: int
    held_fen: int
    input_hash: str
    violations: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.violations

    @property
    def total_fen(self) -> int:
        return sum(self.after.values())

    @classmethod
    def examine(
        cls,
        *,
        departments: Mapping[str, str],
        opening: Mapping[Cell, int],
        costs: Mapping[Cell, FullCostLike],
        final: Mapping[Cell, int],
        held: Mapping[Cell, int],
        postings: Sequence[PostingLike],
        levels: Sequence[LevelTotals],
        input_hash: str,
    ) -> Certificate:
        before, after = column_totals(opening), column_totals(final)
        violations = [
            *_conserves(before, after, levels),
            *_sources_are_empty(departments, final, held),
            *_hops_balance(costs, final, postings),
            *_parts_make_full(departments, costs, final),
        ]
        return cls(
            before, after, tuple(levels), len(postings), sum(held.values()), input_hash, tuple(violations)
        )


def column_totals(cells: Mapping[Cell, int]) -> dict[Column, int]:
    """Totals per (item, fund), zeros dropped."""
    totals: dict[Column, int] = defaultdict(int)
    for (_, item, fund), amount in cells.items():
        totals[item, fund] += amount
    return {column: amount for column, amount in sorted(totals.items()) if amount}


def _conserves(
    before: Mapping[Column, int], after: Mapping[Column, int], levels: Sequence[LevelTotals]
) -> Iterable[str]:
    for place, first, last in [
        ("全过程", before, after),
        *((f"第 {level.level} 级", level.before, level.after) for level in levels),
    ]:
        for column in sorted(set(first) | set(last)):
            if first.get(column, 0) != last.get(column, 0):
                yield f"I1 {place} {column[0]}/{column[1]}：分摊前 {first.get(column, 0)} 分，分摊后 {last.get(column, 0)} 分"


def _sources_are_empty(
    departments: Mapping[str, str], final: Mapping[Cell, int], held: Mapping[Cell, int]
) -> Iterable[str]:
    for cell, amount in final.items():
        if departments[cell[0]] != "clinical" and amount != held.get(cell, 0):
            yield f"I2 {cell[0]} {cell[1]}/{cell[2]}：分摊后仍有 {amount} 分"


def _hops_balance(
    costs: Mapping[Cell, FullCostLike], final: Mapping[Cell, int], postings: Sequence[PostingLike]
) -> Iterable[str]:
    """I3 at levels 1–3: what a source sent plus what it kept is all it ever had."""
    sent: dict[Cell, int] = defaultdict(int)
    for posting in postings:
        if posting.level:
            sent[posting.source, posting.item, posting.fund] += posting.amount_fen
    for cell, amount in sent.items():
        had = costs[cell].full - final.get(cell, 0)
        if amount != had:
            yield f"I3 {cell[0]} {cell[1]}/{cell[2]}：应分摊 {had} 分，实际分出 {amount} 分"


def _parts_make_full(
    departments: Mapping[str, str], costs: Mapping[Cell, FullCostLike], final: Mapping[Cell, int]
) -> Iterable[str]:
    for cell, cost in costs.items():
        if departments[cell[0]] == "clinical" and cost.full != final.get(cell, 0):
            yield f"I4 {cell[0]} {cell[1]}/{cell[2]}：直接与三级分摊合计 {cost.full} 分，全成本 {final.get(cell, 0)} 分"
