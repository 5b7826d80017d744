"""Twelve months of depreciation arrive in costing by department, class and fund, with no fen between."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from hrp.assets.models import AssetClass, Depreciation, UsageReading
from hrp.assets.rules.months import Month
from hrp.assets.tests.world import FIRST, AssetHospital, broken, day, end
from hrp.costing.models import AccountItemMap
from hrp.costing.services import reference
from hrp.platform.ledger.models import Account, Line
from hrp.platform.ledger.turnover import turnover

pytestmark = pytest.mark.django_db


def test_a_year_of_depreciation_reaches_costing_whole() -> None:
    hospital = AssetHospital()
    account = {a.code: a for a in Account.objects.all()}
    software = AssetClass.objects.create(
        code="A08060100", name="软件", group="A08", asset_account=account["1701"], depreciation_account=account["1702"],
        expense_account=account["5001.05"], admin_expense_account=account["5101.05"],
    )  # fmt: skip
    unit, other = hospital.world.unit, hospital.world.other
    scanner = hospital.book(
        (hospital.fiscal, "1234567.89"),
        (hospital.own, "98765.43"),
        on=FIRST,
        months=72,
        units={unit: "33.3333", other: "66.6667"},
    )
    hospital.book((hospital.science, "7777.77"), on=day(1, 10), months=61)
    hospital.book(
        (hospital.own, "240000.01"), on=FIRST, months=120, asset_class=software, units={other: "100"}
    )
    car = hospital.book(
        (hospital.own, "200000.00"),
        on=FIRST,
        months=None,
        asset_class=hospital.vehicle,
        total_units=Decimal(400000),
    )
    gone = hospital.book((hospital.own, "36000.00"), on=FIRST, months=60)
    for month in range(1, 13):
        UsageReading.objects.create(asset=car, month=day(month, 1), units=Decimal(1000 + 37 * month))
        if month == 4:
            hospital.transfer(scanner, day(4, 9), {other: "100"})
            hospital.revise(scanner, day(4, 9), source=hospital.own.pk, amount="6000.01")
        if month == 7:
            hospital.write_off(gone, day(7, 3))
        hospital.run(end(month))
    assert broken() == {}
    months = [Month.holding(end(month)).number for month in range(1, 13)]
    asked = _of_cards(months)
    assert len({month for month, *_ in asked}) == 12
    assert asked == _of_journal()
    assert len({cell[3] for cell in asked}) == 3  # 经费性质

    # and costing, which reads nothing but the journal, has each account as a cost and finds the same
    reference.install(actor=hospital.world.owner)
    items = {
        m.account.code: m.item.name
        for m in AccountItemMap.objects.select_related("account", "item")
        if m.item
    }
    assert {items[cell[2]] for cell in asked} == {"固定资产折旧费", "无形资产摊销费"}
    for month in range(1, 13):
        mine = {cell[1:]: amount for cell, amount in asked.items() if cell[0] == months[month - 1]}
        assert _as_costing_reads(hospital, month) == mine


def _of_cards(months: list[int]) -> dict[tuple[Any, ...], Decimal]:
    """Yuan by month, department, expense account and fund, as the cards bore it."""
    found: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    rows = Depreciation.objects.filter(month__in=months).values_list(
        "month",
        "org_unit",
        "line__asset__asset_class__expense_account__code",
        "line__source__fund__code",
        "amount",
    )
    for month, unit, account, fund, amount in rows:
        found[month, unit, account, fund] += amount
    return dict(found)


def _of_journal() -> dict[tuple[Any, ...], Decimal]:
    found: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    lines = Line.objects.filter(entry__source__startswith="assets.depreciation_run:", org_unit__isnull=False)
    for date, unit, account, fund, amount in lines.values_list(
        "entry__date", "org_unit", "account__code", "fund__code", "amount"
    ):
        found[Month.holding(date).number, unit, account, fund] += amount
    return dict(found)


def _as_costing_reads(hospital: AssetHospital, month: int) -> dict[tuple[Any, ...], Decimal]:
    """A month of expenses as 成本归集 takes them out of the journal, disposals aside."""
    found: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    first, last = day(month, 1), end(month)
    for line in turnover(hospital.world.hospital.pk, first, last, element="expense"):
        if line.account_code.startswith(("5001.", "5101.")):
            found[line.org_unit_id, line.account_code, line.fund] += line.amount
    return dict(found)
