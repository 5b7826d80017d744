"""Who must say yes to a request: the steps its value reaches, and what a panel of experts said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

ZERO = Decimal(0)
TWO_PLACES = Decimal("0.01")


class Step(StrEnum):
    OFFICE = "office"  # 归口审核
    EXPERTS = "experts"  # 专家论证
    COMMITTEE = "committee"  # 装备委员会
    PRESIDENT = "president"  # 院长办公会
    PARTY = "party"  # 党委会


ORDER = tuple(Step)


class Basis(StrEnum):
    SINGLE = "single"  # 单价
    TOTAL = "total"  # 申购合计


@dataclass(frozen=True)
class Threshold:
    """From ``low`` yuan on (included) ``step`` is due; ``large_only`` for 大型医用设备 alone."""

    step: Step
    basis: Basis
    low: Decimal
    large_only: bool = False
    source: str = ""


def required(
    thresholds: Sequence[Threshold], prices: Sequence[Decimal], total: Decimal, *, large: bool = False
) -> list[Step]:
    """The steps a request passes, in their order. The office always looks at it."""
    amounts = {Basis.SINGLE: max(prices, default=ZERO), Basis.TOTAL: total}
    due = {one.step for one in thresholds if amounts[one.basis] >= one.low and (large or not one.large_only)}
    return [step for step in ORDER if step in due or step == Step.OFFICE]


def weighted(scores: Sequence[int], weights: Sequence[int]) -> Decimal:
    """What one expert gave, out of 100."""
    whole = sum(weights)
    if whole <= 0 or len(scores) != len(weights):
        return Decimal("0.00")
    points = sum(score * weight for score, weight in zip(scores, weights, strict=True))
    return (Decimal(points) / whole).quantize(TWO_PLACES, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Ballot:
    agrees: bool
    score: Decimal
    recused: bool = False


@dataclass(frozen=True)
class Tally:
    """Votes that count; who declared an interest (回避) is not counted."""

    counted: int
    agreed: int
    average: Decimal
    recused: int


def tally(ballots: Sequence[Ballot]) -> Tally:
    counting = [one for one in ballots if not one.recused]
    average = ZERO
    if counting:
        average = (sum((one.score for one in counting), ZERO) / len(counting)).quantize(
            TWO_PLACES, rounding=ROUND_HALF_UP
        )
    return Tally(len(counting), sum(one.agrees for one in counting), average, len(ballots) - len(counting))


def shortfalls(found: Tally, *, least: int, share: Decimal, score: Decimal) -> list[str]:
    """Why a panel has not said yes, in words with the figures; empty when it has."""
    words = []
    if found.counted < least:
        words.append(f"有效票 {found.counted} 票，少于规定的 {least} 票（回避 {found.recused} 人）")
    elif Decimal(found.agreed) * 100 < share * found.counted:
        words.append(f"同意 {found.agreed} / {found.counted} 票，未达到 {share.normalize():f}%")
    if found.counted and found.average < score:
        words.append(f"平均得分 {found.average} 分，低于 {score.normalize():f} 分")
    return words
