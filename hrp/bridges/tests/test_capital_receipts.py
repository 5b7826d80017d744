"""A device that comes through the store is a card when it is received, and leaves no fen between stock, cards and journal."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from hrp.assets.documents.booking import Booking
from hrp.assets.tests.world import AssetHospital, broken
from hrp.bridges import capital_receipts
from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.models import Item, MaterialClass
from hrp.logistics.tests.test_documents import Stockroom
from hrp.platform.base import clock, health
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents import posting, services
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY
from hrp.platform.ledger.models import Account, Line
from hrp.platform.org.models import Parameter

pytestmark = pytest.mark.django_db


class Way:
    """A hospital with a store and assets, whose class 90 of materials is devices."""

    def __init__(self) -> None:
        self.assets = AssetHospital()
        self.world = self.assets.world
        self.room = Stockroom(self.world)
        self.keeper = self.world.user(
            "keeper",
            "库管员",
            *(f"logistics.{kind}.{act}" for kind in ("stock_receipt", "stock_issue") for act in ACTS),
        )
        account = {a.code: a for a in Account.objects.filter(code__in=("1611", "1613"))}
        devices = MaterialClass.objects.create(
            code="90",
            name="设备",
            inventory_account=account["1611"],
            expense_account=account["1613"],
            admin_expense_account=account["1613"],
        )
        self.pump = Item.objects.create(
            code="SB01", name="输液泵", spec="XI-6", unit="台", kind="consumable", material_class=devices, lot_required=False,
            expiry_required=False,
        )  # fmt: skip
        Parameter.objects.create(
            key="assets.capital_goods", valid_from=dt.date(2020, 1, 1), value="90=A02320100", source="院内规定",
            entered_by="测试", entered_at=clock.now(),
        )  # fmt: skip

    def balance(self, code: str) -> Decimal:
        return sum(Line.objects.filter(account__code=code).values_list("amount", flat=True), Decimal(0))

    def issue(self) -> StockIssue:
        return capital_receipts.draft_parts_issue(
            actor=self.keeper, store=self.room.store, unit=self.world.other, parts=[(self.pump, Decimal(3))], fund=self.room.fund,
            note="领用",
        )  # fmt: skip


@pytest.fixture
def way() -> Way:
    return Way()


def test_a_receipt_makes_a_card_a_piece_and_nothing_is_left_between(way: Way) -> None:
    receipt = way.room.receive(way.keeper, {"item": way.pump.pk, "quantity": "3", "price": "3333.333333"})
    cards = capital_receipts.cards_of(receipt)
    assert [(card.name, card.cost) for card in cards] == [
        ("输液泵", Decimal("3333.34")), ("输液泵", Decimal("3333.33")), ("输液泵", Decimal("3333.33")),
    ]  # fmt: skip
    assert way.balance("1611") == Decimal("10000.00")
    # handed out and booked, in whatever order
    with clock.pinned(clock.at(DAY, 12)):
        posting.post(services.submit(way.issue(), actor=way.keeper), actor=way.keeper)
    way.assets.post(Booking, [{"asset": card.pk} for card in cards], DAY)
    assert (way.balance("1611"), way.balance("1613"), way.balance("1601.02")) == (0, 0, Decimal("10000.00"))
    assert broken() == {}
    assert [o.id for o in health.run("logistics") if o.state != "ok"] == []
    with pytest.raises(Conflict) as refused:
        posting.reverse(receipt, actor=way.keeper, reason="退货", on=DAY)
    assert refused.value.code == "card_booked"


def test_a_receipt_taken_back_takes_its_drafts_along(way: Way) -> None:
    receipt = way.room.receive(way.keeper, {"item": way.pump.pk, "quantity": "2", "price": "5000"})
    assert len(capital_receipts.cards_of(receipt)) == 2
    posting.reverse(receipt, actor=way.keeper, reason="退货", on=DAY)
    assert capital_receipts.cards_of(receipt) == []


def test_half_a_device_is_refused_and_other_goods_make_no_card(way: Way) -> None:
    with pytest.raises(Invalid) as refused:
        way.room.receive(way.keeper, {"item": way.pump.pk, "quantity": "1.5", "price": "5000"})
    assert "应为整数" in refused.value.problems[0].message
    assert not capital_receipts.cards_of(
        way.room.receive(way.keeper, {"item": way.room.gauze.pk, "quantity": "3", "price": "1"})
    )


def test_spare_parts_of_a_repair_are_a_draft_the_keeper_posts(way: Way) -> None:
    way.room.receive(way.keeper, {"item": way.room.gauze.pk, "quantity": "3", "price": "1"})
    draft = capital_receipts.draft_parts_issue(
        actor=way.keeper, store=way.room.store, unit=way.world.other, parts=[(way.room.gauze, Decimal(2))], fund=way.room.fund,
        note="维修单 WX1",
    )  # fmt: skip
    assert (draft.state, draft.org_unit, draft.note) == ("draft", way.world.other, "维修单 WX1")
    assert [line.quantity for line in draft.lines.all()] == [Decimal(2)]
