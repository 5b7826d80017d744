"""Goods are written off after somebody looked at them, and what is written off waits until somebody decides."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from hrp.logistics.counting.documents.loss_settlement import LossSettlement
from hrp.logistics.counting.documents.scrap import Scrap
from hrp.logistics.counting.models import PendingLoss
from hrp.logistics.counting.services import scrapping
from hrp.logistics.counting.tests.world import Counted, at
from hrp.logistics.models import Batch, StockBalance
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import Document
from hrp.platform.documents.testing import DAY, DocumentContract

pytestmark = pytest.mark.django_db


def scrap_header(shop: Counted, **more: Any) -> dict[str, Any]:
    return {
        "campus": shop.world.campus.pk, "org_unit": shop.world.unit.pk, "business_date": DAY, "store": shop.store.pk,
        "fund": shop.room.fund.pk, "cause": "broken", **more,
    }  # fmt: skip


def write_off(shop: Counted, quantity: Any, item: int = 0) -> Scrap:
    """Drafted by the clerk, examined by the planner, posted by the clerk."""
    held = StockBalance.objects.get(item=shop.items[item], store=shop.store)
    lines = [{"item": held.item_id, "batch": held.batch_id, "quantity": str(quantity)}]
    draft = services.save_draft(Scrap, actor=shop.planner, header=scrap_header(shop), lines=lines)
    draft = services.submit(draft, actor=shop.planner)
    scrapping.appraise(draft, actor=shop.appraiser, opinion="包装破损，不能使用")
    return posting.post(draft, actor=shop.planner)


def settle(
    shop: Counted, row: PendingLoss, amount: str, treatment: str = "disposal", **line: Any
) -> LossSettlement:
    header = {
        "campus": shop.world.campus.pk, "org_unit": shop.world.unit.pk, "business_date": DAY, "treatment": treatment,
        "basis": "院长办公会纪要",
    }  # fmt: skip
    lines = [{"pending": row.pk, "amount": amount, **line}]
    draft = services.save_draft(LossSettlement, actor=shop.planner, header=header, lines=lines)
    return posting.post(services.submit(draft, actor=shop.planner), actor=shop.planner)


@pytest.fixture
def shop() -> Counted:
    with at(8):
        made = Counted()
        made.receive(made.items[0], 10, "33.33", "A")
        return made


class TestScrap(DocumentContract):
    model = Scrap

    def prepare(self) -> None:
        with at(8):
            self.shop = Counted(self.world)
            self.shop.receive(self.shop.items[0], 1000, "333.33", "A")

    def header(self) -> dict[str, Any]:
        return scrap_header(self.shop)

    def lines(self) -> list[dict[str, Any]]:
        held = StockBalance.objects.get()
        return [{"item": held.item_id, "batch": held.batch_id, "quantity": "7"}]

    def approved(self) -> Document:
        """Submitted, and examined: what nobody looked at is not written off."""
        document = super().approved()
        assert isinstance(document, Scrap)
        scrapping.appraise(document, actor=self.shop.planner, opinion="不能使用")
        return document


class TestLossSettlement(DocumentContract):
    model = LossSettlement

    def prepare(self) -> None:
        with at(8):
            self.shop = Counted(self.world)
            self.shop.receive(self.shop.items[0], 10, "333.33", "A")
            write_off(self.shop, 10)

    def header(self) -> dict[str, Any]:
        return {**self.common_header(), "treatment": "disposal", "basis": "会议纪要"}

    def lines(self) -> list[dict[str, Any]]:
        return [
            {
                "pending": PendingLoss.objects.get().pk,
                "amount": "50.00",
                "compensation": "20.00",
                "payer": "甲",
            }
        ]


def test_nothing_is_written_off_unseen(shop: Counted) -> None:
    held = StockBalance.objects.get()
    line = {"item": held.item_id, "batch": held.batch_id, "quantity": "3"}
    draft = services.save_draft(Scrap, actor=shop.planner, header=scrap_header(shop), lines=[line])
    with pytest.raises(Conflict):
        scrapping.appraise(draft, actor=shop.appraiser, opinion="x")
    draft = services.submit(draft, actor=shop.planner)
    with pytest.raises(Conflict) as refused:
        posting.post(draft, actor=shop.planner)
    assert refused.value.code == "not_appraised"
    with pytest.raises(Forbidden) as own:
        scrapping.appraise(draft, actor=shop.planner, opinion="x")
    assert own.value.code == "maker_appraises"
    with clock.pinned(clock.now() - dt.timedelta(hours=1)):
        scrapping.appraise(draft, actor=shop.appraiser, opinion="上次提交时的意见")
    with pytest.raises(Conflict):
        posting.post(draft, actor=shop.planner)


def test_an_expired_lot_leaves_at_its_cost_and_waits_for_a_decision(shop: Counted) -> None:
    Batch.objects.update(expiry=DAY - dt.timedelta(days=1), hold="frozen")
    done = write_off(shop, 3)
    assert done.total == Decimal("10.00")
    assert (shop.ledger("1902"), PendingLoss.objects.get().amount) == (Decimal("10.00"), Decimal("-10.00"))
    shop.check()
    row = PendingLoss.objects.get()
    with pytest.raises(Conflict) as refused:
        settle(shop, row, "10.01")
    assert refused.value.code == "more_than_pending"
    part = settle(shop, row, "4.00", compensation="1.50", payer="搬运公司")
    assert (shop.ledger("1902"), shop.ledger("5301"), shop.ledger("1218")) == (
        Decimal("6.00"),
        Decimal("2.50"),
        Decimal("1.50"),
    )
    with pytest.raises(Conflict) as refused:
        posting.reverse(done, actor=shop.planner, reason="撤", on=DAY)
    assert refused.value.code == "settled"
    shop.check()
    settle(shop, row, "6.00")
    with pytest.raises(Conflict):
        settle(shop, row, "0.01")
    posting.reverse(part, actor=shop.planner, reason="撤", on=DAY)
    assert shop.ledger("1902") == Decimal("4.00")
    shop.check()


def test_goods_not_yet_expired_are_not_scrapped_as_such(shop: Counted) -> None:
    held = StockBalance.objects.get()
    line = {"item": held.item_id, "batch": held.batch_id, "quantity": "3"}
    with pytest.raises(Invalid) as refused:
        services.save_draft(
            Scrap, actor=shop.planner, header=scrap_header(shop, cause="expired"), lines=[line]
        )
    assert "尚未过期" in refused.value.problems[0].message


def test_destruction_is_witnessed_and_final(shop: Counted) -> None:
    done = write_off(shop, 3)
    how = {"method": "焚烧", "place": "医废暂存点", "on": DAY}
    with clock.pinned(clock.at(DAY, 15)):
        with pytest.raises(Invalid):
            scrapping.destroy(done, actor=shop.appraiser, witness=shop.appraiser, **how)
        scrapping.destroy(done, actor=shop.appraiser, witness=shop.first, **how)
        with pytest.raises(Conflict) as refused:
            scrapping.destroy(done, actor=shop.appraiser, witness=shop.first, **how)
    assert refused.value.code == "destroyed"
    with pytest.raises(Conflict) as refused:
        posting.reverse(done, actor=shop.planner, reason="撤", on=DAY)
    assert refused.value.code == "destroyed"


@pytest.mark.parametrize(("treatment", "account"), [("income", "4609"), ("reduce", "5001.02.05")])
def test_a_gain_becomes_income_or_lowers_expense(shop: Counted, treatment: str, account: str) -> None:
    with at(9):
        task = shop.plan()
        shop.count(task, shop.items[0], 12)
        shop.book(shop.conclude(task))
    row = PendingLoss.objects.get()
    assert row.amount == Decimal("6.67")
    with pytest.raises(Invalid):
        settle(shop, row, "6.67")
    settle(shop, row, "6.67", treatment)
    assert (shop.ledger("1902"), shop.ledger(account)) == (0, Decimal("-6.67"))
    shop.check()


def test_the_database_refuses_to_settle_more_than_there_is(shop: Counted) -> None:
    write_off(shop, 3)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE logistics_pending_loss SET settled = amount - 1")
