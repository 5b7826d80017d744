"""What was settled is owed once; its invoice is matched in the settlement room; a price above the agreement holds it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from hrp.logistics.catalogue.models import PriceAgreement
from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.highvalue.documents.use_settlement import UseSettlement
from hrp.logistics.highvalue.models import TraceUnit
from hrp.logistics.highvalue.tests.world import Theatre
from hrp.logistics.settlement.documents.payment_request import PaymentRequest
from hrp.logistics.settlement.documents.supplier_invoice import SupplierInvoice
from hrp.logistics.settlement.models import Payable
from hrp.logistics.settlement.screens import lookups
from hrp.logistics.settlement.selectors import owed
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY
from hrp.platform.ledger.models import Line

pytestmark = pytest.mark.django_db
NUMBER = "26312000000012345678"


@pytest.fixture
def theatre() -> Theatre:
    found = Theatre()
    codes = [f"logistics.{kind}.{act}" for kind in ("supplier_invoice", "payment_request") for act in ACTS]
    found.world.grant(found.nurse, *codes)
    return found


def settle(theatre: Theatre, *units: TraceUnit) -> Any:
    header = {"supplier": theatre.supplier.pk, "upto": DAY}
    return theatre.do(UseSettlement, header, *({"unit": unit.pk} for unit in units))


def settled(theatre: Theatre, count: int = 2) -> Any:
    units = theatre.consign(count)
    theatre.book(*(theatre.use(unit) for unit in units))
    return settle(theatre, *units)


def invoice(theatre: Theatre, total: str, *lines: dict[str, Any], number: str = NUMBER) -> Any:
    header = {
        "supplier": theatre.supplier.pk, "invoice_number": number, "invoice_date": DAY, "invoice_total": total,
        "fund": theatre.room.fund.pk,
    }  # fmt: skip
    return theatre.do(SupplierInvoice, header, *lines)


def of(document: Any, quantity: str = "2", amount: str = "1596.00") -> dict[str, Any]:
    return {
        "payable": Payable.objects.get(source=document.source, settles=None).pk, "quantity": quantity, "amount": amount,
    }  # fmt: skip


def payable() -> Decimal:
    return sum(Payable.objects.values_list("amount", flat=True), Decimal(0))


def ledger(account: str = "2302") -> Decimal:
    found = Line.objects.filter(account__code=account).values_list("amount", flat=True)
    return -sum(found, Decimal(0))


def test_a_settlement_is_owed_once_and_its_invoice_owes_nothing_anew(theatre: Theatre) -> None:
    document = settled(theatre)
    [row] = Payable.objects.all()
    assert (row.amount, row.kind, row.supplier) == (Decimal("1596.00"), "settlement", theatre.supplier)
    assert (payable(), ledger()) == (row.amount, row.amount)
    came = invoice(theatre, "1596.00", of(document))
    assert Payable.objects.get() == row, "the invoice is the paper of what is owed already"
    assert (payable(), ledger()) == (row.amount, row.amount)
    assert set(TraceUnit.objects.values_list("state", flat=True)) == {"invoiced"}
    [entry] = owed.statement(theatre.supplier.pk, DAY, DAY).entries
    assert (entry.reference, entry.owed) == (NUMBER, row.amount)
    theatre.check()
    with pytest.raises(Conflict):
        theatre.reverse(document)
    theatre.reverse(came)
    assert set(TraceUnit.objects.values_list("state", flat=True)) == {"settled"}
    theatre.reverse(document)
    assert (payable(), ledger(), ledger("2302.03")) == (0, 0, Decimal("1596.00"))
    theatre.check()


@pytest.mark.parametrize(
    ("quantity", "amount", "words"),
    [("2", "1600.00", "不一致"), ("2", "1595.99", "不一致"), ("3", "1596.00", "共 2 件")],
)
def test_agreement_use_and_invoice_agree(theatre: Theatre, quantity: str, amount: str, words: str) -> None:
    document = settled(theatre)
    with pytest.raises(Invalid) as refused:
        invoice(theatre, amount, of(document, quantity, amount))
    assert words in "；".join(p.message for p in refused.value.problems)


def test_one_settlement_one_invoice(theatre: Theatre) -> None:
    document = settled(theatre)
    assert lookups.settlements(theatre.nurse, {"supplier": str(theatre.supplier.pk)}).count() == 1
    with pytest.raises(Invalid, match="1 处"):
        invoice(theatre, "3192.00", of(document), of(document))
    header = {
        "supplier": theatre.supplier.pk, "invoice_date": DAY, "invoice_total": "1596.00", "fund": theatre.room.fund.pk,
    }  # fmt: skip
    late = theatre.draft(SupplierInvoice, header | {"invoice_number": "26312000000012345679"}, of(document))
    invoice(theatre, "1596.00", of(document))
    with pytest.raises(Conflict) as twice:
        theatre.post(late)
    assert twice.value.code == "settlement_differs"
    assert not lookups.settlements(theatre.nurse, {"supplier": str(theatre.supplier.pk)}).exists()


def test_one_invoice_for_goods_received_and_goods_used(theatre: Theatre) -> None:
    header = {
        "store": theatre.store.pk, "supplier": theatre.supplier.pk, "fund": theatre.room.fund.pk, "invoice_number": "",
    }  # fmt: skip
    line = {
        "item": theatre.room.gauze.pk,
        "lot": "G1",
        "expiry": "2028-01-01",
        "quantity": "10",
        "price": "5",
    }
    receipt = theatre.do(StockReceipt, header, line)
    document = settled(theatre)
    goods = {"receipt_line": receipt.lines.get().pk, "quantity": "10", "amount": "50.00"}
    invoice(theatre, "1646.00", goods, of(document))
    assert (payable(), ledger(), ledger("2302.02")) == (Decimal("1646.00"), Decimal("1646.00"), 0)
    theatre.check()


def test_what_has_no_invoice_is_not_paid(theatre: Theatre) -> None:
    document = settled(theatre)
    item = Payable.objects.get()
    header = {"supplier": theatre.supplier.pk, "fund": theatre.room.fund.pk, "bank_reference": "B1"}
    with pytest.raises(Invalid) as early:
        theatre.do(PaymentRequest, header, {"payable": item.pk, "amount": "1596.00"})
    assert "发票还没有登记" in early.value.problems[0].message
    invoice(theatre, "1596.00", of(document))
    theatre.do(PaymentRequest, header, {"payable": item.pk, "amount": "1596.00"})
    assert (payable(), ledger()) == (0, 0)
    theatre.check()


def test_a_price_above_the_agreement_of_its_day_holds_the_settlement(theatre: Theatre) -> None:
    agreed = {
        "supplier": theatre.supplier, "item": theatre.stent, "tax_rate": Decimal(13), "source": "negotiated",
    }  # fmt: skip
    [unit] = theatre.consign(1)
    theatre.book(theatre.use(unit))
    PriceAgreement.objects.create(
        **agreed, price="700", valid_from=dt.date(2026, 1, 1), valid_to=DAY + dt.timedelta(days=1)
    )
    with pytest.raises(Invalid) as held:
        settle(theatre, unit)
    [problem] = held.value.problems
    assert "超过协议价" in problem.message
    assert (problem.line, problem.field) == (0, "unit")
    PriceAgreement.objects.update(price="798")
    settle(theatre, unit)
    theatre.check()
