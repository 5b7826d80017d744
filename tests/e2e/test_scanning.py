"""Ten lines with nothing but a scanner: device codes into the grid itself, the cursor always ready for the next one."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from hrp.logistics.rules.gs1 import check_digit
from tests.e2e.conftest import PHONE, SignIn
from tests.e2e.grid import cell, choose, row, scan

pytestmark = pytest.mark.browser

SYRINGE, CATHETER, NEEDLE = "06901230000041", "06901230000423", "06901230000133"
CASE = "16901230000048"  # of 100 syringes
STRANGER = "0690999900001" + check_digit("0690999900001")


def device(page: Page, *parts: str) -> None:
    """A scanner that sends its separators as Ctrl+]."""
    for place, part in enumerate(parts):
        if place:
            page.keyboard.press("Control+]")
        page.keyboard.type(part)
    page.keyboard.press("Enter")


def test_a_delivery_by_scanner_alone(sign_in: SignIn) -> None:
    page = sign_in("wangmin")
    page.goto("/logistics/stock-receipts/new")
    choose(page, "供应商", "GYS001", "杏康医疗器械有限公司")
    cell(page, 1, "item").focus()
    for _ in range(2):  # the same item and lot again: one more of it
        device(page, f"01{SYRINGE}1126010117290630" + "10S1")
    device(page, f"01{CASE}17290630" + "10S2")
    device(page, f"01{CATHETER}17290630" + "10S3", "21SN0001")
    device(page, f"01{CATHETER}17290630" + "10S3", "21SN0001")  # one piece has one serial
    expect(page.locator("#toast")).to_contain_text("重复扫描")
    scan(page, NEEDLE)
    expect(page.locator("#lines tbody tr")).to_have_count(5)
    expect(cell(page, 5, "item")).to_be_focused()
    told = [
        [cell(page, place, name).input_value() for name in ("lot", "expiry", "quantity")]
        for place in range(1, 5)
    ]
    assert told == [
        ["S1", "2029-06-30", "2"],
        ["S2", "2029-06-30", "100"],
        ["S3", "2029-06-30", "1"],
        ["", "", "1"],
    ]
    expect(cell(page, 1, "price")).to_have_value(re.compile(r"^\d"))  # agreed, or paid the last time
    expect(row(page, 4).locator("td.lack")).to_have_count(2)  # a bare product code leaves lot and expiry open

    # scanned while the cursor is in another cell: what stood there comes back
    cell(page, 4, "lot").fill("S4")
    device(page, f"01{CATHETER}17290630" + "10S9")
    expect(cell(page, 4, "lot")).to_have_value("S4")
    expect(cell(page, 5, "item")).to_have_value("一次性使用导尿管 18Fr")
    expect(cell(page, 6, "item")).to_be_focused()

    device(page, f"01{STRANGER}17290630" + "10Q1")
    dialog = page.get_by_role("dialog", name="绑定产品标识")
    expect(dialog).to_contain_text(STRANGER)
    dialog.get_by_role("button", name="取消").click()
    expect(cell(page, 6, "item")).to_be_focused()


def test_an_issue_says_what_will_be_taken_and_why(sign_in: SignIn) -> None:
    page = sign_in("wangmin")
    page.goto("/logistics/stock-issues/new")
    choose(page, "领用科室", "0114", "骨科病区")
    cell(page, 1, "item").focus()
    scan(page, "HC00701")
    batches = row(page, 1).locator("[data-field=batches]")
    expect(batches).to_contain_text(re.compile(r"至 20\d\d-\d\d-\d\d"))
    expect(row(page, 1).locator("[data-field=available]")).to_have_text(re.compile(r"^\d+$"))
    expect(page.locator("[data-sum=amount]").first).not_to_have_text("0.00")
    cell(page, 1, "quantity").fill("99999")
    expect(batches).to_have_text("库存不足")
    expect(page.locator("#lines-told")).to_contain_text("需 99999，可用")
    expect(cell(page, 1, "quantity").locator("xpath=ancestor::td")).to_have_class(re.compile("lack"))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_goods_are_put_away_and_found_again(sign_in: SignIn) -> None:
    page = sign_in("wangmin", viewport=PHONE)
    page.goto("/logistics/handheld/putaway")
    expect(page.get_by_role("heading", name="中心库房")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    first = page.locator("#hand-rows li").first
    code = first.locator("small").inner_text().split(" · ")[0]
    lot = first.locator(".code").last.inner_text()
    box, answer = page.get_by_label("扫描"), page.locator("#hand-answer")
    for text, words in (
        (f"{code}*{lot}" if lot != "—" else code, "请扫货位"),
        ("A-09-09-09", "没有货位"),
        ("HW*A-01-01-04", "已上架"),
    ):
        box.fill(text)
        box.press("Enter")
        expect(answer).to_contain_text(words)
    page.goto("/logistics/bin-stock/?bin=A-01-01-04")
    expect(page.locator("body")).to_contain_text(code)
