"""The store keeper receives a delivery: keyboard, scanner and spreadsheet; an accountant approves; stock is there."""

from __future__ import annotations

import re
from decimal import Decimal

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE, SignIn
from tests.e2e.grid import cell, choose, paste, row, scan, type_row

pytestmark = pytest.mark.browser

STENT, NEEDLE, CATHETER = "HC01601", "HC00204", "HC01303"
CATHETER_BARCODE, OXYGEN_BARCODE = "06900001300003", "06900002600001"
TOTAL = "65,385.80"  # above 50,000 an accountant has to approve


def test_a_delivery_from_the_door_to_the_shelf(sign_in: SignIn, facts: psycopg.Connection) -> None:
    keeper = sign_in("wangmin")
    keeper.goto("/logistics/stock-receipts/new")
    choose(keeper, "供应商", "xkylqx", "杏康医疗器械有限公司")
    keeper.get_by_label("送货单号").fill("SH-E2E-1")
    enter_lines(keeper)
    save_is_refused_at_the_wrong_cell(keeper)
    cell(keeper, 5, "quantity").fill("40")
    keeper.keyboard.press("Control+s")
    expect(keeper.locator(".toast")).to_contain_text("已保存 草稿#")
    draft = keeper.locator("h1 .code").inner_text()

    keeper.get_by_role("button", name="保存并提交").click()
    expect(keeper.locator(".doc-head .tag")).to_have_text("待审核")
    expect(keeper.locator(".steps [aria-current=step]")).to_contain_text("物资会计审核")
    approve_from_the_workbench(sign_in("zhangxiaoyan"), draft)

    keeper.reload()
    keeper.get_by_role("button", name="过账").click()
    keeper.get_by_role("dialog", name="确认").get_by_role("button", name="确定").click()
    expect(keeper.locator(".doc-head .tag")).to_have_text("已过账")
    number = keeper.locator("h1 .code").inner_text()
    the_page_tells_the_whole_story(keeper, number)
    a_phone_names_the_things(sign_in("wangmin", viewport=PHONE), keeper.url)
    stock_is_on_the_shelf(keeper)
    booked = facts.execute(
        "SELECT total, (SELECT count(*) FROM logistics_move WHERE source = 'logistics.stock_receipt:' || d.id)"
        " FROM logistics_receipt d WHERE number = %s",
        [number],
    ).fetchone()
    assert booked == (Decimal("65385.80"), 5)


def enter_lines(page: Page) -> None:
    """A line by keyboard, two by scanner (one thing read twice), two pasted, one of them with a wrong quantity."""
    cell(page, 1, "item").focus()
    type_row(page, STENT, "冠状动脉药物洗脱支架", "E2E01", "20291231", "80", "798")
    expect(row(page, 1).locator("[data-field=amount]")).to_have_text("63,840.00")
    expect(cell(page, 2, "item")).to_be_focused()

    page.keyboard.press("F2")
    for code in (CATHETER_BARCODE, OXYGEN_BARCODE, CATHETER_BARCODE):
        scan(page, code)
    expect(cell(page, 2, "quantity")).to_have_value("2")
    expect(cell(page, 2, "item")).to_have_value("一次性使用导尿管 18Fr")
    expect(cell(page, 3, "item")).to_have_value("医用氧气 40L 瓶")
    cell(page, 2, "lot").fill("E2E02")
    cell(page, 2, "expiry").fill("2029-06-30")
    cell(page, 2, "price").fill("12.40")
    cell(page, 3, "price").fill("45.00")

    page.get_by_role("button", name="加行").click()
    expect(cell(page, 4, "item")).to_be_focused()
    paste(page, f"{NEEDLE}\tE2E03\t2028/12/31\t100\t9.8\r\n{CATHETER}\tE2E04\t20281231\t四十\t12.4\r\n")
    expect(cell(page, 4, "item")).to_have_value("一次性使用静脉留置针 24G")
    expect(row(page, 5).locator("[data-field=spec]")).to_have_text("18Fr")


def save_is_refused_at_the_wrong_cell(page: Page) -> None:
    """The reason stands at the cell and above, and nothing that was typed is lost."""
    page.keyboard.press("Control+s")
    expect(page.get_by_role("alert")).to_contain_text("第 5 行：实收数量应填数字")
    expect(page.locator("#lines td.bad")).to_have_count(1)
    expect(page.locator("#lines td.bad")).to_have_attribute("title", "实收数量应填数字")
    expect(cell(page, 5, "quantity")).to_have_value("四十")
    expect(cell(page, 5, "quantity")).to_be_focused()
    expect(page.locator("#lines tbody tr")).to_have_count(5)
    expect(cell(page, 1, "lot")).to_have_value("E2E01")
    expect(cell(page, 4, "item")).to_have_value("一次性使用静脉留置针 24G")
    expect(page.get_by_label("送货单号")).to_have_value("SH-E2E-1")


def approve_from_the_workbench(accountant: Page, draft: str) -> None:
    accountant.get_by_role("link", name=f"入库单 {draft}", exact=True).click()
    expect(accountant.locator(".dock")).to_contain_text(TOTAL)
    accountant.get_by_role("button", name="审核通过").click()
    dialog = accountant.get_by_role("dialog", name=f"审核通过 {draft}")
    dialog.get_by_label("意见").fill("与发票核对一致")
    dialog.get_by_role("button", name="审核通过").click()
    expect(accountant.locator(".doc-head .tag")).to_have_text("已审核")


def the_page_tells_the_whole_story(page: Page, number: str) -> None:
    assert number.startswith("RK1-")
    expect(page.locator(".steps li.ok")).to_have_count(3)
    told = page.get_by_role("list", name="审批进度").get_by_role("listitem")
    expect(told).to_have_text(
        [re.compile(r"王敏 · 过账.*RK1-"), re.compile("张晓燕 · 物资会计审核.*通过.*与发票核对一致"), re.compile("王敏 · 提交"), re.compile("王敏 · 制单")]
    )  # fmt: skip
    expect(page.locator("#panel-moves tbody tr")).to_have_count(5)
    expect(page.locator("#lines tfoot")).to_contain_text(TOTAL)


def a_phone_names_the_things(phone: Page, address: str) -> None:
    phone.goto(address)
    expect(phone.locator(".line-cards b").first).to_have_text("冠状动脉药物洗脱支架 2.75×18mm")


def stock_is_on_the_shelf(page: Page) -> None:
    for lot, quantity, amount in (("E2E01", "80", "63,840.00"), ("E2E04", "40", "496.00")):
        page.goto("/logistics/stock/")
        page.get_by_label("物资", exact=True).fill(lot)
        page.get_by_role("button", name="查询", exact=True).click()
        rows = page.locator("#list tbody tr")
        expect(rows).to_have_count(1)
        expect(rows.get_by_role("cell", name=quantity, exact=True)).to_be_visible()
        expect(rows.get_by_role("cell", name=amount, exact=True)).to_be_visible()
