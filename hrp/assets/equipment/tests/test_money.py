"""Key figures, contracts and the benefit of a machine, against figures worked out by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from hrp.assets.equipment.models import Forecast, MachineRevenue, ServiceContract
from hrp.assets.equipment.selectors import benefit as benefits
from hrp.assets.equipment.selectors import contracts as money
from hrp.assets.equipment.selectors import kpis
from hrp.assets.equipment.services import benefit, care, contracts, reminders, repair_files
from hrp.assets.equipment.tests.world import NOON, Workshop
from hrp.assets.models import Asset
from hrp.assets.rules.months import Month
from hrp.assets.tests.world import FIRST, broken
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents.testing import DAY
from hrp.platform.notify.models import Message

pytestmark = pytest.mark.django_db
LATER = clock.at(dt.date(2026, 12, 20), 9)


@pytest.fixture
def shop() -> Workshop:
    return Workshop()


def cards(*assets: Asset) -> list[Asset]:
    return list(
        Asset.objects.filter(pk__in=[a.pk for a in assets])
        .select_related("asset_class", "org_unit")
        .prefetch_related("funding__source")
    )


def test_two_failures_of_three_hours(shop: Workshop) -> None:
    """240 hours of ten days, twice down for 3: MTBF (240 - 6) / 2 = 117, MTTR 3, 97.50 %, with 2 hours of care 96.67 %."""
    first = DAY + dt.timedelta(days=1)
    for back in (0, 5):
        order = shop.repaired(shop.monitor, at=NOON + dt.timedelta(days=1 + back), hours=3)
        with clock.pinned(NOON + dt.timedelta(days=1 + back, hours=3)):
            repair_files.charge(
                actor=shop.engineer,
                order=order,
                kind="vendor",
                name="上门",
                quantity=Decimal(1),
                amount=Decimal(300),
            )
    task = shop.task("pm", asset=shop.monitor, due=DAY + dt.timedelta(days=4))
    with clock.pinned(NOON + dt.timedelta(days=4)):
        care.complete(actor=shop.engineer, task=task, found=shop.answers(task), hours=Decimal(2))
    with clock.pinned(LATER):
        [row] = kpis.measure(
            first=first,
            last=first + dt.timedelta(days=9),
            by="asset",
            assets=cards(shop.monitor),
            rated=Decimal(8),
        )
    assert (row["failures"], row["hours"], row["downtime"]) == (2, Decimal(240), Decimal(6))
    assert (row["mtbf"], row["mttr"]) == ("117.00", "3.00")
    assert (row["availability"], row["operational"]) == (Decimal("0.975"), Decimal("0.9667"))
    assert (row["response"], row["first_fix"], row["in_house"]) == (Decimal("20.00"), 1, 1)
    assert (row["repair_cost"], row["cosr"]) == (Decimal(600), Decimal("0.1"))


def test_no_failure_has_no_mean_and_downtime_stays_in_its_month(shop: Workshop) -> None:
    shop.working(shop.monitor, at=clock.at(dt.date(2026, 11, 30), 12))  # still broken
    with clock.pinned(LATER):
        rows = kpis.measure(
            first=dt.date(2026, 11, 1),
            last=dt.date(2026, 12, 31),
            by="month",
            assets=cards(shop.monitor),
            rated=Decimal(8),
        )
        models = kpis.measure(
            first=DAY,
            last=dt.date(2026, 11, 20),
            by="model",
            assets=cards(shop.monitor, shop.second),
            rated=Decimal(8),
        )
    assert [(row["name"], row["downtime"]) for row in rows] == [
        ("2026-11", Decimal(12)),
        ("2026-12", Decimal(19 * 24 + 9)),
    ]
    assert [(row["name"], row["machines"], row["mtbf"], row["mttr"]) for row in models] == [
        ("安平医疗 XP-12", 2, "> 528", "—")
    ]


def contract(shop: Workshop, fee: str = "1000.00", **more: object) -> ServiceContract:
    given = {
        "number": "FW-1",
        "name": "监护仪全保",
        "kind": "full",
        "vendor": "安平医疗",
        "valid_from": DAY,
        "valid_to": DAY.replace(year=2027) - dt.timedelta(days=1),
    }
    return ServiceContract.objects.create(fee=Decimal(fee), **given | more)


def test_the_fee_reaches_every_card_and_month_to_the_fen(shop: Workshop) -> None:
    row = contract(shop)
    with clock.pinned(NOON):
        contracts.cover(actor=shop.engineer, contract=row, asset=shop.monitor, weight=Decimal(2))
        contracts.cover(actor=shop.engineer, contract=row, asset=shop.second)
    parts = money.by_card(row)
    assert sum(parts.values()) == Decimal("1000.00")
    november = Month.of(2026, 11)  # 21 of 365 days
    assert parts[shop.monitor.pk, november] + parts[shop.second.pk, november] == Decimal("57.54")
    assert parts[shop.monitor.pk, november] == Decimal("38.36")
    assert money.expense_of_cards(november, november) == {
        shop.monitor.pk: Decimal("38.36"),
        shop.second.pk: Decimal("19.18"),
    }


def test_what_the_vendor_did_lies_within_the_contract(shop: Workshop) -> None:
    row = contract(shop)
    with clock.pinned(NOON):
        with pytest.raises(Invalid) as refused:
            contracts.visited(
                actor=shop.engineer,
                contract=row,
                kind="visit",
                on=DAY - dt.timedelta(days=1),
                text="",
                asset=shop.monitor,
            )
        assert {p.field for p in refused.value.problems} == {"on", "text", "asset"}
        contracts.visited(actor=shop.engineer, contract=row, kind="visit", on=DAY, text="季度巡检")


def test_a_contract_against_paying_by_repair(shop: Workshop) -> None:
    order = shop.repaired(shop.second)  # not covered, and paid for
    with clock.pinned(NOON + dt.timedelta(hours=3)):
        repair_files.charge(
            actor=shop.engineer,
            order=order,
            kind="vendor",
            name="上门",
            quantity=Decimal(1),
            amount=Decimal("700.00"),
        )
    row = contract(shop, "3650.00")
    with clock.pinned(NOON):
        contracts.cover(actor=shop.engineer, contract=row, asset=shop.monitor)
    shop.repaired(shop.monitor, at=NOON + dt.timedelta(days=1))
    found = money.compared(row, on=DAY + dt.timedelta(days=72))
    assert (found["repairs"], found["a_year"], found["price"], found["known"]) == (
        1,
        Decimal("5.0"),
        Decimal("700.00"),
        1,
    )
    assert (found["fee_year"], found["estimate"], found["saved"]) == (
        Decimal("3650.00"),
        Decimal("3500.00"),
        Decimal("-150.00"),
    )


def test_the_end_of_a_contract_is_said_at_each_step_once(shop: Workshop) -> None:
    row = contract(shop)
    with clock.pinned(NOON):
        for left in (181, 180, 120, 90, 60, 30, 5):
            reminders.contracts_ending(on=row.valid_to - dt.timedelta(days=left))
    assert Message.objects.filter(recipient=shop.engineer, title__startswith="服务合同将于").count() == 4


def test_benefit_from_facts(shop: Workshop) -> None:
    shop.hospital.run(FIRST)
    for kind, amount, variable in (
        ("consumables", "3000", True),
        ("staff", "2000", False),
        ("indirect", "500", False),
    ):
        values = {
            "asset": shop.ventilator.pk,
            "month": str(DAY),
            "kind": kind,
            "amount": amount,
            "variable": variable,
        }
        with clock.pinned(NOON):
            benefit.spent(actor=shop.engineer, pk=None, values=values)
    given = {
        "asset": shop.ventilator.pk,
        "month": "2026-11-20",
        "revenue": "10000.00",
        "volume": "100",
        "positive": "40",
    }
    with clock.pinned(NOON):
        row = benefit.earned(actor=shop.engineer, pk=None, values=given)
        with pytest.raises(Conflict, match="不能修改"):
            benefit.earned(actor=shop.engineer, pk=row.pk, values=given)
        with pytest.raises(Invalid):
            benefit.earned(actor=shop.engineer, pk=None, values=given | {"month": "2027-01-01"})
    assert row.month == dt.date(2026, 11, 1)
    month = Month.of(2026, 11)
    [machine] = benefits.machines(cards(shop.ventilator), first=month, last=month)
    result = machine.result()
    # 120 000 over 60 months is 2 000 a month
    assert machine.direct == {"折旧": Decimal("2000.00"), "耗材": Decimal(3000), "人员": Decimal(2000)}
    assert (result.total_cost, result.surplus, result.margin) == (
        Decimal(7500),
        Decimal(2500),
        Decimal("25.00"),
    )
    # 120 000 / (12 x 2 500 + 12 x 2 000)
    assert machine.yearly().static_payback_years == Decimal("2.22")
    assert (machine.cost_of_one, machine.positive_rate) == (Decimal(75), Decimal("0.4"))
    assert machine.break_even == 772  # 12 x 4 500 / (100 - 30), rounded up
    assert broken() == {}


def test_revenue_is_never_changed(shop: Workshop) -> None:
    MachineRevenue.objects.create(
        asset=shop.monitor, month=dt.date(2026, 11, 1), revenue=1, volume=1, actor=shop.engineer, at=NOON
    )
    Forecast.objects.create(asset=shop.monitor, volume=10, revenue=100, cost=50)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE assets_machine_revenue SET revenue = 2")
