"""The pages of settlement over HTTP: who sees what, files, closing and reopening."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from hrp.logistics.budget.models import BudgetLine
from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.settlement.documents.cost_adjustment import CostAdjustment
from hrp.logistics.settlement.models import MaterialClose
from hrp.logistics.settlement.services import einvoices
from hrp.logistics.settlement.tests.test_einvoices import xml
from hrp.logistics.settlement.tests.world import Settling
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.documents.testing import DAY

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}
SPAN = "?from=2026-11-01&to=2026-11-30"


@pytest.fixture
def business() -> Settling:
    business = Settling()
    receipt = business.receive(business.items[0], 10, "100.00")
    business.receive(business.items[3], 4, "12.00")
    business.issue_to(business.world.other, business.items[3], 1)
    business.invoice(receipt, "103.00")
    return business


def door(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def see(user: User, name: str, *args: Any, query: str = "") -> str:
    with clock.pinned(clock.at(DAY, 12)):
        answer = door(user).get(reverse(name, args=args) + query)
    assert answer.status_code == 200, answer.content.decode()[:500]
    return answer.content.decode()


@pytest.mark.parametrize("by", ["item", "class", "store", "supplier", "batch"])
def test_the_summary_adds_up_however_it_is_grouped(business: Settling, by: str) -> None:
    page = see(business.clerk, "logistics.stock_ledger", query=f"{SPAN}&by={by}")
    assert "112.00" in page
    assert "收发存汇总表" in page


def test_the_ledger_of_an_item_links_to_its_documents(business: Settling) -> None:
    page = see(business.clerk, "logistics.stock_ledger.item", business.items[0].pk, query=SPAN)
    assert "/logistics/stock-receipts/" in page
    assert "/logistics/supplier-invoices/" in page


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("logistics.stock_ledger", False), ("logistics.stock_ledger.item", True), ("logistics.payables", False)],
)
def test_tables_come_as_workbooks(business: Settling, name: str, arguments: bool) -> None:
    args = [business.items[0].pk] if arguments else []
    answer = door(business.clerk).get(reverse(name, args=args) + f"{SPAN}&xlsx=1")
    assert answer.status_code == 200
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")


def test_what_is_owed_is_aged_stated_and_printed(business: Settling) -> None:
    assert "测试供应商" in see(business.clerk, "logistics.payables", query="?on=2026-11-30")
    page = see(business.clerk, "logistics.payables.statement", business.room.supplier.pk, query=SPAN)
    assert "103.00" in page
    answer = door(business.clerk).get(
        reverse("logistics.payables.paper", args=[business.room.supplier.pk]) + SPAN
    )
    assert answer.content.startswith(b"%PDF")


def test_who_may_not_see_is_told_so(business: Settling) -> None:
    stranger = business.world.user("stranger", "外人")
    for name, args in (("logistics.stock_ledger", []), ("logistics.payables", []), ("logistics.month_close", []), ("logistics.month_close.month", [business.period.pk])):  # fmt: skip
        assert door(stranger).get(reverse(name, args=args)).status_code == 403
    narrow = business.world.user("narrow", "他科", "logistics.stock.view", unit=business.world.other)
    assert "112.00" not in see(narrow, "logistics.stock_ledger", query=SPAN)


def test_a_month_is_closed_and_reopened_from_its_page(business: Settling) -> None:
    page = see(business.clerk, "logistics.month_close.month", business.period.pk, query="?check=1")
    assert "可以月结" in page
    assert "暂估清单" in page
    at = reverse("logistics.month_close.close", args=[business.period.pk])
    answer = door(business.clerk).post(at, headers=HX)
    assert answer.status_code == 204, answer.content.decode()[:800]
    assert "已月结" in see(business.clerk, "logistics.month_close.month", business.period.pk)
    again = reverse("logistics.month_close.reopen", args=[business.period.pk])
    refused = door(business.clerk).post(again, {"reason": "漏单"}, headers=HX)
    assert "须由月结人以外的人办理" in refused.content.decode()
    assert door(business.second()).post(again, {"reason": "漏单"}, headers=HX).status_code == 204
    assert MaterialClose.objects.get().reopen_reason == "漏单"
    listing = see(business.clerk, "logistics.month_close")
    assert "漏单" in listing
    assert "未月结" in listing


def test_declared_pages_open(business: Settling) -> None:
    BudgetLine.objects.create(org_unit=business.world.unit, amount=5, valid_from=DAY, valid_to=DAY)
    client = door(business.clerk)
    for address in (
        "supplier-invoices/", "supplier-invoices/new", "cost-adjustments/", "cost-adjustments/new", "opening-stocks/",
        "opening-stocks/new", "payment-requests/", f"payment-requests/new?supplier={business.room.supplier.pk}", "budgets/",
        f"budgets/{BudgetLine.objects.get().pk}",
    ):  # fmt: skip
        assert client.get(f"/logistics/{address}").status_code == 200, address


def test_a_file_is_imported_and_booked_from_its_page(business: Settling) -> None:
    client = door(business.clerk)
    assert "导入数电发票" in client.get("/logistics/einvoices/").content.decode()
    upload = SimpleUploadedFile("a.xml", xml(), content_type="text/xml")
    answer = client.post("/logistics/einvoices/act/import", {"file": upload})
    assert answer.status_code == 302, answer.content.decode()[:600]
    page = client.get(answer.headers["Location"]).content.decode()
    assert "26322000000012345678" in page
    assert "登记采购发票" in page
    booking = client.post(f"{answer.headers['Location']}/act/book")
    form = client.get(booking.headers["Location"]).content.decode()
    assert "26322000000012345678" in form
    again = SimpleUploadedFile("b.xml", xml(), content_type="text/xml")
    assert client.post("/logistics/einvoices/act/import", {"file": again}).status_code == 409


def test_freight_of_a_file_is_spread_over_a_receipt(business: Settling) -> None:
    client = door(business.clerk)
    made = einvoices.take_in(actor=business.clerk, name="a.xml", content=xml())
    receipt = StockReceipt.objects.filter(state="posted").first()
    assert receipt is not None
    at = f"/logistics/einvoices/{made.pk}/act/allocate"
    answer = client.post(at, {"receipt": str(receipt.pk), "receipt_id": str(receipt.pk), "amount": "113.00"})
    assert answer.status_code == 302, answer.content.decode()[:600]
    draft = CostAdjustment.objects.get()
    assert (draft.total, draft.reference) == (Decimal("113.00"), made.number)
    form = client.get(f"/logistics/cost-adjustments/new?receipt={receipt.pk}&amount=5.00").content.decode()
    assert "5.00" in form
