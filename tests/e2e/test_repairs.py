"""A nurse reports a fault with her phone, the engineer takes it and mends it, the department accepts."""

from __future__ import annotations

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE, SignIn

pytestmark = pytest.mark.browser


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def act(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def said(page: Page, name: str) -> None:
    """Confirm the dialog of an act by the button of its name."""
    page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()


def test_from_the_bedside_to_the_acceptance(sign_in: SignIn, facts: psycopg.Connection) -> None:
    row = facts.execute(
        "SELECT a.id, a.number, a.token FROM assets_asset a JOIN org_unit u ON u.id = a.org_unit_id WHERE u.code = '0117'"
        " AND a.status = 'in_use' AND a.model = 'XI-6' LIMIT 1"
    ).fetchone()
    assert row is not None
    asset, number, token = row

    nurse = sign_in("ludan", viewport=PHONE)
    nurse.goto("/assets/scan")
    nurse.get_by_label("二维码或资产编号").fill(number)
    nurse.get_by_label("二维码或资产编号").press("Enter")
    nurse.wait_for_url(f"**/assets/scan/{token}")
    assert fits(nurse)
    nurse.get_by_label("故障现象").fill("输液泵门打不开")
    nurse.locator(".machine-choice").get_by_text("紧急").click()
    act(nurse, "提交报修")
    nurse.wait_for_url("**/assets/repairs/*")
    assert fits(nurse)
    address = "/" + nurse.url.split("/", 3)[3]
    pk = address.rsplit("/", 1)[1]

    engineer = sign_in("gaoyuan", viewport=PHONE)
    engineer.goto(address)
    assert fits(engineer)
    act(engineer, "接单")
    said(engineer, "接单")
    expect(engineer.get_by_text("已接单")).to_be_visible()
    act(engineer, "到场")
    said(engineer, "到场")
    expect(engineer.get_by_text("已到场")).to_be_visible()
    act(engineer, "修复")
    dialog = engineer.get_by_role("dialog")
    dialog.get_by_label("故障原因").select_option("wear")
    dialog.get_by_label("维修方式").select_option("self")
    dialog.get_by_label("处理措施").fill("更换门锁扣")
    said(engineer, "修复")
    expect(engineer.get_by_text("已修复，").first).to_be_visible()
    if facts.execute("SELECT state FROM assets_repair WHERE id = %s", [pk]).fetchone() == ("to_check",):
        act(engineer, "检测合格")
        engineer.get_by_role("dialog").get_by_label("检测项目与结果").fill("流速误差 1.2 %")
        said(engineer, "检测合格")
        expect(engineer.get_by_text("检测合格，已通知科室验收")).to_be_visible()

    nurse.goto(address)
    act(nurse, "验收")
    said(nurse, "验收")
    expect(nurse.get_by_text("已验收").first).to_be_visible()
    assert facts.execute("SELECT state FROM assets_repair WHERE id = %s", [pk]).fetchone() == ("accepted",)
    assert facts.execute("SELECT status FROM assets_asset WHERE id = %s", [asset]).fetchone() == ("in_use",)
    nurse.goto(f"/assets/cards/{asset}")
    expect(nurse.locator("#panel-repairs")).to_contain_text("更换门锁扣")
    assert fits(nurse)
