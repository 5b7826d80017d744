"""The entry grid of a document as hands use it: keys, a scanner, a block copied from a spreadsheet."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect


def row(page: Page, number: int) -> Locator:
    return page.locator("#lines tbody tr").nth(number - 1)


def cell(page: Page, number: int, name: str) -> Locator:
    """The box of a cell; rows are counted from 1 as on the screen."""
    return row(page, number).locator(f'[data-cell="{name}"]')


def option(page: Page, text: str) -> Locator:
    return page.get_by_role("option").filter(has_text=text)


def choose(page: Page, label: str, text: str, name: str) -> None:
    """Pick from a look-up box of the header by what one types: a code, initials or a name."""
    box = page.get_by_role("combobox", name=label)
    box.press_sequentially(text)
    expect(option(page, name).first).to_be_visible()
    box.press("Enter")
    expect(box).to_have_value(re.compile(re.escape(name)))


def type_row(page: Page, code: str, name: str, *values: str) -> None:
    """From the focused first cell to the next row with nothing but keys: a choice, then one value per cell."""
    page.keyboard.type(code)
    expect(option(page, name).first).to_be_visible()
    page.keyboard.press("Enter")
    for value in values:
        page.keyboard.type(value)
        page.keyboard.press("Enter")


def scan(page: Page, code: str) -> None:
    """A hand scanner: all digits in a burst, then Enter, and it does not wait for an answer."""
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def paste(page: Page, block: str) -> None:
    """What a spreadsheet leaves on the clipboard, pasted into the focused cell."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", block)
    page.keyboard.press("Control+v")
