"""A call to the service desk, from the ringing telephone to the closed ticket, watched by the board on the wall."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from hrp.platform.base import clock
from tests.e2e.conftest import SignIn

pytestmark = pytest.mark.browser

TITLE = "扫码枪读不出留置针条码"


def test_a_call_is_logged_answered_recorded_confirmed_and_closed(sign_in: SignIn) -> None:
    agent, hospital, wall = sign_in("sunhao"), sign_in("wulei"), sign_in("zhouyi")
    log_the_call(agent)
    number = agent.locator(".doc-head .code").inner_text()
    response = clock_card(agent, "响应")
    expect(response).to_contain_text("计时中")
    # the sixty minutes of level B run from the first ring, twenty minutes ago
    expect(response.locator(".big")).to_have_text(re.compile(r"^(40:00|39:\d\d)$"))

    wall.goto("/operations/wall")
    line = wall.locator(".wall-table tbody tr").filter(has_text=number)
    expect(line).to_contain_text(TITLE)
    expect(line.locator(".work-state")).to_have_text("待响应")
    expect(line.locator(".countdown")).to_have_text(re.compile(r"^\s*(40:00|3\d:\d\d)\s*$"))

    act(agent, "响应", 说明="已回电，正在查看扫码枪设置")
    expect(clock_card(agent, "响应")).to_contain_text("达成")
    act(agent, "登记解决", 如何解决="重置扫码枪为 GS1 模式")
    act(
        agent, "填写维护记录", 原因分析="扫码枪被误设为单品码模式", 处理过程="扫描复位码，启用 GS1-128",
        验证情况="连扫十支留置针，批号效期均正确带入",
    )  # fmt: skip
    expect(agent.locator(".doc-head .tag").first).to_have_text("待甲方确认")
    expect(agent.get_by_role("button", name="确认维护记录")).to_have_count(0)

    hospital.goto(agent.url)
    act(hospital, "确认维护记录", 意见="库房已验证")
    act(hospital, "关闭工单")
    expect(hospital.locator(".doc-head .tag").first).to_have_text("已关闭")
    expect(hospital.locator(".steps li.ok")).to_have_count(7)
    story = hospital.locator(".ticket-timeline li b")
    expect(story).to_have_text([re.compile(t) for t in ("关闭", "确认", "维护记录", "解决", "响应", "联系")])

    wall.reload()
    expect(wall.locator(".wall-table")).not_to_contain_text(number)
    expect(wall.locator(".recent li").first).to_contain_text(TITLE)


def test_a_call_put_away_stays_away(sign_in: SignIn) -> None:
    """What rang stays in the list of calls; it only no longer covers the page somebody works on."""
    agent = sign_in("sunhao")
    agent.goto("/operations/tickets/new")
    card = agent.locator(".call-card")
    expect(card).to_have_count(1)
    with agent.expect_response("**/calls/popup"):  # it asks every four seconds
        card.get_by_role("button", name="收起").click()
    expect(card).to_have_count(0)
    with agent.expect_response("**/calls/popup"):
        agent.reload()
    agent.wait_for_load_state("networkidle")
    expect(card).to_have_count(0)


def test_hints_do_not_move_the_levels_under_the_pointer(sign_in: SignIn) -> None:
    agent = sign_in("sunhao")
    agent.goto("/operations/tickets/new")
    levels = agent.locator(".level-choice")
    before = levels.bounding_box()
    agent.get_by_label("事项").fill("三联单打印错位")
    expect(agent.locator(".hints .know-suggest")).to_be_visible()
    assert levels.bounding_box() == before


def log_the_call(agent: Page) -> None:
    agent.goto("/operations/tickets/new")
    agent.get_by_label("报修人").fill("王敏")
    agent.get_by_label("来电号码").fill("6407")
    agent.get_by_role("combobox", name="科室").fill("0407 物资管理科")
    agent.get_by_label("事项").fill(TITLE)
    agent.get_by_role("radio", name=re.compile("B级")).check(force=True)
    rang = clock.local(clock.now()) - dt.timedelta(minutes=20)
    agent.get_by_label("来电（告知）时间").fill(f"{rang:%Y-%m-%d %H:%M:%S}")
    agent.get_by_label("接听", exact=True).select_option("未接听")
    agent.get_by_role("button", name="登记", exact=True).click()
    # twenty minutes late asks for evidence; what was typed stays
    expect(agent.get_by_role("alert")).to_contain_text("补录依据")
    expect(agent.get_by_label("事项")).to_have_value(TITLE)
    agent.get_by_label("补录依据").fill("话务记录 20-118")
    agent.get_by_role("button", name="登记", exact=True).click()
    expect(agent.get_by_role("heading", name=TITLE)).to_be_visible()


def clock_card(page: Page, title: str) -> Locator:
    return page.locator(".clock-card").filter(has=page.get_by_role("heading", name=title))


def act(page: Page, title: str, **answers: str) -> None:
    """Press a button of the ticket, answer what its dialog asks, and see it done."""
    page.get_by_role("button", name=title, exact=True).click()
    dialog = page.get_by_role("dialog", name=title)
    for label, text in answers.items():
        dialog.get_by_label(label).fill(text)
    dialog.get_by_role("button", name=title, exact=True).click()
    expect(page.locator(".toast")).to_contain_text(f"已办理：{title}")
