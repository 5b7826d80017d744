"""What managers ask of materials: how orders, contracts, quotas and projects stand, and what income it cost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from hrp.logistics.catalogue.models import License, VolumeContract, VolumeItem
from hrp.logistics.models import Item, Project, Supplier
from hrp.logistics.purchasing.services import ordering
from hrp.logistics.purchasing.tests.world import Market
from hrp.logistics.reports.tests.test_reports import CODES, ask
from hrp.logistics.requesting.models import DepartmentQuota
from hrp.logistics.requesting.tests.test_returns import bring_back
from hrp.logistics.requesting.tests.world import Ward
from hrp.logistics.settlement.models import Payable
from hrp.logistics.settlement.tests.world import Settling
from hrp.platform.base import clock
from hrp.platform.documents.testing import DAY
from hrp.platform.ledger import services as ledger
from hrp.platform.ledger.drafts import EntryDraft, LineDraft
from hrp.platform.ledger.models import Account, Entry, Fund
from hrp.platform.ledger.selectors import lock_open_period

pytestmark = pytest.mark.django_db
SPAN = {"date_from": str(DAY), "date_to": str(DAY)}


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.pinned(clock.at(DAY, 12)):
        yield


def reader(world: Any) -> Any:
    return world.user("reader", "物资会计", *(f"logistics.{code}" for code in CODES))


def test_an_order_is_followed_to_what_was_paid_of_it() -> None:
    """100 packs at 2.00: 40 came and lie at 80.00, nothing invoiced yet."""
    market = Market()
    order = market.sent(market.line(market.gauze, 100))
    market.received(order, quantity=40, accepted=40)
    actor = reader(market.world)
    [row] = ask("logistics.order_execution", actor, **SPAN).rows
    assert (row["quantity"], row["received"], row["rate"], row["received_amount"]) == (
        100,
        40,
        Decimal("0.4"),
        80,
    )
    assert (row["invoiced"], row["paid"], row["state"]) == (0, 0, "部分到货")
    ordering.close(actor=market.buyer, order=order, reason="停产")
    [row] = ask("logistics.order_execution", actor, **SPAN).rows
    assert row["state"] == "已关闭"


def test_what_a_supplier_is_owed_opens_grows_and_is_paid() -> None:
    """110.00 invoiced, 60.00 paid: 50.00 is owed at the end, and is less than thirty days old."""
    business = Settling()
    receipt = business.receive(business.items[0], 10, "110.00")
    invoice = business.invoice(receipt, "110.00")
    business.pay((Payable.objects.get(source=invoice.source).pk, "60.00"))
    actor = reader(business.world)
    [row] = ask("logistics.supplier_balances", actor, **SPAN).rows
    assert (row["opening"], row["owed"], row["paid"], row["closing"]) == (None, 110, 60, 50)
    later = DAY + dt.timedelta(days=1)
    [row] = ask("logistics.supplier_balances", actor, date_from=str(later), date_to=str(later)).rows
    assert (row["opening"], row["closing"]) == (50, 50)
    [aged] = ask("logistics.payable_ageing", actor, day=str(DAY)).rows
    assert (aged["ages"][0], aged["total"]) == (50, 50)


def test_a_volume_contract_is_as_far_as_its_selected_goods() -> None:
    """Of 100 agreed for 100 days, 40 came in the first ten: 40% done when 10% of the time was gone."""
    business = Settling()
    contract = VolumeContract.objects.create(
        code="JC",
        name="集采",
        agreed=100,
        unit="个",
        valid_from=DAY - dt.timedelta(days=9),
        valid_to=DAY + dt.timedelta(days=90),
    )
    VolumeItem.objects.create(contract=contract, item=business.items[0])
    business.receive(business.items[0], 40, "40.00")
    [row] = ask("logistics.volume_rate", reader(business.world), day=str(DAY)).rows
    assert (row["done"], row["left"], row["rate"], row["gone"], row["state"]) == (
        40, 60, Decimal("0.4"), Decimal("0.1"), "正常",
    )  # fmt: skip


def test_papers_that_were_renewed_are_not_listed() -> None:
    business = Settling()
    supplier: Supplier = business.room.supplier
    for kind, until in (("operation", 10), ("operation", 400), ("quality", -5), ("integrity", 200)):
        License.objects.create(
            kind=kind,
            number=f"{kind}{until}",
            supplier=supplier,
            valid_from=DAY - dt.timedelta(days=500),
            valid_to=DAY + dt.timedelta(days=until),
        )
    actor = reader(business.world)
    found = ask("logistics.ending_papers", actor, within="90").rows
    assert [(row["number"], row["state"]) for row in found] == [("quality-5", "已到期")]
    assert (
        len(
            ask(
                "logistics.ending_papers",
                actor,
                within="180",
            ).rows
        )
        == 1
    )


def test_a_quota_counts_what_was_drawn_less_what_came_back() -> None:
    """30 a month; 20 drawn, 5 brought back: half used, 15 left."""
    ward = Ward()
    gauze = ward.room.gauze
    ward.receive(gauze, 100, "200.00")
    DepartmentQuota.objects.create(org_unit=ward.ward, item=gauze, quantity=30, valid_from=DAY)
    bring_back(ward, ward.issue(gauze, 20), 5)
    [row] = ask("logistics.quota_use", reader(ward.world), month=f"{DAY:%Y-%m}").rows
    assert (row["quota"], row["used"], row["left"], row["over"], row["rate"]) == (
        30,
        15,
        15,
        0,
        Decimal("0.5"),
    )


def test_goods_brought_back_were_not_used() -> None:
    """40.00 drawn, 10.00 brought back: the department used 30.00, in every report of usage."""
    ward = Ward()
    gauze = ward.room.gauze
    ward.receive(gauze, 100, "200.00")
    bring_back(ward, ward.issue(gauze, 20), 5)
    actor = reader(ward.world)
    [row] = ask("logistics.usage_by_department", actor, month=f"{DAY:%Y-%m}").rows
    assert row["amount"] == 30
    [line] = ask("logistics.usage_matrix", actor, month=f"{DAY:%Y-%m}").rows
    assert line["all"] == 30
    assert sum(row["amount"] for row in ask("logistics.usage", actor, **SPAN).rows) == 30


def test_a_project_is_charged_what_it_drew_less_what_came_back() -> None:
    ward = Ward()
    gauze = ward.room.gauze
    ward.receive(gauze, 100, "200.00")
    project = Project.objects.create(
        code="KY-1",
        name="研究",
        fund=Fund.objects.get(code="F4"),
        leader="周明",
        org_unit=ward.ward,
        valid_from=DAY,
    )
    bring_back(ward, ward.issue(gauze, 20, project=project.pk), 5)
    ward.issue(gauze, 20)
    [row] = ask("logistics.project_use", reader(ward.world), **SPAN).rows
    assert (row["project"], row["fund"], row["amount"]) == ("KY-1", "科教经费", 30)


def test_money_stands_against_importance() -> None:
    """80.00, 15.00 and 5.00 used: an A, a B and a C; the dear one matters least."""
    business = Settling()
    for item, amount, ved in zip(business.items, ("80.00", "15.00", "5.00"), ("D", "V", ""), strict=False):
        Item.objects.filter(pk=item.pk).update(ved=ved)
        business.receive(item, 10, amount)
        business.issue(item, 10)
    a, b, c = ask("logistics.abc_ved", reader(business.world), **SPAN).rows
    assert (a["rank"], a["amount"], a["itemsD"], a["amountD"]) == ("A", 80, 1, 80)
    assert (b["rank"], b["itemsV"], c["rank"], c["items"]) == ("B", 1, "C", 1)
    assert a["share"] == Decimal("0.8")


def test_income_and_what_materials_cost_of_it() -> None:
    """10,000 of income, 3,000 of it drugs and 1,500 materials; materials cost 1,388.10: 15% and the published 19.83 yuan."""
    business = Settling()
    world = business.world
    for code, name in (("4101.03", "药品收入"), ("4101.04", "卫生材料收入")):
        Account.objects.create(code=code, name=name, element="income")
    lines = [
        LineDraft("1002", amount=Decimal(10000), fund="F1"), LineDraft("4101", amount=Decimal(-5500), fund="F1"),
        LineDraft("4101.03", amount=Decimal(-3000), fund="F1"), LineDraft("4101.04", amount=Decimal(-1500), fund="F1"),
        LineDraft("5001.02.05", amount=Decimal("1388.10"), org_unit_id=world.unit.pk, fund="F1"),
        LineDraft("1302.05", amount=Decimal("-1388.10"), fund="F1"),
    ]  # fmt: skip
    period = lock_open_period(world.campus.pk, DAY)
    ledger.record(
        [EntryDraft(DAY, "当日收入", lines)],
        period=period,
        source="test:1",
        kind=Entry.Kind.POST,
        actor=world.owner,
    )
    actor = reader(world)
    [row] = ask("logistics.material_ratios", actor, **SPAN).rows
    assert (row["title"], row["medical"], row["drugs"], row["cost"]) == (
        f"{DAY:%Y-%m}",
        10000,
        3000,
        Decimal("1388.10"),
    )
    assert (row["share"], row["hundred"]) == (Decimal("0.15"), Decimal("19.83"))
    by_unit = {row["title"]: row for row in ask("logistics.material_ratios", actor, by="unit", **SPAN).rows}
    assert (by_unit["心内科"]["cost"], by_unit["心内科"]["hundred"]) == (Decimal("1388.10"), None)
