"""采购方式: which way of buying an amount allows, and whether a purchase was cut small to escape a tender."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)


class Method(StrEnum):
    OPEN = "open"  # 公开招标
    INVITED = "invited"  # 邀请招标
    NEGOTIATION = "negotiation"  # 竞争性谈判
    CONSULTATION = "consultation"  # 竞争性磋商
    ENQUIRY = "enquiry"  # 询价
    SINGLE = "single"  # 单一来源
    FRAMEWORK = "framework"  # 框架协议


@dataclass(frozen=True)
class MethodLimit:
    """``method`` may be used from ``low`` (included) to below ``high`` yuan (None: no end), with so many bids."""

    method: Method
    low: Decimal
    high: Decimal | None
    least_bids: int
    source: str = ""

    def covers(self, amount: Decimal) -> bool:
        return amount >= self.low and (self.high is None or amount < self.high)


def allowed(limits: Sequence[MethodLimit], method: Method, amount: Decimal) -> MethodLimit | None:
    """The row that allows a method for an amount; None when none does."""
    return next((one for one in limits if one.method == method and one.covers(amount)), None)


def choices(limits: Sequence[MethodLimit], amount: Decimal) -> list[Method]:
    """Every way an amount may be bought."""
    return [method for method in Method if allowed(limits, method, amount) is not None]


@dataclass(frozen=True)
class Split:
    """Purchases of one kind of thing that together exceed what their way of buying allows; yuan."""

    before: Decimal
    now: Decimal
    edge: Decimal
    source: str

    @property
    def together(self) -> Decimal:
        return self.before + self.now


def split(
    limits: Sequence[MethodLimit], method: Method, before: Sequence[Decimal], now: Decimal
) -> Split | None:
    """Whether what was bought ``before`` and ``now`` by ways with an upper limit would together have exceeded it."""
    limit = allowed(limits, method, now)
    if not before or limit is None or limit.high is None:
        return None
    earlier = sum(before, ZERO)
    if earlier + now < limit.high:
        return None
    return Split(earlier, now, limit.high, limit.source)
