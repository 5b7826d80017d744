"""New items come in a workbook: what is wrong in it is named cell by cell, and nothing is saved until all is right."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import SignIn

pytestmark = pytest.mark.browser

GOOD = {
    "物资编码*": "HC98101", "物资名称*": "一次性使用雾化面罩", "规格型号": "成人型", "单位*": "套", "类别*": "医用耗材-低值",
    "财务分类*": "05", "管理批号": "是", "管理效期": "是",
}  # fmt: skip
BAD = GOOD | {"物资编码*": "HC98102", "规格型号": "儿童型", "类别*": "耗材", "财务分类*": "99"}


def fill_in(template: Path, filled: Path, *rows: dict[str, str]) -> Path:
    book = openpyxl.load_workbook(template)
    sheet = book["物资字典"]
    heads = [cell.value for cell in sheet[1]]
    for place, row in enumerate(rows, start=2):
        for title, value in row.items():
            sheet.cell(place, heads.index(title) + 1, value)
    book.save(filled)
    return filled


def upload(page: Page, file: Path) -> None:
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator(".drop")).to_contain_text(file.name)
    page.get_by_role("button", name="检查文件").click()


def imported(facts: psycopg.Connection) -> list[tuple[str, str]]:
    found = facts.execute("SELECT code, spec FROM logistics_item WHERE code LIKE 'HC981%' ORDER BY code")
    return [(code, spec) for code, spec in found]


def test_a_workbook_with_bad_cells_then_the_corrected_one(
    sign_in: SignIn, facts: psycopg.Connection, tmp_path: Path
) -> None:
    page = sign_in("zhangxiaoyan")
    page.goto("/logistics/items/import")
    with page.expect_download() as template:
        page.get_by_role("link", name="下载模板").click()
    template.value.save_as(tmp_path / "template.xlsx")

    upload(page, fill_in(tmp_path / "template.xlsx", tmp_path / "第一次.xlsx", GOOD, BAD))
    expect(page.get_by_role("alert")).to_contain_text("共 2 处问题，没有导入任何一行")
    told = page.get_by_role("region", name="问题").locator("tbody tr")
    expect(told).to_have_count(2)
    for row, place, title, value in ((0, "H3", "类别", "耗材"), (1, "I3", "财务分类", "99")):
        expect(told.nth(row).locator("td").first).to_have_text("物资字典")
        for text in (place, title, value):
            expect(told.nth(row).get_by_role("cell", name=text, exact=True)).to_be_visible()
    assert imported(facts) == []
    with page.expect_download() as marked:
        page.get_by_role("link", name="下载问题清单").click()
    marked.value.save_as(tmp_path / "problems.xlsx")

    # the list of problems is the person's own sheet: corrected in place, it is what comes back
    book = openpyxl.load_workbook(tmp_path / "problems.xlsx")
    sheet = book["物资字典"]
    beside = next(cell.column for cell in sheet[1] if cell.value == "问题")
    assert sheet.cell(2, beside).value is None
    assert "H 列“类别”" in sheet.cell(3, beside).value
    assert "I 列“财务分类”" in sheet.cell(3, beside).value
    sheet["H3"], sheet["I3"] = GOOD["类别*"], GOOD["财务分类*"]
    book.save(tmp_path / "第二次.xlsx")
    page.get_by_role("button", name="放弃").click()
    upload(page, tmp_path / "第二次.xlsx")
    expect(page.locator(".alert.ok")).to_contain_text("第二次.xlsx：2 行全部正确")
    preview = page.get_by_role("region", name="预览").locator("tbody tr")
    expect(preview.last).to_contain_text("医用耗材-低值")
    expect(preview.last.get_by_role("cell", name="05", exact=True)).to_be_visible()
    assert imported(facts) == []
    page.get_by_role("button", name="导入 2 行").click()
    expect(page.locator(".toast")).to_contain_text("已导入 2 行")
    assert imported(facts) == [("HC98101", "成人型"), ("HC98102", "儿童型")]
    page.get_by_label("物资", exact=True).fill("HC981")
    page.get_by_role("button", name="查询", exact=True).click()
    expect(page.locator("#list tbody tr")).to_have_count(2)
