"""Consignment (寄售/备货): the supplier's goods in our cabinet; only use makes them ours, and consumed at once.

Every unit used makes a receipt and an issue of the same amount, so own inventory stays as it was (case ACC-02).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.rules.valuation import ZERO
from hrp.platform.base.refusals import Conflict


@dataclass(frozen=True)
class UnitUse:
    """One unit used: received and issued at the agreement price, which is owed to the supplier from then on."""

    uid: str
    amount: Decimal


@dataclass(frozen=True)
class Settlement:
    uses: tuple[UnitUse, ...]
    left: tuple[str, ...]

    @property
    def payable(self) -> Decimal:
        return sum((use.amount for use in self.uses), ZERO)


def settle(consigned: Sequence[str], used: Sequence[str], prices: Mapping[str, Decimal]) -> Settlement:
    """Units used out of the cabinet, at their agreement prices in yuan, and the units left, in the cabinet's order.

    :raises Conflict: ``unit_used_twice``, ``unit_not_consigned`` or ``no_price``, naming the unit
    """
    cabinet, seen = set(consigned), set[str]()
    for uid in used:
        if uid in seen:
            raise Conflict(
                f"{uid} 已登记使用，不能再次使用",
                code="unit_used_twice",
                way_out="请核对唯一码与使用记录；一次性器械不得重复使用。",
            )
        if uid not in cabinet:
            raise Conflict(
                f"{uid} 不在寄售柜中",
                code="unit_not_consigned",
                way_out="请先办理寄售验收，或按先使用后入库登记。",
            )
        if uid not in prices:
            raise Conflict(f"{uid} 没有有效的协议价", code="no_price", way_out="请先维护该供应商的价格协议。")
        seen.add(uid)
    return Settlement(
        tuple(UnitUse(uid, prices[uid]) for uid in used), tuple(uid for uid in consigned if uid not in seen)
    )
