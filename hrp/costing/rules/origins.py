"""By origin (按原始科室): which departments' own costs make up a cell after all hops, in 分.

Hops are what is posted; origins are derived from them, because a posting per origin would multiply the rows of a run
by the number of departments. What a source held is a mixture; each hop carries the mixture in proportion. The exact
fractions are rounded once, so that the origins of a cell add up to the cell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Hop:
    """One posting of one item and fund."""

    level: int
    source: int
    receiver: int
    amount_fen: int


def origins(department: int, collected: Mapping[int, int], hops: Sequence[Hop]) -> dict[int, int]:
    """Origin department -> fen, of one (item, fund) slice. ``collected`` is what the journal held per department.

    Only the department's own share of its collected cost counts as its own: what a level-0 source sent on is not.
    """
    into: dict[int, list[Hop]] = defaultdict(list)
    own = defaultdict(int, collected)
    for hop in hops:
        into[hop.receiver].append(hop)
        if hop.level == 0:
            own[hop.source] -= hop.amount_fen
    mixtures: dict[int, dict[int, Fraction]] = {}

    def mixture(code: int) -> dict[int, Fraction]:
        """Everything that was in the department when its turn came, by origin."""
        if code not in mixtures:
            found: dict[int, Fraction] = defaultdict(Fraction)
            found[code] += own[code]
            for hop in into[code]:
                if hop.level == 0:
                    found[hop.source] += hop.amount_fen
                    continue
                held = mixture(hop.source)
                total = sum(held.values())
                for origin, amount in held.items():
                    found[origin] += amount * hop.amount_fen / total
            mixtures[code] = found
        return mixtures[code]

    exact = mixture(department)
    return _rounded(exact, int(sum(exact.values())))


def _rounded(exact: Mapping[int, Fraction], total: int) -> dict[int, int]:
    parts = {origin: amount.numerator // amount.denominator for origin, amount in exact.items()}
    left = total - sum(parts.values())
    for origin in sorted(exact, key=lambda o: (parts[o] - exact[o], o))[:left]:
        parts[origin] += 1
    return {origin: part for origin, part in sorted(parts.items()) if part}
