"""Step-down (逐级分步结转) of service pools in order, in exact fractions or rounded as the books are kept.

A pool that has been closed never receives again, and never serves itself. ``plug_largest`` is the arithmetic of the
filed US Medicare cost reports (PRM-II ch. 40 §4020): a unit cost multiplier of six decimals, products in whole units,
the residual on the largest statistic, and a pool with a credit balance is held, not allocated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from hrp.platform.base.largest_remainder import Shares, Weight, largest_remainder
from hrp.platform.base.refusals import Invalid

Rounding = Literal["none", "plug_largest", "largest_remainder"]
CreditPools = Literal["allocate", "hold"]


@dataclass(frozen=True)
class Pool:
    """A service centre and the statistic of each centre it serves."""

    code: str
    statistics: Mapping[str, Weight]


@dataclass(frozen=True)
class StepDown:
    """``final`` holds the centres that are no pools; ``held`` the credit balances that were not allocated."""

    final: Mapping[str, Fraction]
    held: Mapping[str, Fraction] = field(default_factory=dict)

    @property
    def total(self) -> Fraction:
        return sum(self.final.values(), Fraction(0)) + sum(self.held.values(), Fraction(0))


def step_down(
    direct: Mapping[str, Weight],
    pools: Sequence[Pool],
    *,
    rounding: Rounding = "none",
    credit_pools: CreditPools = "allocate",
    multiplier_places: int = 6,
) -> StepDown:
    """Close ``pools`` in the order given. Amounts are in the unit of ``direct``; rounded modes need whole units."""
    cost = _opening(direct, pools)
    closed: set[str] = set()
    held: dict[str, Fraction] = {}
    for pool in pools:
        closed.add(pool.code)
        amount = cost.pop(pool.code)
        if amount == 0:
            continue
        if amount < 0 and credit_pools == "hold":
            held[pool.code] = amount
            continue
        served = {code: weight for code, weight in pool.statistics.items() if code not in closed}
        for code, part in _parts(pool.code, amount, served, rounding, multiplier_places).items():
            cost[code] += part
    return StepDown(final=dict(sorted(cost.items())), held=held)


def reciprocal(direct: Mapping[str, Weight], pools: Sequence[Pool]) -> StepDown:
    """Mutual services (交互分摊) solved at once: (I − A)·g = direct over the pools, in exact fractions."""
    cost = _opening(direct, pools)
    codes = [pool.code for pool in pools]
    shares = []
    for pool in pools:
        served = Shares({code: weight for code, weight in pool.statistics.items() if code != pool.code})
        if served.total == 0 and cost[pool.code]:
            raise _no_statistic(pool.code, cost[pool.code])
        shares.append({code: weight / served.denominator for code, weight in served.as_dict.items()})
    matrix = [
        [
            Fraction(int(row == column)) - shares[column].get(codes[row], Fraction(0))
            for column in range(len(codes))
        ]
        for row in range(len(codes))
    ]
    gross = _solve(matrix, [cost.pop(code) for code in codes])
    for amount, served_by in zip(gross, shares, strict=True):
        for code, share in served_by.items():
            if code in cost:
                cost[code] += amount * share
    return StepDown(final=dict(sorted(cost.items())))


def serves_upward(pools: Sequence[Pool]) -> bool:
    """True when some pool serves an earlier one, so that step-down and reciprocal differ."""
    rank = {pool.code: place for place, pool in enumerate(pools)}
    return any(rank.get(code, place) < place for place, pool in enumerate(pools) for code in pool.statistics)


def _opening(direct: Mapping[str, Weight], pools: Sequence[Pool]) -> dict[str, Fraction]:
    cost = {code: Fraction(amount) for code, amount in direct.items()}
    seen: set[str] = set()
    for pool in pools:
        if pool.code in seen:
            raise Invalid(
                f"成本池 {pool.code} 出现了两次",
                code="duplicate_pool",
                way_out="每个成本池只结转一次，请删除重复项。",
            )
        seen.add(pool.code)
        for code in (pool.code, *pool.statistics):
            cost.setdefault(code, Fraction(0))
    return cost


def _parts(
    code: str, amount: Fraction, served: Mapping[str, Weight], rounding: Rounding, places: int
) -> Mapping[str, Fraction]:
    shares = Shares(served)
    if shares.total == 0:
        raise _no_statistic(code, amount)
    if rounding == "none":
        return {receiver: amount * weight / shares.denominator for receiver, weight in shares.as_dict.items()}
    if amount.denominator != 1:
        raise Invalid(
            f"成本池 {code} 的金额 {amount} 不是整数单位",
            code="not_whole",
            way_out="取整方式要求金额以最小单位的整数给出。",
        )
    if rounding == "largest_remainder":
        return {receiver: Fraction(part) for receiver, part in largest_remainder(int(amount), served).items()}
    multiplier = Fraction(_half_up(amount / shares.denominator * 10**places), 10**places)
    parts = {receiver: Fraction(_half_up(multiplier * weight)) for receiver, weight in shares.as_dict.items()}
    largest = min(shares.as_dict, key=lambda receiver: (-shares.as_dict[receiver], receiver))
    parts[largest] += amount - sum(parts.values())
    return parts


def _half_up(value: Fraction) -> int:
    size = int(abs(value) + Fraction(1, 2))
    return size if value >= 0 else -size


def _no_statistic(code: str, amount: Fraction) -> Invalid:
    return Invalid(
        f"成本池 {code} 有余额 {float(amount):.2f}，但没有任何可接收的统计量",
        code="no_driver",
        way_out=f"请为成本池 {code} 补录统计量。",
    )


def _solve(matrix: list[list[Fraction]], right: list[Fraction]) -> list[Fraction]:
    """Gauss-Jordan with exact fractions; refuses (``closed_loop``) pools that only serve one another."""
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for column in range(size):
        pivot = next((row for row in range(column, size) if rows[row][column]), None)
        if pivot is None:
            raise Invalid(
                "交互分摊无解：有一组成本池只互相服务，从不服务其他科室",
                code="closed_loop",
                way_out="请检查这些成本池的统计量，至少有一个要服务于最终科室。",
            )
        rows[column], rows[pivot] = rows[pivot], rows[column]
        head = rows[column][column]
        rows[column] = [value / head for value in rows[column]]
        for row in range(size):
            factor = rows[row][column]
            if row != column and factor:
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[column], strict=True)]
    return [row[size] for row in rows]
