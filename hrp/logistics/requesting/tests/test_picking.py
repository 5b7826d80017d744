"""Picking follows expiry and refuses another lot; cards scanned empty become one request."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest

from hrp.logistics.models import Reservation, StockMove
from hrp.logistics.requesting.documents.picking import Picking
from hrp.logistics.requesting.models import CardScan, QuotaCard
from hrp.logistics.requesting.services import cards, picking
from hrp.logistics.requesting.tests.world import Ward
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, NotFound
from hrp.platform.documents.models import State
from hrp.platform.documents.testing import DAY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now() -> Any:
    with clock.pinned(clock.at(DAY, 10)):
        yield


@pytest.fixture
def ward() -> Ward:
    made = Ward()
    made.receive(made.room.syringe, 10, "10.00", "NEAR", "2027-01-31")
    made.receive(made.room.syringe, 90, "180.00", "FAR")
    return made


def scan(
    ward: Ward, found: Picking, lot: str, quantity: Any = None, key: uuid.UUID | None = None
) -> picking.Scanned:
    return picking.scan(
        found, actor=ward.keeper, item_ids=[ward.room.syringe.pk], lot=lot, code="x", key=key or uuid.uuid4(),
        quantity=None if quantity is None else Decimal(quantity),
    )  # fmt: skip


def test_the_list_is_in_the_order_of_expiry_and_holds_to_it(ward: Ward) -> None:
    found = picking.start(ward.asked((ward.room.syringe, 15)), actor=ward.keeper)
    assert [(x.batch.lot, x.quantity) for x in found.lines.all()] == [("NEAR", 10), ("FAR", 5)]
    with pytest.raises(Conflict) as refused:
        scan(ward, found, "OTHER")
    assert (refused.value.code, refused.value.reason) == ("wrong_lot", "批号不符：扫到 OTHER，应拣 NEAR、FAR")
    with pytest.raises(Conflict) as refused:
        scan(ward, found, "")
    assert refused.value.code == "lot_needed"
    with pytest.raises(NotFound):
        picking.scan(
            found, actor=ward.keeper, item_ids=[ward.room.gauze.pk], lot="", code="x", key=uuid.uuid4()
        )
    key = uuid.uuid4()
    assert scan(ward, found, "NEAR", 4, key).picked == 4
    assert scan(ward, found, "NEAR", 4, key).again
    with pytest.raises(Conflict) as refused:
        scan(ward, found, "NEAR", 7)
    assert refused.value.code == "too_many"
    assert scan(ward, found, "NEAR").picked == 10
    with pytest.raises(Conflict) as refused:
        scan(ward, found, "NEAR")
    assert refused.value.code == "picked_already"
    scan(ward, found, "FAR", 3)
    picking.finish(found, actor=ward.keeper)
    issue = picking.check(found, actor=ward.second)
    assert issue.state == State.POSTED
    assert [(m.batch.lot, m.quantity) for m in StockMove.objects.filter(source=issue.source).order_by("id")] == [
        ("NEAR", -10), ("FAR", -3),
    ]  # fmt: skip
    assert Reservation.objects.get().quantity == 2, "what was not picked stays promised"
    ward.check()


def test_one_list_at_a_time_and_it_can_be_put_back(ward: Ward) -> None:
    request = ward.asked((ward.room.syringe, 15))
    found = picking.start(request, actor=ward.keeper)
    with pytest.raises(Conflict) as refused:
        picking.start(request, actor=ward.keeper)
    assert refused.value.code == "in_work"
    with pytest.raises(Conflict) as refused:
        picking.finish(found, actor=ward.keeper)
    assert refused.value.code == "nothing_picked"
    picking.cancel(found, actor=ward.keeper)
    with pytest.raises(Conflict):
        scan(ward, found, "NEAR")
    picking.start(request, actor=ward.keeper)


def test_another_checks_where_the_hospital_wants_it(ward: Ward) -> None:
    ward.rule("pick_checked_by_another", "是")
    found = picking.start(ward.asked((ward.room.syringe, 5)), actor=ward.keeper)
    scan(ward, found, "NEAR")
    picking.finish(found, actor=ward.keeper)
    with pytest.raises(Forbidden) as refused:
        picking.check(found, actor=ward.keeper)
    assert refused.value.code == "same_person"
    picking.check(found, actor=ward.second)


def card(ward: Ward, code: str, quantity: int = 20) -> QuotaCard:
    return QuotaCard.objects.create(
        code=code, org_unit=ward.ward, item=ward.room.syringe, quantity=quantity, store=ward.store
    )


def test_empty_cards_become_one_request_and_hang_full_again_when_it_is_served(ward: Ward) -> None:
    for code in ("C1", "C2", "C3"):
        card(ward, code)
    key = uuid.uuid4()
    assert cards.scan("C1", actor=ward.nurse, key=key).counted
    assert cards.scan("C1", actor=ward.nurse, key=key).counted, "the very scan sent twice"
    assert not cards.scan("C1", actor=ward.nurse, key=uuid.uuid4()).counted, "scanned again"
    cards.scan(" C2 ", actor=ward.nurse, key=uuid.uuid4())
    assert CardScan.objects.filter(counted=True).count() == 2
    [request] = cards.ask(ward.ward, actor=ward.nurse)
    assert [(x.item, x.quantity) for x in request.lines.all()] == [(ward.room.syringe, 40)]
    assert sorted(QuotaCard.objects.values_list("code", "state")) == [
        ("C1", "asked"),
        ("C2", "asked"),
        ("C3", "full"),
    ]
    with pytest.raises(Conflict) as refused:
        cards.ask(ward.ward, actor=ward.nurse)
    assert refused.value.code == "no_empty_card"
    ward.give(ward.accept(request))
    assert set(QuotaCard.objects.values_list("state", "request")) == {("full", "")}


def test_a_card_of_another_department_is_not_known(ward: Ward) -> None:
    QuotaCard.objects.create(
        code="X1", org_unit=ward.world.unit, item=ward.room.syringe, quantity=1, store=ward.store
    )
    with pytest.raises(NotFound):
        cards.scan("X1", actor=ward.nurse, key=uuid.uuid4())


def test_a_card_scanned_by_mistake_is_put_back(ward: Ward) -> None:
    made = card(ward, "C1")
    cards.scan("C1", actor=ward.nurse, key=uuid.uuid4())
    cards.put_back(made, actor=ward.nurse, reason="误扫")
    assert QuotaCard.objects.get().state == "full"
    with pytest.raises(Conflict):
        cards.put_back(made, actor=ward.nurse, reason="误扫")
