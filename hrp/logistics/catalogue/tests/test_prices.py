"""Sale prices hold from a day on, meet the stock of its morning, and are told to the HIS; cost stays what it was."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from hrp.logistics.catalogue import pricing
from hrp.logistics.catalogue.documents.price_adjustment import PriceAdjustment
from hrp.logistics.catalogue.models import PriceAgreement, PriceEffect, PriceTakeOver, SalePrice
from hrp.logistics.catalogue.services import pricing as services
from hrp.logistics.catalogue.tests.world import Market
from hrp.logistics.models import Item, StockBalance
from hrp.logistics.tests.test_documents import Stockroom
from hrp.platform.base import clock, health, vault
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents import posting
from hrp.platform.documents import services as documents
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY, SINCE, DocumentContract
from hrp.platform.exchange.models import Partner, PartnerMessage
from hrp.platform.ledger.models import Entry

pytestmark = pytest.mark.django_db
NEXT = DAY + dt.timedelta(days=1)


class Shop(Market):
    """Twenty stents bought at 798 yuan lie in the store; ``clerk`` sets prices too."""

    def __init__(self) -> None:
        super().__init__()
        self.grant(
            self.clerk,
            *(PriceAdjustment.spec.permission(act) for act in ACTS),
            "logistics.price_adjustment.tell",
        )
        self.receive(self.line(quantity="20"))

    def adjust(
        self, price: str | None, *, on: dt.date = NEXT, made: dt.date = DAY, **header: Any
    ) -> PriceAdjustment:
        draft = documents.save_draft(
            PriceAdjustment,
            actor=self.clerk,
            header={
                "campus": self.world.campus.pk, "org_unit": self.world.unit.pk, "business_date": made, "effective_on": on,
                "reason": "agreement",
            } | header,
            lines=[{"item": self.stent.pk, "new_price": price}],
        )  # fmt: skip
        return documents.submit(draft, actor=self.clerk)

    def post(self, *args: Any, **more: Any) -> PriceAdjustment:
        with clock.pinned(clock.at(DAY, 10)):
            return posting.post(self.adjust(*args, **more), actor=self.clerk)

    def price(self, on: dt.date) -> Decimal | None:
        found = pricing.sale_prices([self.stent.pk], on).get(self.stent.pk)
        return found.price if found else None

    def agree(self, price: str, since: dt.date = SINCE) -> None:
        PriceAgreement.objects.create(
            supplier=self.room.supplier,
            item=self.stent,
            price=Decimal(price),
            valid_from=since,
            source="volume",
        )

    def his(self) -> Partner:
        return Partner.objects.create(
            code="his",
            title="HIS",
            url="http://127.0.0.1:9/prices",
            secret=vault.seal("x" * 20),
            is_active=True,
        )

    def check(self) -> None:
        assert [(o.id, o.rows) for o in health.run("logistics") if o.state != "ok"] == []


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_with_no_markup_the_sale_price_is_the_purchase_price(shop: Shop) -> None:
    first = shop.adjust(None)
    line = first.lines.get()
    assert (line.purchase_price, line.old_price, line.new_price) == (798, None, 798)
    posting.post(first, actor=shop.clerk)
    assert shop.price(DAY) is None
    assert shop.price(NEXT) == 798
    shop.check()


def test_a_tender_lowers_the_price_and_the_stock_is_taken_over_to_the_fen(shop: Shop) -> None:
    """20 stents at 798 become 20 at 645: 3,060.00 yuan less for patients, not one fen less in the books."""
    with clock.pinned(clock.at(DAY, 9)):
        posting.post(shop.adjust("798", on=DAY), actor=shop.clerk)
    before = StockBalance.objects.get().amount
    shop.agree("645")
    change = shop.post(None, on=NEXT + dt.timedelta(days=1), reason="volume", basis="联采办〔2026〕3号")
    assert change.total == Decimal("-3060.00")
    assert not PriceEffect.objects.filter(source=change.source).exists(), "its day has not begun"
    assert (shop.price(NEXT), shop.price(NEXT + dt.timedelta(days=1))) == (798, 645)

    assert services.take_effect(NEXT) == 0
    assert services.take_effect(NEXT + dt.timedelta(days=1)) == 1
    assert services.take_effect(NEXT + dt.timedelta(days=1)) == 0, "taken over once"
    row = PriceTakeOver.objects.get(effect__source=change.source)
    assert (row.quantity, row.old_price, row.new_price, row.difference) == (20, 798, 645, Decimal("-3060.00"))
    assert StockBalance.objects.get().amount == before
    assert not Entry.objects.filter(source=change.source).exists()
    shop.check()


def test_the_morning_of_the_day_counts_not_the_day_itself(shop: Shop) -> None:
    """What arrives on the day was not there when it began."""
    shop.post("798", on=NEXT)
    with clock.pinned(clock.at(NEXT, 8)):
        shop.receive(shop.line(lot="B2", quantity="5"), business_date=NEXT)
    services.take_effect(NEXT)
    assert PriceTakeOver.objects.get().quantity == 20


def test_above_what_was_paid_is_refused_until_the_hospital_allows_it(shop: Shop) -> None:
    with pytest.raises(Invalid) as refused:
        shop.adjust("800")
    assert refused.value.problems[0].message == "药物洗脱支架 进价 798 元，按零差率销售价不超过 798 元"
    shop.set("logistics.price.markup_percent", "5")
    assert shop.adjust("837.90").lines.get().new_price == Decimal("837.90")
    with pytest.raises(Invalid):
        shop.adjust("837.91")
    shop.set("logistics.price.above", "off")
    shop.adjust("900")


@pytest.mark.parametrize(
    ("price", "more", "said"),
    [
        ("700", {"on": DAY - dt.timedelta(days=1)}, "执行日期早于调价日期"),
        ("700", {"reason": "volume"}, "请填写文件号或合同号"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(shop: Shop, price: str, more: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid) as refused:
        shop.adjust(price, **more)
    assert any(said in problem.message for problem in refused.value.problems)


def test_prices_are_decided_in_the_order_they_take_effect(shop: Shop) -> None:
    first, second = shop.adjust("700"), shop.adjust("650")
    posting.post(first, actor=shop.clerk)
    with pytest.raises(Conflict) as refused:
        posting.post(second, actor=shop.clerk)
    assert refused.value.code == "priced_since"
    with pytest.raises(Invalid) as earlier:
        shop.adjust("600", on=DAY)
    assert "已有自 2026-11-11 起的销售价 700 元" in earlier.value.problems[0].message
    with pytest.raises(DatabaseError), transaction.atomic():
        SalePrice.objects.create(item=shop.stent, price=Decimal(1), valid_from=DAY, source="raw")


def test_what_has_not_begun_is_taken_back_what_has_is_not(shop: Shop) -> None:
    with clock.pinned(clock.at(DAY, 10)):
        first = posting.post(shop.adjust("798", on=DAY), actor=shop.clerk)
        later = posting.post(shop.adjust("700", on=NEXT), actor=shop.clerk)
        posting.reverse(later, actor=shop.clerk, reason="文件撤销", on=DAY)
        assert shop.price(NEXT) == 798
        with pytest.raises(Conflict) as refused:
            posting.reverse(first, actor=shop.clerk, reason="误", on=DAY)
    assert refused.value.code == "in_effect"
    shop.check()


def test_the_his_is_told_each_thing_once(shop: Shop) -> None:
    lonely = shop.post("798", on=DAY)
    assert not PartnerMessage.objects.exists()
    with pytest.raises(Conflict):
        services.tell(lonely, actor=shop.clerk)
    shop.his()
    services.tell(lonely, actor=shop.clerk)
    services.tell(lonely, actor=shop.clerk)
    told = {message.kind: message for message in PartnerMessage.objects.all()}
    assert sorted(told) == ["his.price_change", "his.price_take_over"]
    assert told["his.price_change"].body["items"] == [
        {
            "item": "GZ01", "name": "药物洗脱支架", "spec": "", "unit": "个", "charge_item": "", "insurance_code": "",
            "old_price": None, "new_price": "798", "purchase_price": "798",
        }
    ]  # fmt: skip
    assert told["his.price_change"].body["effective_on"] == str(DAY)
    with clock.pinned(clock.at(DAY, 11)):
        withdrawn = posting.post(shop.adjust("700"), actor=shop.clerk)
        posting.reverse(withdrawn, actor=shop.clerk, reason="撤销", on=DAY)
    kinds = (
        PartnerMessage.objects.filter(source=withdrawn.source).order_by("id").values_list("kind", flat=True)
    )
    assert list(kinds) == ["his.price_change", "his.price_withdrawn"]


def test_its_pages_and_its_paper(shop: Shop, client: Client) -> None:
    document = shop.post("798", on=NEXT)
    shop.grant(shop.clerk, "logistics.sale_price.view")
    asked = {"number": str(document.number)}
    with clock.pinned(clock.at(NEXT, 9)):
        client.force_login(shop.clerk)
        page = client.get(f"/logistics/price-adjustments/{document.pk}").content.decode()
        assert "库存交接清单" in page
        assert f"/logistics/reports/price-take-over?number={document.number}" in page
        assert "待执行" in client.get("/logistics/reports/price-take-over", asked).content.decode()
        services.take_effect(NEXT)
        listed = client.get("/logistics/reports/price-take-over", asked).content.decode()
        assert "已执行" in listed
        assert "药物洗脱支架" in listed
        assert client.get("/logistics/reports/price-take-over/print", asked).content.startswith(b"%PDF")
        assert "现行" in client.get("/logistics/sale-prices/").content.decode()
        assert client.get("/logistics/price-adjustments/new").status_code == 200


def test_of_two_who_price_the_same_goods_at_once_one_is_told(committed_db: Any) -> None:
    shop = Shop()
    documents_made = [shop.adjust(price) for price in ("700", "650", "600")]

    def post(document: PriceAdjustment) -> str:
        try:
            posting.post(document, actor=shop.clerk)
        except Conflict as refused:
            return refused.code
        else:
            return "ok"
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as people:
        outcomes = sorted(people.map(post, documents_made))
    assert outcomes == ["ok", "priced_since", "priced_since"]
    assert SalePrice.objects.count() == 1
    shop.check()


class TestPriceAdjustment(DocumentContract):
    model = PriceAdjustment

    def prepare(self) -> None:
        self.room = Stockroom(self.world)

    def header(self) -> dict[str, Any]:
        day = max(DAY, clock.today()) + dt.timedelta(days=30)
        return {**self.common_header(), "effective_on": day, "reason": "first"}

    def lines(self) -> list[dict[str, Any]]:
        item = Item.objects.create(
            code=f"N{Item.objects.count()}",
            name="新品",
            unit="个",
            kind="general",
            material_class=self.room.gauze.material_class,
        )
        return [{"item": item.pk, "new_price": "1.15"}]
