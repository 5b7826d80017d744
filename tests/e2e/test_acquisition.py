"""A ward asks for a machine: the request is written and signed, the office looks at it, and the page says who must say yes next."""

from __future__ import annotations

import re

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE, SignIn
from tests.e2e.grid import cell, option

pytestmark = pytest.mark.browser


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def act(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def said(page: Page, name: str) -> None:
    """Confirm the dialog of an act by the button of its name."""
    page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()


def test_from_the_ward_s_request_to_the_office(sign_in: SignIn, facts: psycopg.Connection) -> None:
    row = facts.execute(
        "SELECT id FROM assets_acquisition_request WHERE state = 'approved' ORDER BY id DESC LIMIT 1"
    ).fetchone()
    assert row is not None
    page = sign_in("zhaoqian")
    page.goto(f"/assets/acquisition-requests/{row[0]}")
    expect(page.locator("#panel-route")).to_contain_text("装备委员会")
    expect(page.locator("#panel-route")).to_contain_text("有效票 1 票，少于规定的 3 票")
    expect(page.locator("#panel-panel")).to_contain_text("必要性 90")

    # a small thing of its own, which the office alone decides
    page.goto("/assets/acquisition-requests/new")
    page.get_by_label("必要性").fill("夜间仅 1 台，经常外借")
    cell(page, 1, "name").fill("便携式输注泵")
    kind = cell(page, 1, "asset_class")
    kind.press_sequentially("手术急救")
    expect(option(page, "手术急救设备").first).to_be_visible()
    kind.press("Enter")
    cell(page, 1, "quantity").fill("1")
    cell(page, 1, "price").fill("9800")
    page.get_by_role("button", name="保存 Ctrl S").click()
    page.wait_for_url(re.compile(r"/assets/acquisition-requests/\d+"))
    act(page, "签署利益冲突声明")
    page.get_by_role("dialog").get_by_label("与拟购设备的供应商").select_option("no")
    said(page, "签署利益冲突声明")
    expect(page.get_by_text("已签署利益冲突声明").first).to_be_visible()
    act(page, "保存并提交")
    expect(page.get_by_text("已提交").first).to_be_visible()
    address = "/" + page.url.split("/", 3)[3]

    office = sign_in("huangwei", viewport=PHONE)
    office.goto(address)
    assert fits(office)
    act(office, "归口审核意见")
    dialog = office.get_by_role("dialog")
    dialog.get_by_label("结论").select_option("yes")
    dialog.get_by_label("意见").fill("同意")
    said(office, "归口审核意见")
    expect(office.get_by_text("已登记归口审核意见").first).to_be_visible()
    act(office, "过账")
    said(office, "确定")
    expect(office.get_by_text("已过账").first).to_be_visible()
    pk = address.rsplit("/", 1)[1].split("?")[0]
    assert facts.execute(
        "SELECT state, total FROM assets_acquisition_request WHERE id = %s", [pk]
    ).fetchone() == (
        "posted",
        9800,
    )
