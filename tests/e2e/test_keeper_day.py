"""The keeper's day: goods come in by scanner, are put away, asked for, granted, picked and issued, with their paper."""

from __future__ import annotations

import re

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE, SignIn
from tests.e2e.grid import cell, choose, scan, type_row
from tests.e2e.journeys import number, post, state

pytestmark = pytest.mark.browser

GAUZE, LOT = "HC00901", "E2EKEEP"


def received(keeper: Page) -> str:
    """Three scans of one lot: one line of three."""
    keeper.goto("/logistics/stock-receipts/new")
    choose(keeper, "供应商", "GYS006", "安泰卫生用品有限公司")
    cell(keeper, 1, "item").focus()
    for times in range(1, 4):
        scan(keeper, f"{GAUZE}*{LOT}")
        expect(cell(keeper, 1, "quantity")).to_have_value(str(times))
    expect(cell(keeper, 1, "price")).to_have_value(re.compile(r"^\d"))
    cell(keeper, 1, "expiry").fill("2031-12-31")
    post(keeper)
    return number(keeper)


def put_away(keeper: Page) -> None:
    keeper.goto("/logistics/handheld/putaway")
    box = keeper.get_by_label("扫描")
    for text, words in ((f"{GAUZE}*{LOT}", "请扫货位"), ("HW*A-01-01-03", "已上架")):
        box.fill(text)
        box.press("Enter")
        expect(keeper.locator("#hand-answer")).to_contain_text(words)


def asked(nurse: Page) -> str:
    nurse.goto("/logistics/requisitions/new")
    cell(nurse, 1, "item").focus()
    type_row(nurse, GAUZE, "医用纱布块", "2")
    nurse.get_by_role("button", name="保存并提交").click()
    state(nurse, "待审核")
    return re.sub(r"^.*?(/logistics/)", r"\1", nurse.url)


def granted(keeper: Page, address: str) -> None:
    keeper.goto(address)
    keeper.get_by_role("button", name="核发").click()
    keeper.get_by_label("第 1 行核发数量").fill("2")
    keeper.get_by_role("button", name="核发并占用库存").click()
    state(keeper, "已过账")


def picked(hand: Page, request: str, facts: psycopg.Connection) -> None:
    hand.goto("/logistics/handheld/pick")
    hand.get_by_role("button", name=re.compile(request)).click()
    expect(hand.locator("#hand-rows li").first).to_be_visible()
    lines = facts.execute(
        "SELECT i.code, b.lot FROM logistics_pick_line l JOIN logistics_item i ON i.id = l.item_id"
        " JOIN logistics_batch b ON b.id = l.batch_id WHERE l.picking_id = %s ORDER BY l.position",
        [hand.url.rsplit("/", 1)[1]],
    ).fetchall()
    for code, lot in lines:
        hand.get_by_label("扫描").fill(f"{code}*{lot}" if lot else code)
        hand.get_by_label("扫描").press("Enter")
    expect(hand.locator("#hand-rows li.full")).to_have_count(len(lines))
    hand.get_by_role("button", name="拣货完成").click()
    hand.get_by_role("button", name="复核无误，出库").click()
    expect(hand.locator(".handheld")).not_to_contain_text(request)


def test_from_the_lorry_to_the_ward_and_its_paper(sign_in: SignIn, facts: psycopg.Connection) -> None:
    keeper = sign_in("wangmin")
    received(keeper)
    put_away(sign_in("wangmin", viewport=PHONE))
    address = asked(sign_in("linxiu"))

    head = sign_in("zhaoqian")
    head.goto(address)
    head.get_by_role("button", name="审核通过").click()
    head.get_by_role("dialog").get_by_role("button", name="审核通过").click()
    state(head, "已审核")

    granted(keeper, address)
    hand = sign_in("wangmin", viewport=PHONE)
    picked(hand, number(keeper), facts)
    keeper.goto(address)
    keeper.locator("#panel-deliveries").get_by_role("link").first.click()
    expect(keeper.locator("h1")).to_contain_text("出库单")
    state(keeper, "已过账")
    paper = keeper.request.get(f"{keeper.url.split('?')[0]}/print")
    assert (paper.status, paper.headers["content-type"]) == (200, "application/pdf")
    assert paper.body().startswith(b"%PDF-")


def test_a_report_leads_down_to_the_paper(sign_in: SignIn) -> None:
    """Who audits asks how much there was, of what, and by which document it moved."""
    director = sign_in("liusiyuan")
    director.goto("/logistics/stock-ledger?by=item")
    with director.expect_navigation():
        director.get_by_role("row").filter(has_text=GAUZE).get_by_role("link").first.click()
    director.locator("tbody a").first.click()
    expect(director.locator(".doc-head .tag").first).to_have_text("已过账")
