"""Hands faster than the network, and hands that write Chinese: neither puts a wrong thing into a document."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import SignIn
from tests.e2e.grid import cell, choose, option, row

pytestmark = pytest.mark.browser


class InputMethod:
    """A pinyin input method: letters are composed, a key meant for it is not meant for the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session: Any = page.context.new_cdp_session(page)

    def compose(self, letters: str) -> None:
        for end in range(1, len(letters) + 1):
            self.session.send(
                "Input.imeSetComposition", {"text": letters[:end], "selectionStart": end, "selectionEnd": end}
            )

    def press(self, key: str) -> None:
        """A key the input method takes for itself: the browser reports it as 229 while it composes."""
        for kind in ("rawKeyDown", "keyUp"):
            self.session.send(
                "Input.dispatchKeyEvent",
                {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": 229},
            )

    def commit(self, text: str) -> None:
        self.session.send("Input.insertText", {"text": text})


def test_keys_of_the_input_method_are_left_to_it(sign_in: SignIn) -> None:
    page = sign_in("wangmin")
    page.goto("/logistics/stock-receipts/new")
    pinyin = InputMethod(page)
    lot = cell(page, 1, "lot")
    lot.focus()
    pinyin.compose("pihao")
    for key in ("Enter", "ArrowDown"):
        pinyin.press(key)
        expect(lot).to_be_focused()
        # other browsers report the key itself, marked as part of a composition
        lot.dispatch_event("keydown", {"key": key, "isComposing": True})
        expect(lot).to_be_focused()
    expect(page.locator("#lines tbody tr")).to_have_count(1)
    pinyin.commit("批号甲")
    expect(lot).to_have_value("批号甲")
    page.keyboard.press("Enter")
    expect(cell(page, 1, "expiry")).to_be_focused()

    item = cell(page, 1, "item")
    item.focus()
    pinyin.compose("niaoguan")
    pinyin.press("Enter")
    expect(item).to_be_focused()
    pinyin.commit("导尿管")
    expect(option(page, "一次性使用导尿管")).to_have_count(3)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(item).to_have_value("一次性使用导尿管 16Fr")
    expect(lot).to_be_focused()


def test_a_chosen_thing_is_forgotten_when_its_name_is_written_anew(sign_in: SignIn) -> None:
    page = sign_in("wangmin")
    page.goto("/logistics/stock-receipts/new")
    choose(page, "供应商", "GYS001", "杏康医疗器械有限公司")
    chosen = page.locator("input[type=hidden][name=supplier]")
    expect(chosen).not_to_have_value("")
    box = page.get_by_role("combobox", name="供应商")
    box.press("Control+a")
    pinyin = InputMethod(page)
    pinyin.compose("sheishi")
    pinyin.commit("谁是")
    expect(chosen).to_have_value("")
    page.get_by_label("送货单号").focus()
    page.get_by_role("button", name="保存 Ctrl S").click()
    expect(page.locator(".field", has=box)).to_contain_text("没有找到“谁是”")


def test_quick_typing_never_takes_from_a_list_that_answers_less(sign_in: SignIn) -> None:
    """The list of HC001 is open when 03 and Enter follow in one burst: the item is HC00103, not the first of the list."""
    page = sign_in("wangmin")
    page.goto("/logistics/stock-receipts/new")
    item = cell(page, 1, "item")
    item.focus()
    page.keyboard.type("HC001")
    expect(option(page, "HC00101")).to_contain_text("1ml")
    page.keyboard.type("03")
    page.keyboard.press("Enter")
    expect(cell(page, 1, "lot")).to_be_focused()
    expect(item).to_have_value("一次性使用无菌注射器 5ml")
    expect(row(page, 1).locator("[data-field=spec]")).to_have_text(re.compile("^5ml$"))
