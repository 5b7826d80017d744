"""An invoice takes an estimate back and puts the difference where the goods are."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from hrp.logistics import gates
from hrp.logistics.models import Layer, StockMove
from hrp.logistics.settlement.documents.supplier_invoice import SupplierInvoice
from hrp.logistics.settlement.models import Consumed
from hrp.logistics.settlement.subledger import estimates, payables
from hrp.logistics.settlement.tests.world import Settling
from hrp.logistics.tests.test_documents import Stockroom
from hrp.logistics.tests.test_subledger import METHODS
from hrp.platform.base import clock, health, stamps
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents import services
from hrp.platform.documents.testing import DAY, DocumentContract
from hrp.platform.org.models import Parameter

pytestmark = pytest.mark.django_db


@pytest.fixture
def business() -> Settling:
    return Settling()


class TestSupplierInvoice(DocumentContract):
    model = SupplierInvoice
    max_post_queries = 34

    def prepare(self) -> None:
        self.room = Stockroom(self.world)
        keeper = self.world.user(
            "keeper", "库管", *(f"logistics.stock_receipt.{a}" for a in ("edit", "submit", "post"))
        )
        self.receipts = [
            self.room.receive(keeper, {"item": self.room.gauze.pk, "quantity": "10", "price": "2.00"})
            for _ in range(6)
        ]
        self.made = 0

    def header(self) -> dict[str, Any]:
        self.made += 1
        return self.common_header() | {
            "supplier": self.room.supplier.pk, "invoice_number": f"{self.made:020d}", "invoice_date": DAY,
            "invoice_total": "21.00", "fund": self.room.fund.pk, "difference_reason": "调价",
        }  # fmt: skip

    def lines(self) -> list[dict[str, Any]]:
        line = self.receipts[(self.made - 1) % 6].lines.get()
        return [{"receipt_line": line.pk, "quantity": "10", "amount": "21.00"}]


@pytest.mark.parametrize("method", METHODS)
def test_the_difference_is_split_over_what_is_left_and_who_used_the_rest(
    business: Settling, method: str
) -> None:
    """Case ACC-01 in whole documents: 100 at an estimated 10, 40 used, invoiced at 10.50."""
    item = business.items[METHODS.index(method)]
    receipt = business.receive(item, 100, "1000.00")
    business.issue_to(business.world.unit, item, 30)
    business.issue_to(business.world.other, item, 10)
    invoice = business.invoice(receipt, "1050.00")
    assert business.booked(invoice.source) == {
        ("1302.05", None): Decimal("30.00"),
        ("2302.02", None): Decimal("1000.00"),
        ("5001.02.05", business.world.unit.pk): Decimal("15.00"),
        ("5001.02.05", business.world.other.pk): Decimal("5.00"),
        ("2302", None): Decimal("-1050.00"),
    }
    assert business.worth(item) == (60, Decimal("630.00"))
    line = invoice.lines.get()
    assert (line.estimated, line.on_hand, line.consumed) == (
        Decimal("1000.00"),
        Decimal("30.00"),
        Decimal("20.00"),
    )
    [move] = StockMove.objects.filter(source=invoice.source)
    assert (move.quantity, move.amount) == (0, Decimal("30.00"))
    business.check()
    business.reverse(invoice)
    assert business.worth(item) == (60, Decimal("600.00"))
    assert estimates.open_of([receipt.lines.get().pk]) == {receipt.lines.get().pk: (100, Decimal("1000.00"))}
    assert payables.open_items(business.room.supplier.pk) == []
    business.check()


@pytest.mark.parametrize("method", METHODS)
def test_goods_moved_on_to_another_store_carry_their_share(business: Settling, method: str) -> None:
    item = business.items[METHODS.index(method)]
    receipt = business.receive(item, 10, "100.00")
    business.arrive(business.send(item, 4))
    business.issue_to(business.world.other, item, 2)
    invoice = business.invoice(receipt, "90.00")
    assert sum(m.amount for m in StockMove.objects.filter(source=invoice.source)) == Decimal("-8.00")
    assert business.worth(item, 0)[0] == 4
    assert business.worth(item, 1)[0] == 4
    assert business.worth(item)[1] == Decimal("72.00")
    business.check()
    business.reverse(invoice)
    business.check()


def test_a_layer_whose_goods_are_gone_bears_nothing(business: Settling) -> None:
    item = business.items[2]
    first = business.receive(item, 10, "100.00", "A")
    business.receive(item, 10, "120.00", "B")
    business.issue_to(business.world.other, item, 10)
    invoice = business.invoice(first, "110.00")
    assert not StockMove.objects.filter(source=invoice.source).exists()
    assert Consumed.objects.get(source=invoice.source).amount == Decimal("10.00")
    assert [x.amount for x in Layer.objects.filter(item=item).order_by("id")] == [0, Decimal("120.00")]
    business.check()


def test_goods_on_their_way_must_arrive_before_their_price_changes(business: Settling) -> None:
    item = business.items[0]
    receipt = business.receive(item, 5, "50.00")
    business.send(item, 5)
    with pytest.raises(Conflict) as refused:
        business.invoice(receipt, "60.00")
    assert refused.value.code == "in_transit"
    business.invoice(receipt, "50.00")
    business.check()


def test_several_invoices_settle_one_receipt_to_the_fen_and_not_beyond(business: Settling) -> None:
    item = business.items[0]
    receipt = business.receive(item, 3, "10.00")
    line = receipt.lines.get().pk
    for n in range(3):
        made = business.invoice(receipt, "3.40", {"receipt_line": line, "quantity": "1", "amount": "3.40"})
        assert made.lines.get().estimated == (Decimal("3.33"), Decimal("3.34"), Decimal("3.33"))[n]
    assert estimates.open_of([line]) == {line: (0, 0)}
    assert business.worth(item) == (3, Decimal("10.20"))
    with pytest.raises(Conflict) as refused:
        business.invoice(receipt, "3.40", {"receipt_line": line, "quantity": "1", "amount": "3.40"})
    assert refused.value.code == "more_than_received"
    business.check()


def test_freight_and_discount_lines_are_shared_by_amount(business: Settling) -> None:
    receipts = [
        business.receive(business.items[n], 1, amount) for n, amount in ((0, "100.00"), (1, "200.00"))
    ]
    lines = [
        {"receipt_line": r.lines.get().pk, "quantity": "1", "amount": str(r.total)} for r in receipts
    ] + [{"amount": "10.00", "quantity": "0"}]  # fmt: skip
    business.invoice(receipts[0], "310.00", *lines)
    assert business.worth(business.items[0])[1] == Decimal("103.33")
    assert business.worth(business.items[1])[1] == Decimal("206.67")
    business.check()


def test_a_difference_beyond_the_tolerance_needs_a_reason(business: Settling) -> None:
    receipt = business.receive(business.items[0], 10, "100.00")
    with pytest.raises(Invalid) as refused:
        business.invoice(receipt, "100.50", difference_reason="")
    assert "相差 0.50" in refused.value.problems[0].message
    Parameter.objects.create(
        key="settlement.line_tolerance", valid_from=DAY, value="0.5", source="院办公会", entered_by="财务科", entered_at=clock.now(),
    )  # fmt: skip
    stamps.forget()
    business.invoice(receipt, "100.50", difference_reason="")


def test_the_order_is_the_third_paper_where_somebody_knows_orders(
    business: Settling, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = {name: gate for name, gate in gates._gates.items() if gate.name == "payables"}
    monkeypatch.setattr(gates._gates, "_things", ours)  # the order itself is another story
    receipt = business.receive(business.items[0], 10, "100.00", order_line=77)
    seen = gates.Ordered(Decimal(10), Decimal("9.00"), "CG-1")
    monkeypatch.setattr(gates._orders, "_things", {"test": lambda keys: {77: seen}})
    with pytest.raises(Invalid) as refused:
        business.invoice(receipt, "100.00", difference_reason="")
    assert "发票金额与订单价相差 10.00" in refused.value.problems[0].message
    business.invoice(receipt, "100.00")


def test_an_invoice_is_booked_once(business: Settling) -> None:
    receipts = [business.receive(business.items[0], 1, "10.00") for _ in range(2)]
    business.invoice(receipts[0], "10.00", number="26320000000000000001")
    with pytest.raises(Invalid) as refused:
        business.invoice(receipts[1], "10.00", number="26320000000000000001")
    assert "不能重复入账" in refused.value.problems[0].message
    draft = services.save_draft(
        SupplierInvoice, actor=business.clerk,
        header=business.header(supplier=business.room.supplier.pk, invoice_number="26320000000000000002", invoice_date=DAY,
                               invoice_total="10.00", fund=business.room.fund.pk),
        lines=[{"receipt_line": receipts[1].lines.get().pk, "quantity": "1", "amount": "10.00"}],
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        SupplierInvoice.objects.filter(pk=draft.pk).update(invoice_number="26320000000000000001")


def test_a_red_invoice_takes_goods_back_into_the_estimate_and_an_allowance_does_not(
    business: Settling,
) -> None:
    item = business.items[0]
    receipt = business.receive(item, 10, "100.00")
    line = receipt.lines.get().pk
    blue = business.invoice(receipt, "110.00")
    business.issue_to(business.world.other, item, 5)
    red = business.invoice(
        receipt, "-44.00", {"receipt_line": line, "quantity": "-4", "amount": "-44.00"}, red_of=blue.pk
    )
    assert estimates.open_of([line]) == {line: (4, Decimal("40.00"))}
    assert business.booked(red.source)["2302", None] == Decimal("44.00")
    assert business.booked(red.source)["2302.02", None] == Decimal("-40.00")
    business.check()
    allowance = business.invoice(
        receipt, "-6.00", {"receipt_line": line, "quantity": "0", "amount": "-6.00"}, red_of=blue.pk
    )
    assert business.booked(allowance.source) == {
        ("1302.05", None): Decimal("-3.00"),
        ("5001.02.05", business.world.other.pk): Decimal("-3.00"),
        ("2302", None): Decimal("6.00"),
    }
    business.check()
    with pytest.raises(Conflict) as refused:
        business.reverse(blue)
    assert refused.value.code == "has_red"
    with pytest.raises(Conflict) as refused:
        business.invoice(
            receipt, "-77.00", {"receipt_line": line, "quantity": "-7", "amount": "-77.00"}, red_of=blue.pk
        )
    assert refused.value.code == "more_than_invoiced"


def test_a_hospital_may_collect_what_was_consumed_in_one_line(business: Settling) -> None:
    Parameter.objects.create(
        key="settlement.consumed_to",
        valid_from=DAY,
        value="office",
        source="财务科",
        entered_by="财务科",
        entered_at=clock.now(),
    )
    stamps.forget()
    item = business.items[0]
    receipt = business.receive(item, 2, "20.00")
    business.issue_to(business.world.other, item, 2)
    invoice = business.invoice(receipt, "22.00")
    assert business.booked(invoice.source)["5001.02.05", business.world.unit.pk] == Decimal("2.00")
    assert [o.id for o in health.run("logistics") if o.state != "ok"] == []


def test_an_invoiced_receipt_is_not_reversed_under_its_invoice(business: Settling) -> None:
    receipt = business.receive(business.items[0], 1, "10.00")
    invoice = business.invoice(receipt, "10.00")
    with pytest.raises(Conflict) as refused:
        business.reverse(receipt)
    assert refused.value.code == "invoiced"
    business.reverse(invoice)
    business.reverse(receipt)
    business.check()
