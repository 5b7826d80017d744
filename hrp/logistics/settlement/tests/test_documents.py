"""Cost adjustments, opening stock and payments keep every promise of a document."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from hrp.logistics.models import StockMove
from hrp.logistics.settlement.documents.cost_adjustment import CostAdjustment
from hrp.logistics.settlement.documents.opening_stock import OpeningStock
from hrp.logistics.settlement.documents.payment_request import PaymentRequest
from hrp.logistics.settlement.models import Payable, StoreOpening
from hrp.logistics.settlement.services import allocating, openings, payments
from hrp.logistics.settlement.subledger import payables
from hrp.logistics.settlement.tests.world import Settling
from hrp.logistics.tests.test_documents import Stockroom
from hrp.logistics.tests.test_subledger import METHODS
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import State
from hrp.platform.documents.testing import DAY, DocumentContract

pytestmark = pytest.mark.django_db
RECEIVE = tuple(f"logistics.stock_receipt.{a}" for a in ("edit", "submit", "post"))


@pytest.fixture
def business() -> Settling:
    return Settling()


class TestCostAdjustment(DocumentContract):
    model = CostAdjustment
    max_post_queries = 28

    def prepare(self) -> None:
        self.room = Stockroom(self.world)
        keeper = self.world.user("keeper", "库管", *RECEIVE)
        receipt = self.room.receive(keeper, {"item": self.room.gauze.pk, "quantity": "10", "price": "2.00"})
        self.line = receipt.lines.get()

    def header(self) -> dict[str, Any]:
        return self.common_header() | {
            "purpose": "freight",
            "supplier": self.room.supplier.pk,
            "fund": self.room.fund.pk,
        }

    def lines(self) -> list[dict[str, Any]]:
        return [{"receipt_line": self.line.pk, "amount": "3.00"}]


class TestOpeningStock(DocumentContract):
    model = OpeningStock

    def prepare(self) -> None:
        self.room = Stockroom(self.world)

    def header(self) -> dict[str, Any]:
        return self.common_header() | {"store": self.room.store.pk, "fund": self.room.fund.pk}

    def lines(self) -> list[dict[str, Any]]:
        line = {"item": self.room.gauze.pk, "supplier": self.room.supplier.pk}
        return [line | {"quantity": "3", "price": "0.666667", "amount": "2.00"}]


class TestPaymentRequest(DocumentContract):
    model = PaymentRequest

    def prepare(self) -> None:
        self.room = Stockroom(self.world)
        keeper = self.world.user("keeper", "库管", *RECEIVE)
        for n in range(3):
            draft = services.save_draft(
                self.room_receipt, actor=keeper, header=self.room.receipt_header() | {"invoice_number": f"I{n}"},
                lines=[{"item": self.room.gauze.pk, "quantity": "10", "price": "2.00"}],
            )  # fmt: skip
            posting.post(services.submit(draft, actor=keeper), actor=keeper)
        self.items = list(Payable.objects.order_by("id"))
        self.made = 0

    @property
    def room_receipt(self) -> Any:
        from hrp.logistics.documents.stock_receipt import StockReceipt

        return StockReceipt

    def header(self) -> dict[str, Any]:
        self.made += 1
        return self.common_header() | {
            "supplier": self.room.supplier.pk, "fund": self.room.fund.pk, "bank_reference": f"HD{self.made}",
        }  # fmt: skip

    def lines(self) -> list[dict[str, Any]]:
        return [{"payable": self.items[(self.made - 1) % 3].pk, "amount": "20.00"}]


# -- adjustments -------------------------------------------------------------------------------------------------


def test_freight_is_shared_over_a_delivery_by_largest_remainder(business: Settling) -> None:
    header = {
        "store": business.stores[0].pk,
        "supplier": business.room.supplier.pk,
        "fund": business.room.fund.pk,
    }
    from hrp.logistics.documents.stock_receipt import StockReceipt

    receipt = business.do(
        StockReceipt, header,
        *({"item": business.items[n].pk, "quantity": "1", "price": "0", "amount": "100.00"} for n in range(3)),
    )  # fmt: skip
    draft = allocating.allocate(
        actor=business.clerk,
        receipt=receipt,
        amount=Decimal("10.00"),
        purpose="freight",
        supplier_id=business.room.supplier.pk,
    )
    assert [line.amount for line in draft.lines.order_by("position")] == [
        Decimal("3.34"),
        Decimal("3.33"),
        Decimal("3.33"),
    ]
    posting.post(services.submit(draft, actor=business.clerk), actor=business.clerk)
    assert [business.worth(business.items[n])[1] for n in range(3)] == [
        Decimal("103.34"),
        Decimal("103.33"),
        Decimal("103.33"),
    ]
    assert [item.amount for item in payables.open_items(business.room.supplier.pk)] == [Decimal("10.00")]
    business.check()


@pytest.mark.parametrize("method", METHODS)
def test_stock_itself_is_adjusted_and_mirrored_by_every_method(business: Settling, method: str) -> None:
    item = business.items[METHODS.index(method)]
    business.receive(item, 4, "40.00")
    batch = StockMove.objects.get(item=item).batch_id
    line = {"store": business.stores[0].pk, "item": item.pk, "batch": batch}
    made = business.adjust(line | {"amount": "-4.01"}, purpose="other", supplier=None)
    assert business.worth(item) == (4, Decimal("35.99"))
    assert business.booked(made.source) == {
        ("1302.05", None): Decimal("-4.01"),
        ("1902", None): Decimal("4.01"),
    }
    business.check()
    with pytest.raises(Conflict):
        business.adjust(line | {"amount": "-36.00"}, purpose="other", supplier=None)
    issue = business.issue_to(business.world.other, item, 4)
    with pytest.raises(Conflict):
        business.reverse(made)
    business.reverse(issue)
    business.reverse(made)
    assert business.worth(item) == (4, Decimal("40.00"))
    business.check()


def test_an_adjustment_moves_value_between_stock_and_a_department(business: Settling) -> None:
    item = business.items[1]
    business.receive(item, 4, "40.00")
    line = {
        "store": business.stores[0].pk,
        "item": item.pk,
        "department": business.world.other.pk,
        "amount": "5.00",
    }
    made = business.adjust(line, purpose="other", supplier=None)
    assert business.booked(made.source) == {
        ("1302.05", None): Decimal("-5.00"),
        ("5001.02.05", business.world.other.pk): Decimal("5.00"),
    }
    business.check()


# -- openings ----------------------------------------------------------------------------------------------------


def test_a_store_opens_once(business: Settling) -> None:
    line = {
        "item": business.items[0].pk,
        "supplier": business.room.supplier.pk,
        "quantity": "5",
        "price": "2",
    }
    first = business.open_store(line)
    assert business.booked(first.source) == {
        ("1302.05", None): Decimal("10.00"),
        ("3001", None): Decimal("-10.00"),
    }
    draft = services.save_draft(
        OpeningStock, actor=business.clerk,
        header=business.header(store=business.stores[0].pk, fund=business.room.fund.pk), lines=[line],
    )  # fmt: skip
    with pytest.raises(Conflict) as refused:
        openings.enable(actor=business.clerk, store=business.stores[0])
    assert refused.value.code == "opening_waits"
    services.void(draft, actor=business.clerk, reason="重复")
    openings.enable(actor=business.clerk, store=business.stores[0])
    with pytest.raises(Invalid):
        business.open_store(line)
    with pytest.raises(Conflict) as refused:
        business.reverse(first)
    assert refused.value.code == "store_in_use"
    with pytest.raises(DatabaseError), transaction.atomic():
        OpeningStock.objects.filter(pk=first.pk).update(state=State.REVERSED)
    business.open_store(line, store=1)
    assert StoreOpening.objects.count() == 1
    business.check()


# -- payments ----------------------------------------------------------------------------------------------------


def owed(business: Settling, *amounts: str) -> list[int]:
    for amount in amounts:
        business.invoice(business.receive(business.items[0], 1, amount), amount)
    return [item.id for item in payables.open_items(business.room.supplier.pk)]


def test_nobody_pays_more_than_is_owed(business: Settling) -> None:
    first, second = owed(business, "100.00", "50.00")
    business.pay((first, "60.00"))
    with pytest.raises(Invalid) as refused:
        business.pay((first, "40.01"), reference="B2")
    assert "可付 40.00 元" in refused.value.problems[0].message
    paid = business.pay((first, "40.00"), (second, "10.00"), reference="B2")
    assert business.booked(paid.source) == {
        ("2302", None): Decimal("50.00"),
        ("1002", None): Decimal("-50.00"),
    }
    assert [(i.id, i.open) for i in payables.open_items(business.room.supplier.pk)] == [
        (second, Decimal("40.00"))
    ]
    business.check()
    business.reverse(paid)
    assert sum(i.open for i in payables.open_items(business.room.supplier.pk)) == Decimal("90.00")
    business.check()


def test_a_payable_already_asked_for_is_not_asked_for_again(business: Settling) -> None:
    [item] = owed(business, "100.00")
    header = business.header(supplier=business.room.supplier.pk, fund=business.room.fund.pk)
    lines = [{"payable": item, "amount": "70.00"}]
    request = services.save_draft(PaymentRequest, actor=business.clerk, header=header, lines=lines)
    request = services.submit(request, actor=business.clerk)
    with pytest.raises(Invalid) as refused:
        services.save_draft(PaymentRequest, actor=business.clerk, header=header, lines=lines)
    assert "可付 30.00 元" in refused.value.problems[0].message
    with pytest.raises(Conflict) as unpaid:
        posting.post(request, actor=business.clerk)
    assert unpaid.value.code == "no_bank_return"
    paid = payments.pay(actor=business.clerk, request=request, paid_on=DAY, bank_reference="HD-7")
    assert (paid.state, paid.bank_reference) == (State.POSTED, "HD-7")
    business.check()


def test_a_paid_invoice_stays(business: Settling) -> None:
    receipt = business.receive(business.items[0], 1, "10.00")
    invoice = business.invoice(receipt, "10.00")
    [item] = payables.open_items(business.room.supplier.pk)
    paid = business.pay((item.id, "10.00"))
    with pytest.raises(Conflict) as refused:
        business.reverse(invoice)
    assert refused.value.code == "paid"
    business.reverse(paid)
    business.reverse(invoice)
    business.check()


def test_a_claim_is_deducted(business: Settling) -> None:
    receipt = business.receive(business.items[0], 10, "100.00")
    blue = business.invoice(receipt, "100.00")
    line = {"receipt_line": receipt.lines.get().pk, "quantity": "0", "amount": "-20.00"}
    business.invoice(receipt, "-20.00", line, red_of=blue.pk)
    parts = [(item.id, item.open) for item in payables.open_items(business.room.supplier.pk)]
    paid = business.pay(*parts)
    assert paid.total == Decimal("80.00")
    assert payables.open_items(business.room.supplier.pk) == []
    business.check()


def test_the_database_refuses_to_settle_beyond_an_item(business: Settling) -> None:
    [item] = owed(business, "10.00")
    row = Payable.objects.get(pk=item)
    with pytest.raises(DatabaseError), transaction.atomic():
        Payable.objects.create(
            supplier=row.supplier, campus=row.campus, source="x:1", kind="payment", amount=Decimal("-10.01"), date=DAY,
            settles=row, period=row.period, posted_at=row.posted_at,
        )  # fmt: skip


def test_two_who_pay_the_same_item_at_once_pay_it_once(committed_db: Any) -> None:
    business = Settling()
    [item] = owed(business, "100.00")
    header = business.header(supplier=business.room.supplier.pk, fund=business.room.fund.pk)
    requests = []
    for n in range(6):
        lines = [{"payable": item, "amount": "100.00"}]
        draft = services.save_draft(
            PaymentRequest, actor=business.clerk, header=header | {"bank_reference": f"B{n}"}, lines=lines
        )
        requests.append(draft.pk)
    PaymentRequest.objects.filter(pk__in=requests).update(state=State.APPROVED)

    def post(pk: int) -> str:
        try:
            return str(posting.post(PaymentRequest.objects.get(pk=pk), actor=business.clerk).state)
        except Conflict as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as people:
        outcomes = sorted(people.map(post, requests))
    assert outcomes == ["more_than_payable"] * 5 + ["posted"]
    assert payables.open_items(business.room.supplier.pk) == []
    business.check()
