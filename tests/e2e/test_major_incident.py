"""A major incident from the first call to the closed ticket, played by both parties in two real browsers at once."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest

from hrp.config.testing import HospitalServer
from hrp.platform.base import clock

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "Xinglin-2026"
TITLE = "全院无法入库，收货车辆积压"


class Person:
    """One signed-in person and their window."""

    def __init__(self, browser: Any, arguments: dict[str, Any], base: str, username: str) -> None:
        self.base, self.faults = base, []
        self.context = browser.new_context(**arguments)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.goto(f"{base}/login")
        self.page.fill("input[name=login]", username)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.press("input[name=password]", "Enter")
        self.page.wait_for_url(lambda url: "/login" not in url)

    def open(self, path: str) -> Any:
        self.page.goto(f"{self.base}{path}")
        return self.page

    def act(self, code: str, **answers: str) -> None:
        """Open the act's dialog from wherever its button stands, answer, and wait for the page to come back."""
        page = self.page
        if not page.locator(f"button[data-dialog='#act-{code}']").first.is_visible():
            page.locator("details.menu summary", has_text="更多").click()
        page.locator(f"button[data-dialog='#act-{code}']").first.click()
        dialog = page.locator(f"#act-{code}")
        for name, value in answers.items():
            field = dialog.locator(f"[name={name}]").first
            if field.evaluate("one => one.tagName") == "SELECT":
                field.select_option(value)
            elif field.get_attribute("type") == "checkbox":
                dialog.locator(f"[name={name}][value='{value}']").check()
            else:
                field.fill(value)
        with page.expect_navigation():
            dialog.locator("footer button.primary").click()

    def say(self, code: str, text: str) -> None:
        """Type straight into the command page."""
        self.page.fill(f"#quick-{code}", text)
        with self.page.expect_navigation():
            self.page.locator(f"form:has(#quick-{code}) button").click()

    def sees(self, text: str) -> None:
        """Without touching anything: the page fetches the news by itself."""
        self.page.locator("#live-chain", has_text=text).wait_for(timeout=25_000)


@pytest.fixture
def both(
    browser: Any, browser_context_args: dict[str, Any], hospital_server: HospitalServer
) -> Iterator[tuple[Person, Person]]:
    """吴磊 of the hospital and 周毅 of the supplier."""
    people = [Person(browser, browser_context_args, hospital_server.url, who) for who in ("wulei", "zhouyi")]
    yield people[0], people[1]
    faults = [fault for person in people for fault in person.faults]
    for person in people:
        person.context.close()
    assert faults == []


def call(engineer: Person) -> str:
    """周毅 takes the call and types it in; returns the ticket's key."""
    page = engineer.open("/operations/tickets/new")
    page.fill("[name=reporter_name]", "王敏")
    page.fill("[name=title]", TITLE)
    page.fill("[name=org_unit]", "0407")
    page.select_option("[name=module]", "物流管理系统")
    page.locator("label.level-option", has=page.locator("[name=level][value='1']")).click()
    page.select_option("[name=answered]", "at_once")
    page.wait_for_load_state("networkidle")  # what is suggested for the title has taken its place
    page.locator("main form button.primary").last.click()
    page.wait_for_url(re.compile(r"/tickets/\d+$"))
    found = re.search(r"/tickets/(\d+)$", page.url)
    assert found
    return found[1]


def test_both_sides_live_through_a_major_incident(both: tuple[Person, Person]) -> None:
    head, engineer = both
    key = call(engineer)
    command, review = f"/operations/incidents/{key}", f"/operations/incidents/{key}/review"

    # both open the command page; the engineer answers the caller and starts the emergency by a plan in force
    head.open(command)
    engineer.open(command)
    if engineer.page.locator("#act-respond").count():
        engineer.act("respond", note="已与王敏通话，全院入库报错")
    engineer.act("start_emergency", commander="孙浩", staff="何静", plan="EP-HRP-01 v3", bridge="内线 8000")
    head.sees("EP-HRP-01 v3")
    assert "何静" in engineer.page.locator("#live-side").inner_text()
    assert engineer.page.locator(".plan-steps li").count() >= 5
    assert re.fullmatch(r"(30|29):\d\d", engineer.page.locator(".key [data-deadline]").inner_text())

    # two reports, a decision of the hospital
    engineer.say("status_update", "主库无响应，正在核对备库位点")
    head.sees("正在核对备库位点")
    engineer.say("status_update", "备库完好，准备切换")
    head.open(command)
    head.say("decision", "收货改为纸质登记，先保手术室")
    engineer.sees("先保手术室")

    # remote work fails; somebody is sent, and the hospital signs the arrival
    engineer.open(command)
    engineer.act("remote_failed", reason="存储控制器故障灯亮，须现场更换")
    engineer.act("dispatch")
    assert "45 分钟" in engineer.page.locator("#live-side").inner_text()
    head.open(command)
    head.act("sign_arrival", place="三楼信息科机房")
    assert "甲方签认" in head.page.locator("#live-side").inner_text()

    # cleared, and the hospital ends the emergency
    engineer.open(command)
    engineer.act("resolve", summary="更换控制器，入库恢复")
    head.open(command)
    head.act("end_emergency", text="各库房收货正常")
    assert "应急已结束" in head.page.locator("#live-head").inner_text()

    # the record, its confirmation, the review, its approval, the end
    engineer.open(command)
    engineer.act("write_record", cause="控制器老化", actions="更换控制器", tests="三个库房各入库一笔")
    head.open(command)
    head.act("confirm", opinion="同意")
    page = engineer.open(review)
    page.fill("#root_cause", "控制器电池老化")
    page.fill("#delays", "无")
    page.locator("[name='actions.what']").first.fill("控制器电池纳入巡检")
    page.locator("[name='actions.owner']").first.fill("周毅")
    page.locator("[name='actions.due']").first.fill(f"{clock.today() + dt.timedelta(days=30)}")
    with page.expect_navigation():
        page.locator("main form button.primary").click()
    page = head.open(review)
    page.locator("button[data-dialog='#approve']").click()
    with page.expect_navigation():
        page.locator("#approve footer button.primary").click()
    assert "甲方已认可" in page.locator("main").inner_text()
    head.open(command)
    head.act("close")
    assert "已关闭" in head.page.locator("#live-head").inner_text()
    assert (
        "控制器电池纳入巡检" in engineer.open("/operations/incidents/actions/").locator("main").inner_text()
    )


def test_engineer_checks_in_at_the_gate_with_a_phone(
    browser: Any, browser_context_args: dict[str, Any], hospital_server: HospitalServer
) -> None:
    phone = browser_context_args | {"viewport": {"width": 390, "height": 844}}
    engineer = Person(browser, phone, hospital_server.url, "zhouyi")
    page = engineer.open("/operations/gate/demo-1-7Q2M")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("label.level-option").first.click()
    page.fill("#location", "机房门口")
    with page.expect_navigation():
        page.locator("button.big").click()
    assert "门禁扫码签到" in page.locator("main").inner_text()
    assert engineer.faults == []
    engineer.context.close()
