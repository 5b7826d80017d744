"""The day of who books what suppliers ask: a file comes in, is held against what arrived, and another pays it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

import psycopg
import pytest
from playwright.sync_api import Page, expect

from hrp.platform.base import clock
from tests.e2e.conftest import SignIn
from tests.e2e.grid import cell, choose, option, type_row
from tests.e2e.journeys import post, state

pytestmark = pytest.mark.browser

NUMBER, RETURN = "26320000000000770077", "HD20260077"
MORE = Decimal("3.00")  # what the supplier asks above the estimate

SUPPLIER = "杏康医疗器械有限公司"
DELIVERY = (("HC00204", "一次性使用静脉留置针"), ("HC01303", "一次性使用导尿管"))

# What of the supplier waits for an invoice: of each name the oldest line, as a file's lines are matched oldest first.
WAITING = """
SELECT supplier, number, position, name, quantity, amount FROM (
    SELECT s.name AS supplier, d.id AS receipt, d.number, l.position, i.name, l.quantity, l.amount, e.open,
           row_number() OVER (PARTITION BY i.name ORDER BY l.id) AS nth
    FROM logistics_receipt_line l
    JOIN logistics_receipt d ON d.id = l.document_id AND d.state = 'posted' AND d.origin = 'purchase'
    JOIN logistics_item i ON i.id = l.item_id JOIN logistics_supplier s ON s.id = d.supplier_id
    JOIN (SELECT receipt_line_id, sum(quantity) AS open FROM logistics_estimate GROUP BY 1 HAVING sum(quantity) > 0) e
      ON e.receipt_line_id = l.id
    WHERE s.name = %s
) w WHERE nth = 1 AND open = quantity ORDER BY receipt DESC, position LIMIT 2
"""


@dataclass(frozen=True)
class Arrived:
    """A line of a receipt nobody has sent an invoice for."""

    supplier: str
    number: str
    position: int
    name: str
    quantity: Decimal
    amount: Decimal


def delivered(keeper: Page) -> None:
    """Two lines come in without an invoice."""
    keeper.goto("/logistics/stock-receipts/new")
    choose(keeper, "供应商", "GYS001", SUPPLIER)
    cell(keeper, 1, "item").focus()
    for code, name in DELIVERY:
        type_row(keeper, code, name, "E2EFP", "20301231", "10", "9.5")
    post(keeper)


def einvoice(known: Arrived, other: Arrived) -> bytes:
    """A 数电 file over two deliveries: of the first it has our name, the second it calls as its maker does."""
    rows = [
        (f"*医疗仪器器械*{known.name}", known.quantity, known.amount + MORE),
        ("*医疗仪器器械*厂家自定品名", other.quantity, other.amount),
    ]
    issued = clock.today().replace(day=1)
    total = sum(amount for *_, amount in rows)
    items = "".join(
        f"<IssuItemInformation><ItemName>{name}</ItemName><Quantity>{quantity}</Quantity><Amount>{amount}</Amount>"
        f"<TaxRate>0</TaxRate><ComTaxAm>0.00</ComTaxAm><TotaltaxIncludedAmount>{amount}</TotaltaxIncludedAmount></IssuItemInformation>"
        for name, quantity, amount in rows
    )  # fmt: skip
    return (
        '<?xml version="1.0" encoding="UTF-8"?><EInvoice><EInvoiceData>'
        f"<SellerInformation><SellerIdNum>91320500MA1DEMO077</SellerIdNum><SellerName>{known.supplier}</SellerName></SellerInformation>"
        "<BuyerInformation><BuyerIdNum>12320000466007000X</BuyerIdNum><BuyerName>杏林医院</BuyerName></BuyerInformation>"
        f"<BasicInformation><TotalAmWithoutTax>{total}</TotalAmWithoutTax><TotalTaxAm>0.00</TotalTaxAm>"
        f"<TotalTax-includedAmount>{total}</TotalTax-includedAmount></BasicInformation>{items}</EInvoiceData>"
        f"<TaxSupervisionInfo><InvoiceNumber>{NUMBER}</InvoiceNumber><IssueTime>{issued}</IssueTime></TaxSupervisionInfo></EInvoice>"
    ).encode()


def imported(page: Page, content: bytes) -> None:
    page.goto("/logistics/einvoices/")
    page.get_by_role("button", name="导入数电发票").first.click()
    dialog = page.get_by_role("dialog", name="导入数电发票")
    dialog.locator("input[type=file]").set_input_files(
        {"name": "invoice.xml", "mimeType": "text/xml", "buffer": content}
    )
    dialog.get_by_role("button", name="导入数电发票").click()
    expect(page.locator("h1")).to_contain_text(NUMBER)


def matched(page: Page, known: Arrived, other: Arrived) -> None:
    """What bears our name is matched already; the rest is chosen by the number on the delivery's paper."""
    page.get_by_role("button", name="登记采购发票").click()
    expect(page.get_by_label("发票号码")).to_have_value(NUMBER)
    expect(cell(page, 1, "receipt_line")).to_have_value(
        re.compile(rf"^{known.number} {known.position} {re.escape(known.name)}")
    )
    page.get_by_role("button", name="加行").click()
    cell(page, 2, "receipt_line").focus()
    page.keyboard.type(f"{other.number} {other.position}")
    expect(option(page, other.name).first).to_be_visible()
    page.keyboard.press("Enter")
    expect(cell(page, 2, "amount")).to_have_value(f"{other.amount.normalize():f}")
    page.get_by_role("button", name="保存并提交").click()
    expect(page.get_by_role("alert")).to_contain_text("差异说明")
    page.get_by_label("差异说明").fill("供应商按新价开票")
    post(page)


def asked_for(page: Page, supplier: str) -> str:
    """A request to pay what the invoice made payable; the request's address."""
    page.goto("/logistics/payment-requests/new")
    choose(page, "供应商", supplier, supplier)
    cell(page, 1, "payable").focus()
    page.keyboard.type(NUMBER)
    expect(option(page, NUMBER).first).to_be_visible()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="保存并提交").click()
    state(page, "已审核")
    expect(page.get_by_role("button", name="登记付款")).to_have_count(0)
    return page.url


def test_from_a_file_to_the_bank(sign_in: SignIn, facts: psycopg.Connection) -> None:
    delivered(sign_in("wangmin"))
    known, other = [Arrived(*found) for found in facts.execute(WAITING, [SUPPLIER]).fetchall()]
    accountant = sign_in("zhangxiaoyan")
    imported(accountant, einvoice(known, other))
    matched(accountant, known, other)
    expect(accountant.locator("main")).to_contain_text(known.number)
    request = asked_for(accountant, known.supplier)

    head = sign_in("chenlixin")
    head.goto(request)
    head.get_by_role("button", name="登记付款").click()
    dialog = head.get_by_role("dialog", name="登记付款")
    dialog.get_by_label("银行回单号").fill(RETURN)
    dialog.get_by_role("button", name="登记付款").click()
    state(head, "已过账")
    expect(head.locator("#panel-settled")).to_contain_text(RETURN)
    paid = facts.execute(
        "SELECT sum(amount) FROM logistics_payable p WHERE p.reference = %s OR p.settles_id IN"
        " (SELECT id FROM logistics_payable WHERE reference = %s)",
        [NUMBER, NUMBER],
    ).fetchone()
    assert paid == (0,)
