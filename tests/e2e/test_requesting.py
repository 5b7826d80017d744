"""A ward asks, its head agrees, the store grants and issues, the ward signs: four people, one request."""

from __future__ import annotations

import re

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import SignIn
from tests.e2e.grid import cell, type_row

pytestmark = pytest.mark.browser

GAUZE = "HC00901"


def agree(page: Page) -> None:
    page.get_by_role("dialog", name="确认").get_by_role("button", name="确定").click()


def promised(facts: psycopg.Connection, pk: str) -> int:
    found = facts.execute(
        "SELECT coalesce(sum(quantity), 0) FROM logistics_reservation WHERE source = 'logistics.requisition:' || %s",
        [pk],
    ).fetchone()
    assert found is not None
    return int(found[0])


def test_from_the_ward_to_the_store_and_back(sign_in: SignIn, facts: psycopg.Connection) -> None:
    nurse = sign_in("linxiu")
    nurse.goto("/logistics/requisitions/new")
    cell(nurse, 1, "item").focus()
    type_row(nurse, GAUZE, "医用纱布块", "12")
    nurse.get_by_role("button", name="保存并提交").click()
    expect(nurse.locator(".doc-head .tag")).to_have_text("待审核")
    address = re.sub(r"^.*?(/logistics/)", r"\1", nurse.url)
    pk = address.rsplit("/", 1)[1]

    head = sign_in("zhaoqian")
    head.goto(address)
    head.get_by_role("button", name="审核通过").click()
    head.get_by_role("dialog").get_by_role("button", name="审核通过").click()
    expect(head.locator(".doc-head .tag")).to_have_text("已审核")

    keeper = sign_in("wangmin")
    keeper.goto(address)
    keeper.get_by_role("button", name="核发").click()
    keeper.get_by_label("第 1 行核发数量").fill("10")
    keeper.get_by_role("button", name="核发并占用库存").click()
    expect(keeper.get_by_role("alert")).to_contain_text("少发、不发或代用须写明原因")
    keeper.get_by_label("第 1 行核发说明").fill("周五补足")
    keeper.get_by_role("button", name="核发并占用库存").click()
    expect(keeper.locator(".doc-head .tag")).to_have_text("已过账")
    assert promised(facts, pk) == 10
    keeper.get_by_role("button", name="生成出库单").click()
    expect(keeper.locator("h1")).to_contain_text("出库单")
    keeper.get_by_role("button", name="过账").click()
    agree(keeper)
    expect(keeper.locator(".doc-head .tag")).to_have_text("已过账")
    number = keeper.locator("h1 .code").inner_text()
    assert promised(facts, pk) == 0

    nurse.goto("/logistics/deliveries")
    mine = nurse.locator(".deliveries > li").filter(has_text=number)
    expect(mine).to_contain_text("医用纱布块")
    mine.get_by_role("button", name="签收").click()
    expect(nurse.locator(".deliveries.past")).to_contain_text(number)
    nurse.goto(address)
    expect(nurse.locator("#panel-deliveries")).to_contain_text("林秀")
