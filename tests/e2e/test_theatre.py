"""The theatre nurse scans: a wristband, the piece that lies ready, the same piece again, one that was recalled."""

from __future__ import annotations

import re

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE, SignIn

pytestmark = pytest.mark.browser
VISIT = "ZY2026110521"


def piece(facts: psycopg.Connection, condition: str) -> str:
    found = facts.execute(
        f"SELECT u.uid FROM logistics_unit u JOIN logistics_batch b ON b.id = u.batch_id WHERE {condition} ORDER BY u.id LIMIT 1"  # type: ignore[arg-type]
    ).fetchone()
    assert found is not None
    return str(found[0])


def scan(page: Page, code: str) -> None:
    """As a scanner does it: fast, with Enter at the end."""
    page.get_by_label("器械唯一码").type(code)
    page.keyboard.press("Enter")


def test_a_piece_is_used_once_and_everybody_sees_and_hears_it(
    sign_in: SignIn, facts: psycopg.Connection
) -> None:
    nurse = sign_in("linyue")
    nurse.goto("/logistics/theatre")
    nurse.get_by_label("就诊号").type(VISIT)
    nurse.keyboard.press("Enter")
    expect(nurse.get_by_label("手术名称")).to_have_value("胫骨骨折切开复位内固定术")
    expect(nurse.get_by_label("患者", exact=True)).to_have_value("赵**")
    ready, other = (
        piece(facts, f"u.visit_no = '{VISIT}'"),
        piece(facts, "b.lot = 'RH2606' AND u.state = 'in_consign'"),
    )
    expect(nurse.locator(".theatre-lists")).to_contain_text(ready)
    nurse.get_by_label("使用部位").fill("右胫骨远端")

    scan(nurse, ready)
    verdict = nurse.locator(".verdict")
    expect(verdict).to_have_attribute("data-sound", "ok")
    expect(nurse.locator(".theatre-lists")).to_contain_text("右胫骨远端")
    expect(nurse.get_by_label("器械唯一码")).to_be_focused()

    scan(nurse, ready)
    expect(verdict).to_have_attribute("data-sound", "duplicate")
    expect(verdict).to_contain_text("林悦")
    scan(nurse, "没有这个码")
    expect(verdict).to_have_attribute("data-sound", "stop")

    # two scans at once, the second before the first was answered: neither is lost, neither is mixed with the other
    scan(nurse, other)
    scan(nurse, ready)
    expect(verdict).to_have_attribute("data-sound", "duplicate")
    used = facts.execute(
        "SELECT count(*), max(p.patient) FROM logistics_patient_use p WHERE p.visit_no = %s", [VISIT]
    ).fetchone()
    assert used == (2, "赵**")

    nurse.locator(".pieces li", has_text=other).get_by_role("button", name="扫错，撤销").click()
    expect(nurse.locator(".pieces li.gone")).to_contain_text(other)
    nurse.goto(f"/logistics/trace?q={ready}")
    expect(nurse.locator(".trace-chain")).to_contain_text(VISIT)
    expect(nurse.locator(".trace-chain")).to_contain_text("国械注准20193130202")


def test_frozen_goods_are_stopped_on_a_phone_too(sign_in: SignIn, facts: psycopg.Connection) -> None:
    accountant = sign_in("zhangxiaoyan")
    code = piece(facts, "b.lot = 'XK260713' AND u.state = 'in_consign'")
    accountant.goto("/logistics/freezes/new")
    accountant.get_by_label("批次").fill("XK260713")
    accountant.get_by_role("option", name=re.compile("XK260713")).first.click()
    accountant.get_by_label("原因").fill("供应商通报包装缺陷")
    accountant.get_by_role("button", name="保存").first.click()
    expect(accountant.locator("main")).to_contain_text("供应商通报包装缺陷")

    nurse = sign_in("linyue", viewport=PHONE)
    nurse.goto("/logistics/theatre?visit=ZY2026119999")
    nurse.get_by_label("手术名称").fill("冠脉支架置入术")
    nurse.get_by_label("手术医生").fill("陈医生")
    scan(nurse, code)
    expect(nurse.locator(".verdict")).to_have_attribute("data-sound", "stop")
    expect(nurse.locator(".verdict")).to_contain_text("冻结")
    assert nurse.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
