"""What comes back from a department comes back to the fen; durables are expensed in two halves."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.models import Item, StockBalance, Store
from hrp.logistics.requesting.documents.department_return import DepartmentReturn, left_of
from hrp.logistics.requesting.documents.durable_scrap import DurableScrap
from hrp.logistics.requesting.models import DurableInUse
from hrp.logistics.requesting.tests.world import Ward
from hrp.logistics.tests.test_documents import Stockroom
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents import posting, services
from hrp.platform.documents.testing import DAY, DocumentContract
from hrp.platform.ledger.models import Line

pytestmark = pytest.mark.django_db


@pytest.fixture
def ward() -> Ward:
    return Ward()


def bring_back(ward: Ward, issue: StockIssue, part: Any = None, **more: Any) -> DepartmentReturn:
    lines = [
        {"issue_position": at, "item": ward.room.syringe.pk, "batch": batch, "quantity": str(part or held.quantity), "intact": "1"}
        for (at, batch), held in left_of(issue).items()
        if held.quantity
    ]  # fmt: skip
    for line in lines:
        line["item"] = StockBalance.objects.get(batch=line["batch"], store=ward.store).item_id
    header = ward.header(issue=issue.pk, reason="多领", **more)
    draft = services.save_draft(DepartmentReturn, actor=ward.keeper, header=header, lines=lines)
    return posting.post(services.submit(draft, actor=ward.keeper), actor=ward.keeper)


class TestDepartmentReturn(DocumentContract):
    model = DepartmentReturn

    def prepare(self) -> None:
        self.room = Stockroom(self.world)
        acts = ("edit", "submit", "post")
        keeper = self.world.user(
            "keeper",
            "库管",
            *(f"logistics.{kind}.{act}" for kind in ("stock_receipt", "stock_issue") for act in acts),
        )
        self.room.receive(
            keeper, {"item": self.room.gauze.pk, "quantity": "90", "amount": "100.00", "price": "0"}
        )
        draft = services.save_draft(
            StockIssue, actor=keeper, lines=[{"item": self.room.gauze.pk, "quantity": "90"}],
            header={**self.common_header(), "store": self.room.store.pk, "fund": self.room.fund.pk},
        )  # fmt: skip
        self.issue = posting.post(services.submit(draft, actor=keeper), actor=keeper)

    def header(self) -> dict[str, Any]:
        return {**self.common_header(), "issue": self.issue.pk, "store": self.room.store.pk, "reason": "多领"}

    def lines(self) -> list[dict[str, Any]]:
        [(position, batch)] = list(left_of(self.issue))
        return [{"issue_position": position, "item": self.room.gauze.pk, "batch": batch, "quantity": "7"}]


class TestDurableScrap(DocumentContract):
    model = DurableScrap

    def prepare(self) -> None:
        room = Stockroom(self.world)
        acts = ("edit", "submit", "post")
        keeper = self.world.user(
            "keeper",
            "库管",
            *(f"logistics.{kind}.{act}" for kind in ("stock_receipt", "stock_issue") for act in acts),
        )
        chair = Item.objects.create(
            code="DY01", name="折叠椅", unit="把", kind="durable", material_class=room.gauze.material_class,
            lot_required=False, expiry_required=False,
        )  # fmt: skip
        room.receive(keeper, {"item": chair.pk, "quantity": "9", "amount": "100.00", "price": "0"})
        draft = services.save_draft(
            StockIssue, actor=keeper, lines=[{"item": chair.pk, "quantity": "9"}],
            header={**self.common_header(), "store": room.store.pk, "fund": room.fund.pk},
        )  # fmt: skip
        posting.post(services.submit(draft, actor=keeper), actor=keeper)

    def header(self) -> dict[str, Any]:
        return {**self.common_header(), "reason": "破损"}

    def lines(self) -> list[dict[str, Any]]:
        return [{"durable": DurableInUse.objects.get().pk, "quantity": "2"}]


def test_goods_come_back_at_what_they_were_issued_for(ward: Ward) -> None:
    ward.receive(ward.room.gauze, 3, "10.00")
    issue = ward.issue(ward.room.gauze, 3)
    assert ward.spent() == Decimal("10.00")
    for back, left in (("3.33", "6.67"), ("3.34", "3.33"), ("3.33", "0.00")):
        assert bring_back(ward, issue, 1).total == Decimal(back)
        assert ward.spent() == Decimal(left)
        ward.check()
    assert StockBalance.objects.get().amount == Decimal("10.00")
    with pytest.raises(Conflict) as refused:
        posting.reverse(issue, actor=ward.keeper, reason="撤", on=DAY)
    assert refused.value.code == "returned"


def test_no_more_comes_back_than_left(ward: Ward) -> None:
    ward.receive(ward.room.gauze, 5, "10.00")
    issue = ward.issue(ward.room.gauze, 3)
    first = bring_back(ward, issue, 2)
    with pytest.raises(Conflict) as refused:
        bring_back(ward, issue, 2)
    assert refused.value.code == "more_than_issued"
    assert "可退 1，不能退 2" in refused.value.problems[0].message
    posting.reverse(first, actor=ward.keeper, reason="错退", on=DAY)
    assert bring_back(ward, issue).total == issue.total
    ward.check()


def test_an_open_sterile_pack_goes_to_quarantine_only(ward: Ward) -> None:
    gauze = ward.room.gauze
    Item.objects.filter(pk=gauze.pk).update(sterile=True)
    ward.receive(gauze, 5, "10.00")
    issue = ward.issue(gauze, 3)
    [(position, batch)] = list(left_of(issue))
    line = {"issue_position": position, "item": gauze.pk, "batch": batch, "quantity": "1"}
    header = ward.header(issue=issue.pk, reason="包装破损")
    with pytest.raises(Invalid) as refused:
        services.save_draft(DepartmentReturn, actor=ward.keeper, header=header, lines=[line])
    assert refused.value.problems[0].field == "intact"
    bad = Store.objects.create(
        code="Q", name="不合格品库", kind="quarantine", campus=ward.world.campus, org_unit=ward.world.unit
    )
    draft = services.save_draft(
        DepartmentReturn, actor=ward.keeper, header=header | {"store": bad.pk}, lines=[line]
    )
    posting.post(services.submit(draft, actor=ward.keeper), actor=ward.keeper)
    assert StockBalance.objects.get(store=bad).quantity == 1
    ward.check()


def carried() -> Decimal:
    lines = Line.objects.filter(account__code="1302.09").values_list("amount", flat=True)
    return sum(lines, Decimal(0))


def scrap(ward: Ward, quantity: Any) -> DurableScrap:
    lines = [{"durable": DurableInUse.objects.get().pk, "quantity": str(quantity)}]
    draft = services.save_draft(
        DurableScrap, actor=ward.keeper, header=ward.header(reason="破损"), lines=lines
    )
    return posting.post(services.submit(draft, actor=ward.keeper), actor=ward.keeper)


def test_half_at_issue_half_at_scrap(ward: Ward) -> None:
    ward.receive(ward.chair, 3, "100.01")
    issue = ward.issue(ward.chair, 3)
    assert (issue.total, ward.spent(), carried()) == (Decimal("100.01"), Decimal("50.01"), Decimal("50.00"))
    assert scrap(ward, 1).total == Decimal("16.67")
    assert (ward.spent(), carried()) == (Decimal("66.68"), Decimal("33.33"))
    ward.check()
    last = scrap(ward, 2)
    assert (ward.spent(), carried()) == (Decimal("100.01"), Decimal(0))
    with pytest.raises(Conflict) as refused:
        posting.reverse(issue, actor=ward.keeper, reason="撤", on=DAY)
    assert refused.value.code == "not_in_use"
    posting.reverse(last, actor=ward.keeper, reason="未报废", on=DAY)
    back = bring_back(ward, issue, 2)
    assert back.total == Decimal("66.67")
    assert carried() == 0
    ward.check()


def test_expensed_at_once_where_the_hospital_says_so(ward: Ward) -> None:
    ward.rule("durable_first_share", "1")
    ward.receive(ward.chair, 3, "100.00")
    ward.issue(ward.chair, 3)
    assert (ward.spent(), carried(), DurableInUse.objects.get().quantity) == (Decimal("100.00"), 0, 3)
    assert scrap(ward, 3).total == 0
    ward.check()


STEPS = st.lists(
    st.tuples(st.sampled_from(("back", "scrap", "undo")), st.integers(1, 4)), min_size=2, max_size=7
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, fen=st.integers(1, 99999))
def test_whatever_comes_back_or_is_scrapped_nothing_is_lost(ward: Ward, steps: list[Any], fen: int) -> None:
    from django.db import transaction

    with transaction.atomic():
        ward.receive(ward.chair, 7, Decimal(fen) / 100)
        issue = ward.issue(ward.chair, 7)
        done: list[Any] = []
        for what, size in steps:
            try:
                with transaction.atomic():
                    if what == "back" and any(held.quantity for held in left_of(issue).values()):
                        done.append(bring_back(ward, issue, size))
                    elif what == "scrap":
                        done.append(scrap(ward, size))
                    elif what not in ("back", "scrap") and done:
                        posting.reverse(done[-1], actor=ward.keeper, reason="撤", on=DAY)
                        done.pop()
            except Conflict as refused:
                if refused.code not in ("more_than_issued", "not_in_use"):
                    raise
            ward.check()
        while done:
            posting.reverse(done.pop(), actor=ward.keeper, reason="撤", on=DAY)
        posting.reverse(issue, actor=ward.keeper, reason="撤", on=DAY)
        ward.check()
        assert (ward.spent(), carried()) == (0, 0)
        transaction.set_rollback(True)
