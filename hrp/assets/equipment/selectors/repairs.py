"""What repairs cost, and whether a machine is still worth repairing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum

from hrp.assets import parameters as floor
from hrp.assets.equipment import parameters
from hrp.assets.equipment.models import RepairCost, RepairOrder
from hrp.assets.equipment.rules import worth
from hrp.assets.models import Asset
from hrp.assets.selectors import schedules
from hrp.platform.base import clock

ZERO = Decimal(0)


def history(asset: Asset) -> QuerySet[RepairOrder]:
    return RepairOrder.objects.filter(asset=asset).select_related("engineer", "org_unit").order_by("-id")


def costs(orders: Sequence[int]) -> dict[int, Decimal]:
    """Yuan by order."""
    found = RepairCost.objects.filter(order__in=orders).values("order").annotate(amount=Sum("amount"))
    return {row["order"]: row["amount"] for row in found}


def paid(first: dt.date, last: dt.date) -> dict[int, Decimal]:
    """Yuan by card, of repairs whose costs were written down from a day to a day."""
    found = (
        RepairCost.objects.filter(
            at__gte=clock.start_of_day(first), at__lt=clock.start_of_day(last + dt.timedelta(days=1))
        )
        .values("order__asset")
        .annotate(amount=Sum("amount"))
    )
    return {row["order__asset"]: row["amount"] for row in found}


@dataclass(frozen=True)
class Worth:
    """An order's money against the machine's: yuan, and percent of the net book value."""

    cost: Decimal
    net: Decimal
    share: Decimal | None
    all_repairs: Decimal
    scrap: bool
    capital: bool

    @property
    def words(self) -> str:
        """What should be done about it."""
        said = []
        if self.capital:
            said.append("延长寿命或提升性能且达到资产标准，应资本化：请办理资产变动单")
        elif self.cost:
            said.append("属费用性支出，计入当期费用")
        if self.scrap:
            share = f"占净值 {self.share}%" if self.share is not None else "净值已为零"
            said.append(f"维修费{share}，建议做报废评估")
        return "；".join(said)


def worth_of(order: RepairOrder) -> Worth:
    today = clock.today()
    cost = costs([order.pk]).get(order.pk, ZERO)
    every = (
        RepairCost.objects.filter(order__asset=order.asset_id).aggregate(amount=Sum("amount"))["amount"]
        or ZERO
    )
    net = schedules.standing(order.asset_id).net
    return Worth(
        cost, net, worth.share_of_net(cost, net), every,
        scrap=worth.suggests_scrapping(cost, net, percent=parameters.value("scrap_percent", today)),
        capital=worth.is_capital(
            cost, extends_life=order.extends_life, adds_capability=order.adds_capability,
            threshold=max(order.asset.asset_class.threshold, Decimal(floor.capital_threshold(today))),
        ),
    )  # fmt: skip


def failures(first: dt.date, last: dt.date, assets: Sequence[int]) -> dict[int, int]:
    """Orders by card whose fault was in the span."""
    found = (
        RepairOrder.objects.filter(
            asset__in=assets, fault_at__gte=clock.start_of_day(first),
            fault_at__lt=clock.start_of_day(last + dt.timedelta(days=1)),
        )
        .exclude(state="cancelled")
        .values("asset")
        .annotate(count=Count("id"))
    )  # fmt: skip
    return {row["asset"]: row["count"] for row in found}
