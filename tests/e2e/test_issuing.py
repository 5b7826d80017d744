"""The store keeper issues goods: more than there is, twice, and from two windows at once."""

from __future__ import annotations

import re

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import SignIn
from tests.e2e.grid import cell, choose, type_row

pytestmark = pytest.mark.browser

GLOVES, SUTURE = "HC00602", "HC00701"


def new_issue(page: Page, *lines: tuple[str, str, str]) -> None:
    """A form filled in for the orthopaedic ward: code, name and quantity per line; not saved yet."""
    page.goto("/logistics/stock-issues/new")
    choose(page, "领用科室", "0114", "骨科病区")
    page.get_by_label("领用人").fill("护士 林")
    cell(page, 1, "item").focus()
    for code, name, quantity in lines:
        type_row(page, code, name, "", quantity)


def agree(page: Page) -> None:
    page.get_by_role("dialog", name="确认").get_by_role("button", name="确定").click()


def state(page: Page) -> str:
    return page.locator(".doc-head .tag").inner_text()


def held(facts: psycopg.Connection, code: str) -> int:
    found = facts.execute(
        "SELECT coalesce(sum(b.quantity), 0) FROM logistics_balance b JOIN logistics_item i ON i.id = b.item_id"
        " JOIN logistics_store s ON s.id = b.store_id WHERE i.code = %s AND s.code = 'CK01'",
        [code],
    ).fetchone()
    assert found is not None
    return int(found[0])


def test_more_than_there_is_then_what_there_is_and_only_once(
    sign_in: SignIn, facts: psycopg.Connection
) -> None:
    keeper = sign_in("wangmin")
    there = held(facts, SUTURE)
    assert there > 3
    new_issue(keeper, (GLOVES, "灭菌橡胶外科手套", "5"), (SUTURE, "可吸收性外科缝线", str(there + 7)))
    keeper.get_by_role("button", name="保存并提交").click()
    expect(keeper.locator(".doc-head .tag")).to_have_text("已审核")

    keeper.get_by_role("button", name="过账").click()
    agree(keeper)
    refusal = keeper.get_by_role("alert")
    expect(refusal).to_contain_text("中心库房 库存不足，1 行不能出库")
    expect(refusal).to_contain_text(f"第 2 行：可吸收性外科缝线 需 {there + 7} 包，可用 {there} 包")
    expect(refusal).to_contain_text("请减少数量")
    assert state(keeper) == "已审核"

    keeper.get_by_role("button", name="撤回").click()
    agree(keeper)
    expect(keeper.locator(".doc-head .tag")).to_have_text("草稿")
    cell(keeper, 2, "quantity").fill("3")
    keeper.get_by_role("button", name="保存并提交").click()
    expect(keeper.locator(".doc-head .tag")).to_have_text("已审核")

    posted_twice(keeper, keeper.context.new_page())
    assert held(facts, SUTURE) == there - 3
    moves = facts.execute(
        "SELECT count(*) FROM logistics_move WHERE source = 'logistics.stock_issue:' || %s AND item_id ="
        " (SELECT id FROM logistics_item WHERE code = %s)",
        [keeper.url.rsplit("/", 1)[1], SUTURE],
    ).fetchone()
    assert moves is not None
    assert moves[0] >= 1


def posted_twice(page: Page, second: Page) -> None:
    """A double click in one window, and a second window that still shows the document as approved."""
    second.goto(page.url)
    page.get_by_role("button", name="过账").click()
    page.get_by_role("dialog", name="确认").get_by_role("button", name="确定").dblclick()
    expect(page.locator(".doc-head .tag")).to_have_text("已过账")
    number = page.locator("h1 .code").inner_text()
    second.get_by_role("button", name="过账").click()
    agree(second)
    expect(second.locator(".doc-head .tag")).to_have_text("已过账")
    expect(second.locator("h1 .code")).to_have_text(number)
    expect(second.locator("#panel-moves tbody tr")).to_have_count(
        page.locator("#panel-moves tbody tr").count()
    )


def test_two_windows_at_one_draft(sign_in: SignIn) -> None:
    first = sign_in("wangmin")
    new_issue(first, (GLOVES, "灭菌橡胶外科手套", "5"))
    first.get_by_role("button", name="保存 Ctrl S").click()
    expect(first.locator("h1 .code")).to_have_text(re.compile(r"草稿#\d+"))
    second = first.context.new_page()
    second.goto(first.url)
    cell(first, 1, "quantity").fill("6")
    first.keyboard.press("Control+s")
    expect(first.locator(".toast")).to_contain_text("已保存")

    cell(second, 1, "quantity").fill("9")
    for _ in range(2):  # told, and told again: the second try must not quietly win either
        second.keyboard.press("Control+s")
        expect(second.get_by_role("alert")).to_contain_text("已被他人修改")
        expect(cell(second, 1, "quantity")).to_have_value("9")
    first.reload()
    expect(cell(first, 1, "quantity")).to_have_value("6")

    first.get_by_role("button", name="保存并提交").click()
    expect(first.locator(".doc-head .tag")).to_have_text("已审核")
    second.keyboard.press("Control+s")
    expect(second.get_by_role("alert")).to_contain_text("已审核状态不能保存")
    assert state(second) == "已审核"
