"""On a phone in a store without a network: a count goes on, is sent when the network is back, conflicts are listed."""

from __future__ import annotations

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE, SignIn

pytestmark = pytest.mark.browser

ANSWER_MS = 300


def scan(page: Page, code: str) -> None:
    """As a scanner does it: fast, and with Enter."""
    box = page.get_by_label("扫描")
    box.fill(code)
    box.press("Enter")


def count(page: Page, code: str, quantity: int) -> None:
    scan(page, code)
    asked = page.get_by_label("实盘数量")
    asked.fill(str(quantity))
    asked.press("Enter")


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_count_without_a_network(sign_in: SignIn, facts: psycopg.Connection) -> None:
    page = sign_in("shenwei", viewport=PHONE)
    page.goto("/logistics/handheld/counts")
    page.get_by_role("link", name="中心库房").click()
    expect(page.locator("#count-progress")).to_have_text("已盘 0 / 8")
    assert fits(page)
    task = page.url.rsplit("/", 1)[1]
    lines = facts.execute(
        "SELECT i.code, b.lot, l.book::int FROM logistics_count_line l JOIN logistics_item i ON i.id = l.item_id"
        " JOIN logistics_batch b ON b.id = l.batch_id WHERE l.task_id = %s AND b.lot <> '' ORDER BY l.position LIMIT 2",
        [task],
    ).fetchall()
    (code, lot, book), (other, other_lot, _) = lines

    page.context.set_offline(True)
    expect(page.locator("#count-network")).to_have_text("离线")
    count(page, f"{code}*{lot}", book)
    expect(page.locator("#count-queue")).to_have_text("1 条待同步")
    count(page, f"{other}*{other_lot}", 5)
    expect(page.locator("#count-queue")).to_have_text("2 条待同步")
    scan(page, "没有的条码")
    expect(page.locator("#hand-answer")).to_contain_text("不在盘点表上")
    assert page.evaluate("document.body.dataset.sound") == "3"
    assert arrived(facts, task) == []

    page.context.set_offline(False)
    expect(page.locator("#count-queue")).to_have_text("已全部同步")
    assert sorted(arrived(facts, task)) == sorted([(code, book), (other, 5)])

    count(page, f"{other}*{other_lot}", 6)
    conflicts = page.locator("#count-conflicts")
    expect(conflicts).to_contain_text("您已盘 5，这次是 6")
    page.reload()
    expect(conflicts).to_contain_text("您已盘 5，这次是 6")
    conflicts.get_by_role("button", name="以本次 6 为准").click()
    expect(conflicts).to_be_hidden()
    expect(page.locator("#count-progress")).to_have_text("已盘 2 / 8")
    assert (other, 6) in arrived(facts, task)

    # more of the same lot in another place is added; a code scanned into the quantity is no quantity
    scan(page, f"{other}*{other_lot}")
    asked = page.get_by_label("实盘数量")
    for text, words in (("6901234567890", "请先输入这一行的数量"), (f"{other}*{other_lot}", "第 2 件")):
        asked.fill(text)
        asked.press("Enter")
        expect(page.locator("#hand-answer")).to_contain_text(words)
    asked.fill("+3")
    asked.press("Enter")
    # the queue said so before it was filled: only the row itself tells that it came
    for _ in range(100):
        if (other, 9) in arrived(facts, task):
            break
        page.wait_for_timeout(100)
    expect(page.locator("#count-queue")).to_have_text("已全部同步")
    assert (other, 9) in arrived(facts, task)
    expect(conflicts).to_be_hidden()


def arrived(facts: psycopg.Connection, task: str) -> list[tuple[str, int]]:
    return facts.execute(
        "SELECT i.code, c.quantity::int FROM logistics_count c JOIN logistics_count_line l ON l.id = c.line_id"
        " JOIN logistics_item i ON i.id = l.item_id JOIN access_user u ON u.id = c.counter_id"
        " WHERE l.task_id = %s AND u.username = 'shenwei' ORDER BY c.id",
        [task],
    ).fetchall()


def test_three_sounds_and_an_answer_at_once(sign_in: SignIn) -> None:
    page = sign_in("linxiu", viewport=PHONE)
    page.goto("/logistics/handheld")
    page.get_by_role("navigation", name="手持业务").get_by_role("link", name="定数卡").click()
    assert fits(page)
    waits = []
    for code, words, sound in (
        ("DS0114-05", "20 支", "1"), ("DS0114-05", "已登记，正在补货", "2"), ("DS9999-99", "没有卡号", "3"),
    ):  # fmt: skip
        scan(page, code)
        expect(page.locator("#hand-answer")).to_contain_text(words)
        assert page.evaluate("document.body.dataset.sound") == sound
        waits.append(int(page.evaluate("document.body.dataset.answeredIn")))
    assert min(waits) < ANSWER_MS, waits
    page.get_by_role("button", name="提交补货申领").click()
    expect(page.locator("#hand-rows")).to_contain_text("没有空卡")


def test_picking_the_wrong_lot_stops(sign_in: SignIn, facts: psycopg.Connection) -> None:
    keeper = sign_in("wangmin", viewport=PHONE)
    keeper.goto("/logistics/handheld/pick")
    keeper.get_by_role("link", name="骨科病区").first.click()
    rows = keeper.locator("#hand-rows li")
    expect(rows.first).to_be_visible()
    assert fits(keeper)
    line = facts.execute(
        "SELECT i.code, b.lot FROM logistics_pick_line l JOIN logistics_item i ON i.id = l.item_id"
        " JOIN logistics_batch b ON b.id = l.batch_id WHERE l.picking_id = %s AND b.lot <> '' ORDER BY l.position LIMIT 1",
        [keeper.url.rsplit("/", 1)[1]],
    ).fetchone()
    assert line is not None
    scan(keeper, f"{line[0]}*WRONG")
    expect(keeper.locator("#hand-answer")).to_contain_text("批号不符")
    assert keeper.evaluate("document.body.dataset.sound") == "3"
    scan(keeper, f"{line[0]}*{line[1]}")
    expect(keeper.locator("#hand-rows li.full")).to_have_count(1)
    keeper.get_by_role("button", name="拣货完成").click()
    keeper.get_by_role("button", name="复核无误，出库").click()
    expect(keeper.get_by_role("heading", name="在办")).to_have_count(0)
