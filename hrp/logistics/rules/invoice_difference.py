"""An invoice for goods received at an estimate (暂估): 单到回冲, red the estimate and blue the actual.

The difference goes to what is still on hand and to the expense of what was consumed, by quantity (case ACC-01).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.rules.sharing import share
from hrp.logistics.rules.valuation import ZERO, value_out
from hrp.platform.base.refusals import Invalid


@dataclass(frozen=True)
class Difference:
    """Signed amounts in yuan: ``reverse`` + ``actual`` = ``on_hand`` + Σ ``consumed``."""

    reverse: Decimal
    actual: Decimal
    on_hand: Decimal
    consumed: Mapping[str, Decimal]

    @property
    def expense(self) -> Decimal:
        return sum(self.consumed.values(), ZERO)


def open_estimate(received: Decimal, estimated: Decimal, invoiced_now: Decimal) -> Decimal:
    """The part of an open estimate that an invoice for ``invoiced_now`` of ``received`` settles; the last takes the rest.

    Refuses (``more_than_received``) an invoice for more than the estimate still covers.
    """
    if not 0 < invoiced_now <= received:
        raise Invalid(
            f"发票数量 {invoiced_now:f} 超出未开票的暂估数量 {received:f}",
            code="more_than_received",
            way_out="请核对发票与入库单，或先补办入库。",
        )
    return value_out(received, estimated, invoiced_now)


def split_difference(
    *,
    estimated: Decimal,
    invoiced: Decimal,
    on_hand: Decimal,
    consumed: Mapping[str, Decimal],
    on_hand_amount: Decimal,
) -> Difference:
    """Split invoice less estimate over what is on hand and who consumed the rest.

    :param estimated: amount booked at receipt for the quantity invoiced, yuan
    :param invoiced: amount of the invoice for it, yuan
    :param on_hand: quantity of it still on hand, base units
    :param consumed: quantity consumed by department or expense line, base units
    :param on_hand_amount: what the books hold for ``on_hand``; a lower price never takes more than that, the rest
        lowers the expense
    :raises Invalid: ``no_driver`` when a difference has no quantity to go to
    """
    who = sorted(consumed)
    kept, *spent = share(invoiced - estimated, [on_hand, *(consumed[code] for code in who)])
    if on_hand_amount + kept < 0 and any(consumed.values()):
        kept = -on_hand_amount
        spent = share(invoiced - estimated - kept, [consumed[code] for code in who])
    return Difference(-estimated, invoiced, kept, dict(zip(who, spent, strict=True)))
