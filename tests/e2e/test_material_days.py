"""The days of those who buy, inspect, keep and close: from a suggestion to goods on the shelf, and a month's list."""

from __future__ import annotations

import re

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import SignIn
from tests.e2e.journeys import opened, post

pytestmark = pytest.mark.browser

GAUZE, SUPPLIER = "HC00901", "安泰卫生用品有限公司"


def held(facts: psycopg.Connection) -> int:
    found = facts.execute(
        "SELECT coalesce(sum(b.quantity), 0) FROM logistics_balance b JOIN logistics_item i ON i.id = b.item_id"
        " JOIN logistics_store s ON s.id = b.store_id WHERE i.code = %s AND s.code = 'CK01'",
        [GAUZE],
    ).fetchone()
    assert found is not None
    return int(found[0])


def planned(buyer: Page) -> None:
    """A suggestion with its reasons becomes a plan of one line; what the buyer does not want is left out."""
    buyer.goto("/logistics/purchasing/replenishment")
    with buyer.expect_navigation():
        buyer.get_by_role("button", name="计算补货").click()
    wanted = buyer.locator("tbody tr").filter(has_text=GAUZE)
    expect(wanted.locator(".why")).not_to_be_empty()
    # somebody is writing a plan for it already: that one goes on, no second is offered
    expect(wanted.locator(".why")).to_contain_text(re.compile("已在 .+ 中"))
    expect(wanted.get_by_role("checkbox")).to_have_count(0)
    buyer.goto("/logistics/purchase-plans/?tab=draft")
    opened(buyer, buyer.locator("tr[data-href]").first)
    expect(buyer.locator("h1")).to_contain_text("采购计划")
    post(buyer)


def ordered(buyer: Page) -> str:
    """The plan's order of gauze goes to its supplier; the order's key."""
    buyer.get_by_role("button", name="生成订单").click()
    expect(buyer).to_have_url(re.compile("/logistics/purchase-orders/"))
    if "tab=draft" in buyer.url:
        opened(buyer, buyer.locator("tr[data-href]").filter(has_text=SUPPLIER).first)
    expect(buyer.locator("h1")).to_contain_text("采购订单")
    post(buyer)
    buyer.get_by_role("button", name="发送供应商").click()
    dialog = buyer.get_by_role("dialog", name="发送供应商")
    dialog.get_by_label("方式").fill("电话")
    dialog.get_by_role("button", name="发送供应商").click()
    expect(buyer.locator(".toast")).to_contain_text("已发送")
    return buyer.url.rsplit("/", 1)[1]


def inspected(inspector: Page, order: str) -> str:
    """Everything that arrived is right; the receipt's page."""
    inspector.goto(f"/logistics/purchasing/receive/{order}")
    inspector.get_by_label("随货单号").fill("SH-E2E-77")
    for line in inspector.locator(".arrivals > li").all():
        line.get_by_role("textbox", name="批号").fill("E2E77")
        line.get_by_role("textbox", name="有效期至").fill("2029-12-31")
    inspector.get_by_role("button", name="验收合格，生成入库单").click()
    expect(inspector.locator("h1")).to_contain_text("入库单")
    return inspector.url


def test_from_a_suggestion_to_the_shelf(sign_in: SignIn, facts: psycopg.Connection) -> None:
    before = held(facts)
    buyer = sign_in("gaojie")
    planned(buyer)
    order = ordered(buyer)
    buyer.goto(f"/logistics/purchasing/receive/{order}")
    expect(buyer.locator("main")).to_contain_text("您没有“编制到货验收单”权限")

    receipt = inspected(sign_in("xuning"), order)
    keeper = sign_in("wangmin")
    keeper.goto(receipt)
    expect(keeper.get_by_label("送货单号")).to_have_value("SH-E2E-77")
    post(keeper)
    assert held(facts) > before
    buyer.goto(f"/logistics/purchase-orders/{order}")
    expect(buyer.locator("#panel-receipts")).to_contain_text(keeper.locator("h1 .code").inner_text())


def test_the_list_before_a_month_closes(sign_in: SignIn) -> None:
    page = sign_in("zhangxiaoyan")
    page.goto("/logistics/month-close")
    page.get_by_role("link", name=re.compile(r"^\d{4}-\d{2}$")).first.click()
    page.get_by_role("link", name="数据校验").click()
    checked = page.locator(".close-steps li").filter(has_text="收发存、余额、总账逐项核对")
    expect(checked).to_have_class("good")
    documents = page.locator(".close-steps > li").filter(has_text="本月的物资单据应已过账")
    expect(documents).to_contain_text("须处理")
