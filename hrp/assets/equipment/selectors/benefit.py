"""单机效益 from facts: what was earned, depreciation as booked, repairs, contracts, certificates and what was entered."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Sum

from hrp.assets.equipment import parameters
from hrp.assets.equipment.models import Certificate, Forecast, MachineCost, MachineRevenue
from hrp.assets.equipment.selectors import contracts, repairs
from hrp.assets.models import Asset
from hrp.assets.rules import benefit
from hrp.assets.rules.months import Month
from hrp.platform.base import sql
from hrp.platform.base.refusals import Invalid

ZERO = Decimal(0)
CENT = Decimal("0.01")
WORN_SQL = """
SELECT l.asset_id, s.code, sum(d.amount) FROM assets_depreciation d JOIN assets_funding l ON l.id = d.line_id
JOIN assets_source s ON s.id = l.source_id
WHERE d.month BETWEEN %s AND %s AND l.asset_id = ANY(%s) GROUP BY 1, 2
"""


@dataclass
class Machine:
    """One machine over some months, in yuan. ``worn_own`` is the part of the depreciation that own money paid for."""

    asset: Asset
    months: int
    revenue: Decimal = ZERO
    volume: int = 0
    positive: int = 0
    direct: dict[str, Decimal] = field(default_factory=dict)
    indirect: Decimal = ZERO
    variable: Decimal = ZERO
    worn_own: Decimal = ZERO
    own_cost: Decimal = ZERO
    forecast: Forecast | None = None

    def _direct(self, own: bool) -> dict[str, Decimal]:
        return {**self.direct, benefit.DEPRECIATION: self.worn_own} if own else self.direct

    def result(self, *, own: bool = False) -> benefit.Benefit:
        """As it was in those months."""
        return benefit.benefit(self.revenue, self._direct(own), indirect=self.indirect)

    def yearly(self, *, own: bool = False) -> benefit.Benefit:
        """The same brought to twelve months, against what was paid for the machine."""
        scale = Decimal(12) / self.months
        direct = {name: amount * scale for name, amount in self._direct(own).items()}
        return benefit.benefit(
            self.revenue * scale, direct, indirect=self.indirect * scale,
            investment=self.own_cost if own else self.asset.cost,
        )  # fmt: skip

    @property
    def cost_of_one(self) -> Decimal | None:
        return _rounded(self.result().total_cost / self.volume) if self.volume > 0 else None

    @property
    def break_even(self) -> int | None:
        """Examinations a year that earn the fixed cost; None where one earns nothing, or none was done."""
        if self.volume <= 0:
            return None
        scale = Decimal(12) / self.months
        fixed = (self.result().total_cost - self.variable) * scale
        try:
            return benefit.break_even(fixed, self.revenue / self.volume, self.variable / self.volume)
        except Invalid:
            return None

    @property
    def positive_rate(self) -> Decimal | None:
        return Decimal(self.positive) / self.volume if self.volume > 0 and self.positive else None

    def dynamic_payback(self, rate: Decimal) -> Decimal | None:
        year = self.yearly()
        inflow = year.surplus + self.direct.get(benefit.DEPRECIATION, ZERO) * 12 / self.months
        return benefit.dynamic_payback_years(self.asset.cost, inflow, rate / 100)


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def machines(assets: Sequence[Asset], *, first: Month, last: Month) -> list[Machine]:
    """The benefit of some cards from a month to a month."""
    final = (last + 1).first_day - dt.timedelta(days=1)
    found = {asset.pk: Machine(asset, last - first + 1) for asset in assets}
    _add_revenue(found, first.first_day, final)
    own = parameters.own_sources(final)
    costs: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for pk, source, amount in sql.rows(WORN_SQL, [first.number, last.number, list(found)]):
        costs[pk][benefit.DEPRECIATION] += amount
        found[pk].worn_own += amount if source in own else ZERO
    for name, amounts in (
        ("维修", repairs.paid(first.first_day, final)),
        ("服务合同", contracts.expense_of_cards(first, last)),
        ("计量", _certificates(found, first.first_day, final)),
    ):
        for pk, amount in amounts.items():
            if pk in found:
                costs[pk][name] += amount
    _add_entered(found, costs, first.first_day, final)
    for asset in assets:
        machine = found[asset.pk]
        machine.direct = dict(costs[asset.pk])
        machine.own_cost = sum((line.cost for line in asset.funding.all() if line.source.code in own), ZERO)
    for forecast in Forecast.objects.filter(asset__in=list(found)):
        found[forecast.asset_id].forecast = forecast
    return list(found.values())


def _add_revenue(found: dict[int, Machine], first: dt.date, final: dt.date) -> None:
    rows = (
        MachineRevenue.objects.filter(asset__in=list(found), month__gte=first, month__lte=final)
        .values("asset")
        .annotate(revenue=Sum("revenue"), volume=Sum("volume"), positive=Sum("positive"))
        .order_by()
    )
    for row in rows:
        machine = found[row["asset"]]
        machine.revenue, machine.volume, machine.positive = (
            row["revenue"],
            row["volume"],
            row["positive"] or 0,
        )


def _certificates(found: dict[int, Machine], first: dt.date, final: dt.date) -> dict[int, Decimal]:
    rows = (
        Certificate.objects.filter(
            instrument__asset__in=list(found), tested_on__gte=first, tested_on__lte=final
        )
        .values("instrument__asset")
        .annotate(amount=Sum("cost"))
        .order_by()
    )
    return {row["instrument__asset"]: row["amount"] for row in rows if row["amount"]}


def _add_entered(
    found: dict[int, Machine], costs: dict[int, dict[str, Decimal]], first: dt.date, final: dt.date
) -> None:
    titles = dict(MachineCost.Kind.choices)
    rows = (
        MachineCost.objects.filter(asset__in=list(found), month__gte=first, month__lte=final)
        .values("asset", "kind", "variable")
        .annotate(amount=Sum("amount"))
        .order_by()
    )
    for row in rows:
        machine, amount = found[row["asset"]], row["amount"]
        machine.variable += amount if row["variable"] else ZERO
        if row["kind"] == MachineCost.Kind.INDIRECT:
            machine.indirect += amount
        else:
            costs[row["asset"]][titles[row["kind"]]] += amount
