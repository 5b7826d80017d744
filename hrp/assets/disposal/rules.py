"""Who must approve a disposal, and whether several were cut so small that nobody has to. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)


class Basis(StrEnum):
    SINGLE = "single"  # 单项原值
    BATCH = "batch"  # 批量原值合计


@dataclass(frozen=True)
class Limit:
    """From ``low`` (included) to ``high`` (excluded; None: no end) yuan it is ``approver`` who decides; a higher rank is further up."""

    basis: Basis
    low: Decimal
    high: Decimal | None
    approver: str
    rank: int
    source: str = ""

    def covers(self, amount: Decimal) -> bool:
        return amount >= self.low and (self.high is None or amount < self.high)


def required(limits: Sequence[Limit], costs: Sequence[Decimal]) -> Limit | None:
    """The furthest approver that any rule asks for: by the dearest thing, or by all of them together."""
    amounts = {Basis.SINGLE: max(costs, default=ZERO), Basis.BATCH: sum(costs, ZERO)}
    asked = [limit for limit in limits if limit.covers(amounts[limit.basis])]
    return max(asked, key=lambda limit: (limit.rank, limit.low), default=None)


@dataclass(frozen=True)
class Split:
    """Things disposed of apart that together need another approver; yuan."""

    before: Decimal
    now: Decimal
    limit: Limit

    @property
    def together(self) -> Decimal:
        return self.before + self.now


def split(
    limits: Sequence[Limit], before: Sequence[Decimal], now: Sequence[Decimal], *, rank: int
) -> Split | None:
    """Whether what was disposed of ``before`` and ``now`` would together have needed more than ``rank``."""
    if not before or not now:
        return None
    limit = required(limits, [*before, *now])
    if limit is None or limit.rank <= rank:
        return None
    return Split(sum(before, ZERO), sum(now, ZERO), limit)


def months_short(held: int, life: int | None) -> int:
    """Months an asset falls short of its life; 0 when it is reached or none is known."""
    return max(0, life - held) if life else 0
