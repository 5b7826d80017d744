"""Invoice files are read safely, kept once, and matched to what waits for them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hrp.logistics.settlement.screens.documents import from_file
from hrp.logistics.settlement.services import einvoices
from hrp.logistics.settlement.services.einvoices import Waiting
from hrp.logistics.settlement.tests.world import Settling
from hrp.platform.base.refusals import Conflict, Invalid


def xml(**more: str) -> bytes:
    """The XML of an invoice over two lines, as the tax office's platform writes it."""
    given = {
        "number": "26322000000012345678", "seller": "91320500MA1TEST001", "untaxed": "100.00", "tax": "13.00", "total": "113.00",
        "issued": "2026-11-05", "head": "", "quantity": "10", "remark": "",
    } | more  # fmt: skip
    return """<?xml version="1.0" encoding="UTF-8"?>{head}
<EInvoice><Header><EIid>{number}</EIid></Header><EInvoiceData>
<SellerInformation><SellerIdNum>{seller}</SellerIdNum><SellerName>测试供应商</SellerName></SellerInformation>
<BuyerInformation><BuyerIdNum>12320000466007000X</BuyerIdNum><BuyerName>测试医院</BuyerName></BuyerInformation>
<BasicInformation><TotalAmWithoutTax>{untaxed}</TotalAmWithoutTax><TotalTaxAm>{tax}</TotalTaxAm>
<TotalTax-includedAmount>{total}</TotalTax-includedAmount></BasicInformation>
<IssuItemInformation><ItemName>*医疗仪器器械*batch</ItemName><SpecMod></SpecMod><MeaUnits>个</MeaUnits><Quantity>{quantity}</Quantity>
<UnPrice>10</UnPrice><Amount>{untaxed}</Amount><TaxRate>0.13</TaxRate><ComTaxAm>{tax}</ComTaxAm></IssuItemInformation>
<AdditionalInformation><Remark>{remark}</Remark></AdditionalInformation>
</EInvoiceData><TaxSupervisionInfo><InvoiceNumber>{number}</InvoiceNumber><IssueTime>{issued}</IssueTime></TaxSupervisionInfo></EInvoice>
""".format(**given).encode()


def test_the_file_says_who_and_how_much() -> None:
    found = einvoices.read(xml())
    assert (found.number, found.total, found.seller) == (
        "26322000000012345678",
        Decimal("113.00"),
        ("测试供应商", "91320500MA1TEST001"),
    )
    assert str(found.issued_on) == "2026-11-05"
    assert found.lines[0]["name"] == "*医疗仪器器械*batch"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"not xml", "不是有效的 XML"),
        (xml(number="123"), "不是 20 位数字"),
        (xml(total="113.01"), "不等于价税合计"),
        (xml(total="abc"), "缺少金额"),
        (xml(issued="昨天"), "看不懂"),
        (xml(seller=""), "没有销售方"),
        (xml(head='<!DOCTYPE x [<!ENTITY a "b">]>'), "不是有效的 XML"),
        (b" " * (einvoices.MAX_BYTES + 1), "超过 2 MB"),
    ],
)
def test_what_is_not_an_invoice_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        einvoices.read(content)
    assert why in refused.value.reason


def test_a_red_file_names_the_blue_one_it_takes_back() -> None:
    red = xml(
        number="26322000000012345699", untaxed="-100.00", tax="-13.00", total="-113.00", quantity="-10",
        remark="被红冲蓝字数电票号码：26322000000012345678 红字发票信息确认单编号：32012611000000000001",
    )  # fmt: skip
    assert einvoices.read(red).blue_number == "26322000000012345678"
    assert einvoices.read(xml()).blue_number == ""


@pytest.mark.django_db
def test_a_red_file_fills_the_form_with_what_it_takes_back() -> None:
    """10 pieces estimated at 110.00 are invoiced at 113.00, then taken back: estimated again, nothing owed."""
    business = Settling()
    receipt = business.receive(business.items[0], 10, "110.00")
    for content in (
        xml(),
        xml(
            number="26322000000012345699", untaxed="-100.00", tax="-13.00", total="-113.00", quantity="-10",
            remark="被红冲蓝字数电票号码：26322000000012345678",
        ),
    ):  # fmt: skip
        made = einvoices.take_in(actor=business.clerk, name="a.xml", content=content)
        given: dict[str, Any] = dict(from_file(business.clerk, {"einvoice": str(made.pk)}))
        lines = given.pop("lines")
        invoice = business.invoice(receipt, str(made.total), *lines, **given)
    assert (invoice.total, invoice.red_of.invoice_number) == (Decimal("-113.00"), "26322000000012345678")
    assert business.booked(invoice.source)["2302", None] == Decimal("113.00")
    assert [w.quantity for w in einvoices.waiting_for(business.room.supplier.pk)] == [10]
    business.check()


@pytest.mark.django_db
def test_a_file_is_taken_once_and_fills_the_form() -> None:
    business = Settling()
    receipt = business.receive(business.items[0], 10, "110.00")
    made = einvoices.take_in(actor=business.clerk, name="a.xml", content=xml())
    assert made.supplier == business.room.supplier
    with pytest.raises(Conflict) as refused:
        einvoices.take_in(actor=business.clerk, name="b.xml", content=xml())
    assert refused.value.code == "duplicate_invoice"
    given: dict[str, Any] = dict(from_file(business.clerk, {"einvoice": str(made.pk)}))
    lines = given.pop("lines")
    assert lines == [{"receipt_line": receipt.lines.get().pk, "quantity": 10, "amount": Decimal("113.00")}]
    invoice = business.invoice(receipt, "113.00", *lines, **given)
    assert (invoice.total, invoice.einvoice) == (Decimal("113.00"), made)
    business.check()


def waiting(*rows: tuple[int, str, str, int]) -> list[Waiting]:
    return [
        Waiting(pk, name, spec, Decimal(quantity), Decimal(quantity)) for pk, name, spec, quantity in rows
    ]


def test_lines_are_matched_by_name_and_spec_oldest_first() -> None:
    open_lines = waiting((1, "注射器", "5ml", 4), (2, "注射器", "10ml", 9), (3, "注射器", "5ml", 9))
    line = {"name": "*医疗仪器器械*一次性使用注射器", "spec": "5 ml", "quantity": "10", "total": "10.01"}
    found = einvoices.suggest(
        [line, {"name": "x", "total": "-0.50"}, {"name": "棉签", "quantity": "1", "total": "3"}], open_lines
    )
    assert [(row["receipt_line"], row["quantity"]) for row in found] == [(1, 4), (3, 6), (None, 0)]
    assert sum(row["amount"] for row in found) == Decimal("9.51"), "what nothing matches is left to the clerk"
