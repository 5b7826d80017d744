"""The money of a request: reserved when the store grants, spent when it issues, free again when it is closed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from hrp.logistics.budget.models import BudgetEntry, BudgetLine
from hrp.logistics.models import Project
from hrp.logistics.requesting.services import delivering, granting
from hrp.logistics.requesting.services.granting import Grant
from hrp.logistics.requesting.tests.test_returns import bring_back
from hrp.logistics.requesting.tests.world import Ward
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents import posting
from hrp.platform.documents.testing import DAY
from hrp.platform.ledger.models import Fund

pytestmark = pytest.mark.django_db
YEAR = {"valid_from": dt.date(2026, 1, 1), "valid_to": dt.date(2026, 12, 31)}


class Budgeted(Ward):
    """A ward that may spend 100 yuan, and 100 packs of gauze at 2.00 in the store."""

    def __init__(self) -> None:
        super().__init__()
        self.gauze = self.room.gauze
        self.receive(self.gauze, 100, "200.00")
        self.budget = self.line("")

    def line(self, project: str) -> BudgetLine:
        return BudgetLine.objects.create(
            org_unit=self.ward, material_class=self.gauze.material_class, amount=Decimal(100), control="hard", project=project, **YEAR
        )  # fmt: skip

    def money(self, line: BudgetLine | None = None) -> dict[str, Decimal]:
        found: dict[str, Decimal] = {}
        for entry in BudgetEntry.objects.filter(line=line or self.budget):
            found[entry.state] = found.get(entry.state, Decimal(0)) + entry.amount
        return {state: amount for state, amount in found.items() if amount}

    def give_part(self, request: Any, quantity: int) -> Any:
        rows = [{"item": self.gauze.pk, "quantity": str(quantity)}]
        return posting.post(delivering.deliver(request, actor=self.keeper, lines=rows), actor=self.keeper)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.pinned(clock.at(DAY, 12)):
        yield


@pytest.fixture
def ward() -> Budgeted:
    return Budgeted()


def test_what_was_granted_is_reserved_and_what_is_issued_is_spent(ward: Budgeted) -> None:
    """40 packs granted (80.00), 10 issued, the rest given up: 80 → 60 + 20 → 20."""
    request = ward.asked((ward.gauze, 40))
    assert ward.money() == {"reserved": 80}
    issue = ward.give_part(request, 10)
    assert ward.money() == {"reserved": 60, "actual": 20}
    ward.check()
    posting.reverse(issue, actor=ward.keeper, reason="发错", on=DAY)
    assert ward.money() == {"reserved": 80}
    ward.give_part(request, 10)
    granting.close(request, actor=ward.keeper, reason="出院")
    assert ward.money() == {"actual": 20}
    ward.check()


def test_a_dearer_batch_is_spent_at_its_cost_and_leaves_nothing_reserved(ward: Budgeted) -> None:
    """20 packs were estimated at 40.00; what was left in the store by then cost 3.00 each: 60.00 spent, none held."""
    request = ward.asked((ward.gauze, 20))
    issue = ward.issue(ward.gauze, 80, org_unit=ward.world.unit.pk)
    ward.receive(ward.gauze, 20, "80.00")
    posting.reverse(issue, actor=ward.keeper, reason="换批", on=DAY)
    ward.give(request)
    assert set(ward.money()) == {"actual"}
    ward.check()


def test_only_what_is_granted_counts_and_a_request_beyond_the_budget_is_refused(ward: Budgeted) -> None:
    asked = ward.ask((ward.gauze, 60))
    with pytest.raises(Conflict) as refused:
        ward.accept(asked)
    assert refused.value.code == "over_budget"
    assert "可用预算 100.00 元，超出 20.00 元" in refused.value.problems[0].message
    ward.accept(asked, line1=Grant(Decimal(50), note="按预算核发"))
    assert ward.money() == {"reserved": 100}
    with pytest.raises(Conflict):
        ward.issue(ward.gauze, 1)
    posting.reverse(asked, actor=ward.keeper, reason="撤销", on=DAY)
    assert ward.money() == {}


def test_goods_brought_back_free_the_budget(ward: Budgeted) -> None:
    issue = ward.issue(ward.gauze, 50)
    assert ward.money() == {"actual": 100}
    back = bring_back(ward, issue, 20)
    assert ward.money() == {"actual": 60}
    posting.reverse(back, actor=ward.keeper, reason="退错", on=DAY)
    assert ward.money() == {"actual": 100}
    ward.check()


def test_a_project_spends_its_own_budget_not_the_ward_s(ward: Budgeted) -> None:
    project = Project.objects.create(
        code="KY-1",
        name="研究",
        fund=Fund.objects.get(code="F4"),
        leader="周明",
        org_unit=ward.ward,
        valid_from=DAY,
    )
    own = ward.line("KY-1")
    request = ward.asked((ward.gauze, 10), project=project.pk)
    assert (ward.money(), ward.money(own)) == ({}, {"reserved": 20})
    ward.give(request)
    assert (ward.money(), ward.money(own)) == ({}, {"actual": 20})
    ward.check()
