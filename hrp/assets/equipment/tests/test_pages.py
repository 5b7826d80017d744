"""The pages of equipment over HTTP: what a scanned code opens, who may do what, and that every page opens."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from hrp.assets.equipment.models import (
    Instrument,
    RepairOrder,
    RepairPhoto,
    ServiceContract,
    StopTag,
    Template,
)
from hrp.assets.equipment.screens import reports
from hrp.assets.equipment.tests.world import NOON, Workshop
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.documents.testing import DAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Workshop:
    return Workshop()


def door(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def see(user: User, address: str, status: int = 200) -> str:
    with clock.pinned(NOON):
        answer = door(user).get(address)
    assert answer.status_code == status, answer.content.decode(errors="replace")[:800]
    return (
        b"".join(answer).decode(errors="replace")
        if answer.streaming
        else answer.content.decode(errors="replace")
    )


def send(user: User, address: str, given: dict[str, Any], status: int = 302) -> Any:
    with clock.pinned(NOON):
        answer = door(user).post(address, given)
    said = answer.content.decode(errors="replace")
    assert answer.status_code == status, said[said.find('role="alert"') :][:600]
    return answer


def picture() -> io.BytesIO:
    data = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(data, "PNG")
    data.seek(0)
    data.name = "故障.png"
    return data


def test_a_nurse_scans_and_reports_with_a_picture(shop: Workshop) -> None:
    address = f"/assets/scan/{shop.monitor.token}"
    assert "提交报修" in see(shop.nurse, address)
    again = send(shop.nurse, address, {"fault": "", "priority": "urgent"}, 422).content.decode()
    assert "请描述故障现象" in again
    answer = send(
        shop.nurse, address,
        {"fault": "屏幕不亮", "priority": "urgent", "down": "1", "fault_at": "2026-11-10T11:30", "photos": picture()},
    )  # fmt: skip
    order = RepairOrder.objects.get()
    assert answer["Location"] == f"/assets/repairs/{order.pk}"
    assert clock.local(order.fault_at).hour == 11
    photo = RepairPhoto.objects.get()
    assert see(shop.nurse, f"/assets/repair-photos/{photo.pk}")
    see(shop.stranger, f"/assets/repair-photos/{photo.pk}", 404)
    assert "正在维修" in see(shop.nurse, address)
    see(shop.stranger, address, 404)
    send(shop.engineer, f"/assets/repairs/{order.pk}/act/take", {})
    send(shop.engineer, f"/assets/repairs/{order.pk}/act/arrive", {})
    send(
        shop.engineer,
        f"/assets/repairs/{order.pk}/act/fix",
        {"cause": "part", "route": "self", "action": "换电源板"},
    )
    send(
        shop.engineer,
        f"/assets/repairs/{order.pk}/panels/costs",
        {"kind": "labour", "name": "工时", "quantity": "1.5", "amount": "0"},
    )
    page = see(shop.nurse, f"/assets/repairs/{order.pk}")
    assert "换电源板" in page
    send(shop.nurse, f"/assets/repairs/{order.pk}/act/accept", {"rating": "5"})
    order.refresh_from_db()
    assert (order.state, order.rating) == ("accepted", 5)
    card = see(shop.engineer, f"/assets/cards/{shop.monitor.pk}")
    assert order.number in card
    assert "维护与检测" in card


def test_the_workbench_opens_for_the_ward_and_the_workshop(shop: Workshop) -> None:
    shop.report()
    for person in (shop.nurse, shop.engineer):
        assert "扫码报修" in see(person, "/")


def test_a_scanner_finds_by_address_token_and_number(shop: Workshop) -> None:
    for text in (
        shop.monitor.number,
        str(shop.monitor.token),
        f"https://hrp.example/assets/scan/{shop.monitor.token}",
    ):
        with clock.pinned(NOON):
            answer = door(shop.nurse).get("/assets/scan", {"q": text})
        assert answer["Location"] == f"/assets/scan/{shop.monitor.token}"
    assert "没有找到" in see(shop.nurse, "/assets/scan?q=NO-1", 404)
    assert "没有找到" in see(shop.stranger, f"/assets/scan?q={shop.monitor.number}", 404)
    assert "<svg" in see(shop.nurse, f"/assets/scan/{shop.monitor.token}/code")


def test_a_task_is_done_on_its_page_and_seen_as_a_trend(shop: Workshop) -> None:
    task = shop.task("qc")
    first, second = task.template.items.all()
    page = f"/assets/tasks/{task.pk}/do"
    assert "-15～15 %" in see(shop.engineer, page)
    see(shop.nurse, page, 403)
    assert "请逐项填写" in send(shop.engineer, page, {f"item-{first.pk}": "1"}, 422).content.decode()
    assert "应为数字" in send(shop.engineer, page, {f"item-{first.pk}": "一"}, 422).content.decode()
    send(shop.engineer, page, {f"item-{first.pk}": "16", f"item-{second.pk}": "ok"})
    tag = StopTag.objects.get()
    assert "停 止 使 用" in see(shop.engineer, f"/assets/stop-tags/{tag.pk}/print")
    trend = see(shop.engineer, f"/assets/trend/{shop.ventilator.pk}")
    assert "1 次不合格" in trend
    see(shop.nurse, f"/assets/trend/{shop.ventilator.pk}", 403)
    assert "停止使用" in see(shop.nurse, f"/assets/scan/{shop.ventilator.token}")


def test_the_board_of_life_support(shop: Workshop) -> None:
    assert "今日未检查" in see(shop.nurse, "/assets/readiness")
    send(shop.nurse, f"/assets/readiness/{shop.ventilator.pk}", {"usable": "1"})
    assert "完好 1 / 1" in see(shop.nurse, "/assets/readiness")
    send(shop.stranger, f"/assets/readiness/{shop.ventilator.pk}", {"usable": "1"}, 404)


def plan(shop: Workshop) -> None:
    given = {"code": "T1", "name": "保养", "kind": "pm", "level": "2", "hours": "1", "is_active": "on"}
    send(shop.engineer, "/assets/care-templates/new", given)
    template = Template.objects.get()
    item = {"position": "1", "name": "清洁"}
    send(shop.engineer, f"/assets/care-templates/{template.pk}/panels/items", item)
    given = {
        "asset": shop.monitor.pk, "template": template.pk, "months": "6", "days": "0", "first_due": str(DAY), "is_active": "on",
    }  # fmt: skip
    send(shop.engineer, "/assets/care-plans/new", given)
    send(shop.engineer, "/assets/care-plans/act/generate", {})


def certify(shop: Workshop) -> Instrument:
    given = {
        "asset": shop.monitor.pk, "compulsory": "on", "months": "12", "first_due": str(DAY), "is_active": "on",
        "organisation": "市计量院",
    }  # fmt: skip
    send(shop.engineer, "/assets/instruments/new", given)
    row = Instrument.objects.get()
    given = {
        "number": "J1",
        "tested_on": str(DAY),
        "result": "passed",
        "valid_to": "2027-11-09",
        "file": picture(),
    }
    send(shop.engineer, f"/assets/instruments/{row.pk}/act/certify", given)
    return row


def sign(shop: Workshop) -> ServiceContract:
    given = {
        "number": "F1", "name": "全保", "kind": "full", "vendor": "安平", "valid_from": str(DAY), "valid_to": "2027-11-09",
        "fee": "1200", "visits_a_year": "4", "response_hours": "4",
    }  # fmt: skip
    send(shop.engineer, "/assets/contracts/new", given)
    made = ServiceContract.objects.get()
    card, visit = {"asset": shop.monitor.pk, "weight": "1"}, {"kind": "visit", "on": str(DAY), "text": "巡检"}
    send(shop.engineer, f"/assets/contracts/{made.pk}/panels/cards", card)
    send(shop.engineer, f"/assets/contracts/{made.pk}/panels/visits", visit)
    return made


def test_a_card_shows_what_was_registered_about_its_machine(shop: Workshop) -> None:
    plan(shop)
    assert "保养" in see(shop.engineer, "/assets/tasks/")
    instrument, contract = certify(shop), sign(shop)
    assert see(shop.engineer, f"/assets/certificates/{instrument.certificates.get().pk}")
    assert "2026-11" in see(shop.engineer, f"/assets/contracts/{contract.pk}")
    risk = {"asset": shop.monitor.pk, "function": "9", "physical": "4", "need": "4"}
    send(shop.engineer, "/assets/risks/new", risk)
    earned = {"asset": shop.monitor.pk, "month": str(DAY), "revenue": "100", "volume": "3"}
    send(shop.engineer, "/assets/machine-revenues/new", earned)
    for report in reports.ALL:
        see(shop.engineer, report.base)
    card = see(shop.engineer, f"/assets/cards/{shop.monitor.pk}")
    for word in ("17，每 6 个月维护", "J1", "F1 全保", "100.00"):
        assert word in card


def test_events_notices_and_loans_over_their_pages(shop: Workshop) -> None:
    event = {
        "asset": shop.monitor.pk, "org_unit": shop.world.unit.pk, "severity": "other", "occurred_on": str(DAY),
        "known_on": str(DAY), "event": "误报警",
    }  # fmt: skip
    answer = send(shop.nurse, "/assets/device-events/new", event)
    assert "误报警" in see(shop.nurse, f"{answer['Location']}/report")
    notice = {
        "number": "N1", "kind": "fsn", "title": "软件升级", "issuer": "安平", "issued_on": str(DAY), "model": "XP-12",
    }  # fmt: skip
    answer = send(shop.engineer, "/assets/safety-notices/new", notice)
    assert "P010" in see(shop.engineer, answer["Location"])
    loan = {"asset": shop.ventilator.pk, "org_unit": shop.world.other.pk}
    send(shop.engineer, "/assets/loans/new", loan)
    assert shop.status(shop.ventilator) == "lent"


@pytest.mark.parametrize(
    "path",
    [
        "repairs/", "care-templates/", "care-plans/", "tasks/", "risks/", "stop-tags/", "stop-tags/new", "instruments/", "contracts/",
        "device-events/", "safety-notices/", "affected-cards/", "loans/", "machine-revenues/", "machine-costs/", "machine-costs/new",
        "forecasts/", "forecasts/new", "scan", "readiness",
    ],
)  # fmt: skip
def test_every_page_opens_to_those_it_is_for(shop: Workshop, path: str) -> None:
    shop.report()
    assert see(shop.engineer, f"/assets/{path}")
    nobody = shop.world.user("nobody", "路人", "assets.location.view")
    see(nobody, f"/assets/{path}", 403)
