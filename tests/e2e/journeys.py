"""What every journey through a document does: agree, read its state, save and post it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


def agree(page: Page) -> None:
    page.get_by_role("dialog", name="确认").get_by_role("button", name="确定").click()


def state(page: Page, expected: str) -> None:
    expect(page.locator(".doc-head .tag").first).to_have_text(expected)


def opened(page: Page, row: Locator) -> None:
    """The document a row of a list stands for."""
    page.goto(row.get_attribute("data-href") or "")


def post(page: Page) -> None:
    """From a draft to the books, where nobody has to approve."""
    page.get_by_role("button", name="保存并提交").click()
    state(page, "已审核")
    page.get_by_role("button", name="过账", exact=True).click()
    agree(page)
    state(page, "已过账")


def number(page: Page) -> str:
    return page.locator("h1 .code").inner_text()
