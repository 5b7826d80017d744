"""The money of a purchase: reserved by the plan, committed by the order, spent by the receipt, and never twice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from hrp.logistics.budget.models import BudgetEntry, BudgetLine
from hrp.logistics.purchasing.documents.purchase_order import PurchaseOrder
from hrp.logistics.purchasing.documents.purchase_plan import PurchasePlan
from hrp.logistics.purchasing.positions import open_plans
from hrp.logistics.purchasing.services import ordering
from hrp.logistics.purchasing.tests.test_returns import send_back
from hrp.logistics.purchasing.tests.world import Market
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents import posting, services
from hrp.platform.documents.testing import DAY

pytestmark = pytest.mark.django_db


class Budgeted(Market):
    """A market whose store's department may buy for a thousand yuan this year."""

    def __init__(self) -> None:
        super().__init__()
        self.budget = BudgetLine.objects.create(
            org_unit=self.world.unit, material_class=self.gauze.material_class, amount=Decimal(1000), basis="purchase",
            control="hard", valid_from=dt.date(2026, 1, 1), valid_to=dt.date(2026, 12, 31),
        )  # fmt: skip

    def plan(self, *lines: dict[str, Any]) -> PurchasePlan:
        header = {
            "campus": self.world.campus.pk, "org_unit": self.world.unit.pk, "business_date": DAY, "store": self.store.pk,
            "origin": "manual", "needed_on": DAY + dt.timedelta(days=7),
        }  # fmt: skip
        rows = [{"supplier": self.supplier.pk, **line} for line in lines]
        return self.post(
            services.save_draft(PurchasePlan, actor=self.buyer, header=header, lines=rows), self.buyer
        )

    def of_plan(self, plan: PurchasePlan) -> PurchaseOrder:
        with clock.pinned(clock.at(DAY, 10)):
            [order] = ordering.order_plan(actor=self.buyer, plan=plan)
            return self.post(order, self.buyer)

    def money(self) -> dict[str, Decimal]:
        """What stands in each state now."""
        found: dict[str, Decimal] = {}
        for entry in BudgetEntry.objects.filter(line=self.budget):
            found[entry.state] = found.get(entry.state, Decimal(0)) + entry.amount
        return {state: amount for state, amount in found.items() if amount}


@pytest.fixture
def market() -> Budgeted:
    return Budgeted()


def test_the_same_gauze_is_reserved_then_committed_then_spent(market: Budgeted) -> None:
    """100 packs at 2.00 planned, ordered, 40 received, the rest closed: 200 → 200 → 120 + 80 → 80."""
    plan = market.plan(market.line(market.gauze, 100))
    assert market.money() == {"reserved": 200}
    order = market.of_plan(plan)
    assert market.money() == {"committed": 200}
    ordering.send(actor=market.buyer, order=order)
    receipt = market.received(order, quantity=40, accepted=40)
    assert market.money() == {"committed": 120, "actual": 80}
    market.check()
    ordering.close(actor=market.buyer, order=order, reason="停产")
    assert market.money() == {"actual": 80}
    posting.reverse(receipt, actor=market.keeper, reason="错收", on=DAY)
    assert market.money() == {}, "a closed order waits for nothing again"
    market.check()


def test_a_receipt_undone_is_waited_for_again(market: Budgeted) -> None:
    order = market.sent(market.line(market.gauze, 100))
    receipt = market.received(order)
    assert market.money() == {"actual": 200}
    posting.reverse(receipt, actor=market.keeper, reason="错收", on=DAY)
    assert market.money() == {"committed": 200}
    market.check()


def test_a_new_version_takes_the_place_of_the_one_before(market: Budgeted) -> None:
    """100 ordered, 40 come, the order is cut to 60: 20 packs are still to come."""
    order = market.sent(market.line(market.gauze, 100))
    market.received(order, quantity=40, accepted=40)
    with clock.pinned(clock.at(DAY, 15)):
        version = ordering.change(actor=market.buyer, order=order)
    line = version.lines.get()
    header = {
        "campus": version.campus_id, "org_unit": version.org_unit_id, "business_date": DAY, "supplier": version.supplier_id,
        "store": version.store_id, "due_on": version.due_on, "replaces": order.pk,
    }  # fmt: skip
    row = market.line(market.gauze, 60) | {"root": line.root_id}
    version = services.save_draft(
        PurchaseOrder,
        actor=market.buyer,
        header=header,
        lines=[row],
        pk=version.pk,
        expected_version=version.version,
    )
    version = market.post(version, market.buyer)
    assert market.money() == {"committed": 40, "actual": 80}
    market.check()


def test_goods_sent_back_are_not_spent_any_more(market: Budgeted) -> None:
    receipt = market.direct(market.line(market.gauze, 100))
    assert market.money() == {"actual": 200}
    back = send_back(market, receipt, 30)
    assert market.money() == {"actual": 140}
    posting.reverse(back, actor=market.keeper, reason="退错", on=DAY)
    assert market.money() == {"actual": 200}
    market.check()


def test_no_more_is_planned_ordered_or_received_than_a_hard_budget_holds(market: Budgeted) -> None:
    market.plan(market.line(market.gauze, 400))
    with pytest.raises(Conflict) as refused:
        market.order(market.line(market.syringe, 101))
    assert refused.value.code == "over_budget"
    assert "可用预算 200.00 元，超出 2.00 元" in refused.value.problems[0].message
    market.order(market.line(market.syringe, 100))
    with pytest.raises(Conflict):
        market.direct(market.line(market.gauze, 1))
    assert market.money() == {"reserved": 800, "committed": 200}


def test_an_order_taken_back_gives_its_plan_the_money_back(market: Budgeted) -> None:
    order = market.of_plan(market.plan(market.line(market.gauze, 100)))
    posting.reverse(order, actor=market.buyer, reason="供应商换人", on=DAY)
    assert market.money() == {"reserved": 200}
    market.check()


def test_a_plan_that_is_closed_holds_nothing_and_is_planned_no_more(market: Budgeted, client: Client) -> None:
    plan = market.plan(market.line(market.gauze, 100), market.line(market.syringe, 10))
    assert set(open_plans(market.store.pk, [market.gauze.pk], but=None)) == {market.gauze.pk}
    with pytest.raises(Invalid):
        ordering.close_plan(actor=market.buyer, plan=plan, reason=" ")
    client.force_login(market.buyer)
    assert "结束计划" in client.get(f"/logistics/purchase-plans/{plan.pk}").content.decode()
    ordering.close_plan(actor=market.buyer, plan=plan, reason="科室已不需要")
    assert market.money() == {}
    assert open_plans(market.store.pk, [market.gauze.pk], but=None) == {}
    with pytest.raises(Conflict):
        ordering.order_plan(actor=market.buyer, plan=plan)
    with pytest.raises(Conflict) as refused:
        ordering.close_plan(actor=market.buyer, plan=plan, reason="再来一次")
    assert refused.value.code == "nothing_open"
    market.check()


def test_a_plan_with_a_drafted_order_is_not_closed(market: Budgeted) -> None:
    plan = market.plan(market.line(market.gauze, 100), market.line(market.syringe, 10))
    with clock.pinned(clock.at(DAY, 10)):
        ordering.order_plan(actor=market.buyer, plan=plan)
    with pytest.raises(Conflict):
        ordering.close_plan(actor=market.buyer, plan=plan, reason="不要了")
    assert market.money() == {"reserved": 220}
