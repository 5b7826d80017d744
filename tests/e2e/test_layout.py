"""The main pages on a desk and on a phone: readable by everybody (WCAG 2.2 AA), and nothing over the edge.

With HRP_PICTURES set, a picture of each is left in var/test/<process>/pictures for people to look at.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page

from hrp.config.testing import HospitalServer
from tests.e2e.conftest import DESK, PHONE, SignIn

pytestmark = pytest.mark.browser

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
RUN = """tags => axe.run(document, {
  runOnly: {type: 'tag', values: tags}, resultTypes: ['violations'], preload: false,
})"""
FIRST = "first of "  # opens the first row of the list that follows

PAGES = {
    "workbench": ("zhangxiaoyan", "/"),
    "list": ("wangmin", "/logistics/stock-receipts/?size=20"),
    "document-new": ("wangmin", "/logistics/stock-receipts/new"),
    "document-edit": ("wangmin", FIRST + "/logistics/stock-receipts/?tab=draft"),
    "document-posted": ("wangmin", FIRST + "/logistics/stock-issues/?tab=posted"),
    "dashboard": ("liusiyuan", "/overview"),
    "cost-report": ("lijianguo", "/costing/reports/03/"),
    "ticket": ("sunhao", FIRST + "/operations/tickets/?tab=all"),
    "ticket-new": ("sunhao", "/operations/tickets/new"),
    "wall": ("sunhao", "/operations/wall"),
    "duty": ("sunhao", "/operations/duty"),
    "incident": ("sunhao", FIRST + "/operations/incidents/"),
    "clauses": ("sunhao", "/operations/clauses"),
    "contract": ("wulei", "/operations/contract"),
    "register-form": ("zhangxiaoyan", "/logistics/items/new"),
    "import": ("zhangxiaoyan", "/logistics/items/import"),
    "users": ("sysadmin", "/system/users/"),
    "role": ("secadmin", FIRST + "/security/roles/"),
    "journal": ("chenlixin", "/ledger/entries/?size=20"),
}


@cache
def axe() -> str:
    return AXE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_page_is_readable_and_fits(sign_in: SignIn, name: str) -> None:
    username, path = PAGES[name]
    page = sign_in(username)
    if path.startswith(FIRST):
        page.goto(path.removeprefix(FIRST))
        path = page.locator("tr[data-href]").first.get_attribute("data-href") or ""
    page.goto(path)
    assert faults_of(page, name) == []


def test_sign_in_is_readable_and_fits(page: Page, hospital_server: HospitalServer) -> None:
    page.goto(f"{hospital_server.url}/login")
    assert faults_of(page, "login") == []


def faults_of(page: Page, name: str) -> list[str]:
    found = []
    # evaluated, not added as a script: the content policy rightly forbids that
    page.evaluate(axe())
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        width = size["width"]
        picture(page, f"{name}-{width}")
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            found.append(f"{width}: the page is {wide} wide")
        verdict = page.evaluate(RUN, RULES)
        for rule in verdict["violations"]:
            node = rule["nodes"][0]
            found.append(f"{width}: {rule['id']}: {node['html'][:200]} {node['failureSummary'][:300]}")
    return found


def picture(page: Page, name: str) -> None:
    if os.environ.get("HRP_PICTURES"):
        page.screenshot(path=settings.HRP_HOME / "pictures" / f"{name}.png", full_page=True)
