"""A ward asks, the store grants and gives, the ward signs: nothing promised twice, nothing served that was not granted."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from hrp.logistics.models import Item, Reservation, StockBalance, StockMove, Store
from hrp.logistics.requesting.documents.requisition import Requisition
from hrp.logistics.requesting.documents.serving import DeliverySignature
from hrp.logistics.requesting.models import DepartmentQuota, UseAuthority
from hrp.logistics.requesting.selectors import progress
from hrp.logistics.requesting.services import delivering, granting
from hrp.logistics.requesting.services.granting import Grant
from hrp.logistics.requesting.tests.world import Ward
from hrp.logistics.tests.test_documents import Stockroom
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound
from hrp.platform.documents import posting
from hrp.platform.documents.models import State
from hrp.platform.documents.testing import DAY, DocumentContract

pytestmark = pytest.mark.django_db


class TestRequisition(DocumentContract):
    model = Requisition

    def prepare(self) -> None:
        self.room = Stockroom(self.world)
        keeper = self.world.user(
            "keeper", "库管", *(f"logistics.stock_receipt.{act}" for act in ("edit", "submit", "post"))
        )
        self.room.receive(keeper, {"item": self.room.gauze.pk, "quantity": "100", "price": "1.15"})

    def header(self) -> dict[str, Any]:
        return {**self.common_header(), "store": self.room.store.pk}

    def lines(self) -> list[dict[str, Any]]:
        return [{"item": self.room.gauze.pk, "quantity": "10"}]

    def test_the_approver_sees_what_it_will_cost(self) -> None:
        assert self.draft().total == Decimal("11.50")

    def test_accepting_promises_and_undoing_gives_it_up(self) -> None:
        document = self.posted()
        assert Reservation.objects.get(source=document.source).quantity == 10
        posting.reverse(document, actor=self.maker, reason="科室不要了", on=DAY)
        assert not Reservation.objects.exists()


@pytest.fixture
def ward() -> Ward:
    with clock.pinned(clock.at(DAY)):
        return Ward()


@pytest.fixture(autouse=True)
def _now() -> Any:
    with clock.pinned(clock.at(DAY, 10)):
        yield


def test_from_asking_to_signing(ward: Ward) -> None:
    syringe = ward.room.syringe
    ward.receive(syringe, 10, "10.00", "NEAR", "2027-01-31")
    ward.receive(syringe, 90, "180.00", "FAR")
    request = ward.asked((syringe, 30))
    assert Reservation.objects.get().quantity == 30
    issue = ward.give(request)
    assert issue.total == Decimal("50.00")
    assert ward.spent() == Decimal("50.00")
    assert [m.batch.lot for m in StockMove.objects.filter(source=issue.source).order_by("id")] == [
        "NEAR",
        "FAR",
    ]
    assert not Reservation.objects.exists()
    done = progress.with_progress(Requisition.objects.all()).get()
    assert progress.progress_of(done) == "完成"
    signature = delivering.sign(issue, actor=ward.nurse)
    assert (signature.signer, signature.issued_by) == (ward.nurse, ward.keeper)
    with pytest.raises(Conflict) as refused:
        delivering.sign(issue, actor=ward.nurse)
    assert refused.value.code == "signed"
    ward.check()


def test_what_is_promised_is_kept_from_others_and_given_to_whom_it_was_promised(ward: Ward) -> None:
    gauze = ward.room.gauze
    ward.receive(gauze, 10, "10.00")
    request = ward.asked((gauze, 8))
    with pytest.raises(Conflict) as refused:
        ward.issue(gauze, 3)
    assert refused.value.code == "no_stock"
    assert "已被申领占用" in refused.value.problems[0].message
    with pytest.raises(Conflict) as refused:
        ward.asked((gauze, 3))
    assert refused.value.code == "no_stock"
    ward.issue(gauze, 2)
    assert ward.give(request).total == Decimal("8.00")
    ward.check()


def test_a_rest_stays_promised_until_it_is_closed(ward: Ward) -> None:
    gauze = ward.room.gauze
    ward.receive(gauze, 10, "10.00")
    request = ward.asked((gauze, 10))
    part = delivering.deliver(request, actor=ward.keeper, lines=[{"item": gauze.pk, "quantity": "4"}])
    with pytest.raises(Conflict) as refused:
        delivering.deliver(request, actor=ward.keeper)
    assert refused.value.code == "in_work"
    posting.post(part, actor=ward.keeper)
    assert Reservation.objects.get().quantity == 6
    assert progress.progress_of(progress.with_progress(Requisition.objects.all()).get()) == "部分"
    with pytest.raises(Conflict) as refused:
        posting.reverse(request, actor=ward.keeper, reason="撤", on=DAY)
    assert refused.value.code == "served"
    granting.close(request, actor=ward.keeper, reason="科室不再需要")
    assert not Reservation.objects.exists()
    assert progress.progress_of(progress.with_progress(Requisition.objects.all()).get()) == "部分后结束"
    with pytest.raises(Conflict):
        delivering.deliver(request, actor=ward.keeper)
    ward.issue(gauze, 6)
    ward.check()


def test_undoing_an_issue_promises_it_again(ward: Ward) -> None:
    gauze = ward.room.gauze
    ward.receive(gauze, 10, "10.00")
    request = ward.asked((gauze, 7))
    issue = ward.give(request)
    posting.reverse(issue, actor=ward.keeper, reason="发错科室", on=DAY)
    assert Reservation.objects.get().quantity == 7
    ward.check()
    assert ward.give(request).total == Decimal("7.00")
    ward.check()


def test_nothing_leaves_beyond_what_was_granted(ward: Ward) -> None:
    gauze = ward.room.gauze
    ward.receive(gauze, 100, "10.00")
    request = ward.asked((gauze, 5))
    draft = delivering.deliver(request, actor=ward.keeper, lines=[{"item": gauze.pk, "quantity": "6"}])
    with pytest.raises(Conflict) as refused:
        posting.post(draft, actor=ward.keeper)
    assert refused.value.code == "more_than_granted"
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO logistics_requisition_serving (requisition_id, line_position, source, quantity, at)"
            " VALUES (%s, 1, 'by hand', 6, now())",
            [request.pk],
        )


def test_the_store_gives_less_or_something_else_and_says_why(ward: Ward) -> None:
    gauze = ward.room.gauze
    other = Item.objects.create(
        code="HC03", name="纱布 大", unit="包", kind="consumable", material_class=gauze.material_class,
        lot_required=False, expiry_required=False,
    )  # fmt: skip
    ward.receive(other, 10, "20.00")
    request = ward.ask((gauze, 6))
    for wrong in (
        Grant(Decimal(7)),
        Grant(Decimal(4)),
        Grant(Decimal(6), other.pk),
        Grant(Decimal(6), gauze.pk, "同物"),
    ):
        with pytest.raises(Invalid):
            granting.grant(request, actor=ward.keeper, grants={1: wrong})
    request = ward.accept(request, line1=Grant(Decimal(4), other.pk, "缺货，以大号代"))
    issue = ward.give(request)
    assert [(x.item, x.quantity, x.amount) for x in issue.lines.all()] == [(other, 4, Decimal("8.00"))]
    with pytest.raises(Conflict):
        granting.grant(request, actor=ward.keeper, grants={})
    ward.check()


def test_who_does_not_keep_the_store_does_not_grant(ward: Ward) -> None:
    ward.receive(ward.room.gauze, 10, "10.00")
    request = ward.ask((ward.room.gauze, 1))
    head = ward.world.user("head", "护士长", "logistics.requisition.post", unit=ward.ward)
    with pytest.raises(Forbidden):
        posting.post(request, actor=head)
    with pytest.raises(Forbidden):
        granting.grant(request, actor=head, grants={})
    stranger = ward.world.user("far", "他库", "logistics.requisition.post", unit=ward.world.unit)
    with pytest.raises(NotFound):
        granting.grant(request, actor=stranger, grants={})


@pytest.mark.parametrize(("control", "field"), [("hard", "quantity"), ("soft", "reason"), ("off", "")])
def test_a_quota_of_the_month_holds_as_the_hospital_says(ward: Ward, control: str, field: str) -> None:
    ward.rule("quota_control", control)
    gauze = ward.room.gauze
    ward.receive(gauze, 100, "10.00")
    DepartmentQuota.objects.create(org_unit=ward.ward, item=gauze, quantity=10, valid_from=DAY.replace(day=1))
    ward.give(ward.asked((gauze, 6)))
    ward.issue(gauze, 2)
    ward.ask((gauze, 2))
    if not field:
        ward.ask((gauze, 3))
        return
    with pytest.raises(Invalid) as refused:
        ward.ask((gauze, 3))
    assert [(p.field, p.line) for p in refused.value.problems] == [(field, 0)]
    assert "本月定额 10 包，已领（含待领）8 包" in refused.value.problems[0].message


def test_two_requests_within_the_quota_are_not_both_accepted_beyond_it(ward: Ward) -> None:
    gauze = ward.room.gauze
    ward.receive(gauze, 100, "10.00")
    DepartmentQuota.objects.create(org_unit=ward.ward, item=gauze, quantity=10, valid_from=DAY.replace(day=1))
    first, second = ward.ask((gauze, 6)), ward.ask((gauze, 6))
    ward.accept(first)
    with pytest.raises(Conflict) as refused:
        ward.accept(second)
    assert refused.value.code == "over_quota"


def test_devices_above_the_level_of_a_department_are_refused(ward: Ward) -> None:
    gauze = ward.room.gauze
    Item.objects.filter(pk=gauze.pk).update(use_level="3")
    ward.receive(gauze, 10, "10.00")
    with pytest.raises(Invalid) as refused:
        ward.ask((gauze, 1))
    assert "Ⅲ级" in refused.value.problems[0].message
    UseAuthority.objects.create(org_unit=ward.ward, level="3", valid_from=DAY - dt.timedelta(days=1))
    assert ward.ask((gauze, 1)).state == State.APPROVED


def test_a_department_that_keeps_stock_is_sent_a_transfer(ward: Ward) -> None:
    common = {"campus": ward.world.campus, "org_unit": ward.ward}
    own = Store.objects.create(code="S9", name="骨科库", kind="department", **common)
    Store.objects.create(
        code="T", name="在途", kind="transit", campus=ward.world.campus, org_unit=ward.world.unit
    )
    gauze = ward.room.gauze
    ward.receive(gauze, 10, "10.00")
    request = ward.asked((gauze, 4), to_store=own.pk)
    transfer = ward.give(request)
    assert transfer.spec.kind == "logistics.stock_transfer"
    assert (transfer.to_store, transfer.total, ward.spent()) == (own, Decimal("4.00"), 0)
    assert not Reservation.objects.exists()
    ward.check()
    Store.objects.filter(pk=own.pk).update(on_issue="expense")
    assert ward.give(ward.asked((gauze, 4), to_store=own.pk)).spec.kind == "logistics.stock_issue"


def test_signing_by_badge_and_never_by_who_issued(ward: Ward) -> None:
    ward.receive(ward.room.gauze, 10, "10.00")
    acts = ("edit", "submit", "post")
    both = ward.world.user(
        "both", "兼职", "logistics.delivery.sign", *(f"logistics.stock_issue.{a}" for a in acts)
    )
    with pytest.raises(Forbidden) as refused:
        delivering.sign(ward.issue(ward.room.gauze, 1, by=both), actor=both)
    assert refused.value.code == "issuer_signs"
    issue = ward.issue(ward.room.gauze, 1)
    with pytest.raises(NotFound):
        delivering.sign_by_badge(issue, actor=ward.keeper, badge="nobody")
    with pytest.raises(Forbidden):
        delivering.sign_by_badge(issue, actor=ward.keeper, badge="owner")
    signature = delivering.sign_by_badge(issue, actor=ward.keeper, badge=" nurse ")
    assert (signature.method, signature.recorded_by) == ("badge", ward.keeper)
    with pytest.raises(DatabaseError), transaction.atomic():
        DeliverySignature.objects.create(
            source="x:1", org_unit=ward.ward, signer=ward.nurse, issued_by=ward.nurse, method="login",
            recorded_by=ward.nurse, at=clock.now(),
        )  # fmt: skip


def test_a_nurse_sees_and_signs_only_her_own_department(ward: Ward) -> None:
    ward.receive(ward.room.gauze, 10, "10.00")
    issue = ward.issue(ward.room.gauze, 1, org_unit=ward.world.unit.pk)
    with pytest.raises(NotFound):
        delivering.sign(issue, actor=ward.nurse)
    assert StockBalance.objects.get().quantity == 9
