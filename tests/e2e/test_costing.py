"""An accountant asks where a department's material cost comes from, and takes the table away as a workbook."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
import python_calamine
from playwright.sync_api import Page, expect

from tests.e2e.conftest import SignIn

pytestmark = pytest.mark.browser

TITLE = "医院临床服务类科室全成本表"


def open_report(page: Page) -> None:
    page.get_by_role("navigation", name="系统导航").get_by_role("link", name="成本").click()
    page.get_by_role("navigation", name="功能菜单").get_by_role("link", name=TITLE).click()
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()


def amount(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace("—", "0"))


def test_from_a_figure_of_the_table_to_the_stock_issue_behind_it(sign_in: SignIn) -> None:
    page = sign_in("lijianguo")
    open_report(page)
    # 卫生材料费, what came to the department from others
    indirect = page.locator('td a[href*="item7=2"][href$="#hops"]').first
    shown = amount(indirect.inner_text())
    indirect.click()
    expect(page.get_by_role("navigation", name="功能菜单").locator("a.on")).to_have_text(TITLE)
    sums = [amount(text) for text in page.locator(".sums dd").all_inner_texts()]
    assert sum(sums[2:]) == shown
    origins = page.locator("#origins tbody tr")
    assert sum(amount(text) for text in origins.locator("td:nth-child(3)").all_inner_texts()) == sums[0]

    origins.filter(has_not_text="本科室").first.get_by_role("link").click()
    expect(page).to_have_url(re.compile("#documents$"))
    behind = page.locator("#documents tbody tr")
    own = amount(page.locator('.sums a[href="#documents"]').inner_text())
    assert sum(amount(text) for text in behind.locator("td:last-child").all_inner_texts()) == own
    link = behind.get_by_role("link", name=re.compile("^出库单 CK1-")).first
    name = link.inner_text()
    link.click()
    expect(page.locator("h1")).to_have_text(name)
    expect(page.locator(".doc-head .tag")).to_have_text("已过账")
    expect(page.locator("#panel-moves tbody tr").first).to_be_visible()


def test_the_workbook_holds_what_the_screen_shows(sign_in: SignIn, tmp_path: Path) -> None:
    page = sign_in("lijianguo")
    open_report(page)
    total = page.locator("table.report tbody tr.total").last
    on_screen = [amount(text) for text in total.locator("td").all_inner_texts()]
    assert on_screen[-1] > 1_000_000
    with page.expect_download() as download:
        page.get_by_role("link", name="导出 Excel").click()
    assert download.value.suggested_filename.startswith(TITLE)
    download.value.save_as(tmp_path / "report.xlsx")
    sheet = python_calamine.CalamineWorkbook.from_path(tmp_path / "report.xlsx").get_sheet_by_index(0)
    name = total.locator("th").inner_text()
    row = next(row for row in sheet.to_python() if row[0] == name)
    assert [Decimal(str(value or 0)) for value in row[2:]] == on_screen
