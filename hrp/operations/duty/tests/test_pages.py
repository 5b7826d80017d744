"""The pages of the duty room over HTTP: who sees and does what, and the doors that need no sign-in."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from hrp.operations.contracts.defaults import default_terms
from hrp.operations.desk.services.paging import source_of
from hrp.operations.duty.models import ContactCheck, HandoverNote, PagingRun, Shift, Substitution, SwapRequest
from hrp.operations.duty.selectors import on_duty, open_run_of
from hrp.operations.duty.services import calling, paging
from hrp.operations.duty.tests import world
from hrp.operations.duty.tests.world import MONDAY, Team
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.notify import services as notify
from hrp.platform.notify import signing
from hrp.platform.notify.models import Gateway, Message

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}
SECRET = "voice-secret-0123456789"


@pytest.fixture
def team() -> Team:
    return world.make()


def door(user: User | None = None, **more: Any) -> Client:
    client = Client(**more)
    if user is not None:
        client.force_login(user)
    return client


def see(user: User, name: str, *args: object, query: str = "") -> str:
    with clock.pinned(MONDAY):
        answer = door(user).get(reverse(name, args=args) + query)
    assert answer.status_code == 200, answer.content.decode()[:500]
    return answer.content.decode()


def do(user: User, name: str, given: dict[str, Any], *args: object, **headers: str) -> Any:
    with clock.pinned(MONDAY):
        return door(user).post(reverse(name, args=args), given, headers=headers or None)


def test_the_month_shows_who_stands_and_what_is_missing(team: Team) -> None:
    page = see(team.boss, "operations.duty", query="?month=2026-11")
    assert "2026 年 11 月" in page
    assert page.count("一线甲") > 2
    assert "每分钟都有人" in page
    later = see(team.boss, "operations.duty", query="?month=2027-02")
    assert 'class="hole"' in later
    assert see(team.boss, "operations.duty", query="?month=nonsense").count("2026 年 11 月") == 1


def test_both_sides_see_the_rota_and_only_the_suppliers_supervisor_lays_it(team: Team) -> None:
    allowed = world.people.person("operations.duty.view", "operations.duty.edit", name="甲方领导")
    assert "dialog-generate" not in see(allowed, "operations.duty")
    assert "dialog-generate" in see(team.boss, "operations.duty")
    given = {"layer": "一线", "hours": "168", "first_day": "2026-12-01", "last_day": "2026-12-07", "handover_hour": "8", "people": [str(team.first.pk)]}  # fmt: skip
    assert do(allowed, "operations.duty.generate", given).status_code == 403
    assert do(team.boss, "operations.duty.generate", given)["Location"] == "/operations/duty?month=2026-12"
    assert on_duty(clock.at(dt.date(2026, 12, 3)))["一线"] == [team.first]


def test_a_refusal_comes_back_inside_its_dialog(team: Team) -> None:
    before = Shift.objects.count()
    given = {
        "layer": "一线",
        "hours": "168",
        "first_day": "下周",
        "last_day": "2026-12-07",
        "handover_hour": "8",
    }
    answer = do(team.boss, "operations.duty.generate", given, **HX)
    assert (answer.status_code, answer["HX-Retarget"]) == (422, "#alert-generate")
    assert "看不懂" in answer.content.decode()
    answer = do(team.boss, "operations.duty.generate", given | {"first_day": "2026-12-01"}, **HX)
    assert "请选择值班人员" in answer.content.decode()
    assert Shift.objects.count() == before


def test_standing_in_is_typed_into_the_form(team: Team) -> None:
    given = {
        "layer": "一线", "out": str(team.first.pk), "into": str(team.layers["一线"][1].pk), "starts_at": "2026-11-24 18:00",
        "ends_at": "2026-11-25 08:00", "reason": "家长会",
    }  # fmt: skip
    assert do(team.boss, "operations.duty.substitute", given, **HX)["HX-Redirect"].endswith("month=2026-11")
    assert Substitution.objects.get().starts_at == clock.at(dt.date(2026, 11, 24), 18)


def test_a_swap_goes_through_three_hands(team: Team) -> None:
    asker, colleague = team.layers["一线"]
    given = {"layer": "一线", "colleague": str(colleague.pk), "starts_at": "2026-11-24 18:00:00", "ends_at": "2026-11-25 08:00:00", "reason": "培训"}  # fmt: skip
    assert "申请换班" in see(asker, "operations.duty.mine")
    do(asker, "operations.duty.swap", given)
    swap = SwapRequest.objects.get()
    assert "不接受" in see(colleague, "operations.duty.mine")
    assert do(colleague, "operations.duty.swap.act", {}, swap.pk, "approve").status_code == 403
    do(colleague, "operations.duty.swap.act", {}, swap.pk, "accept")
    assert "不批准" in see(team.boss, "operations.duty.mine")
    do(team.boss, "operations.duty.swap.act", {}, swap.pk, "approve")
    assert SwapRequest.objects.get().state == "approved"
    assert do(team.boss, "operations.duty.swap.act", {}, swap.pk, "burn").status_code == 404
    assert do(team.boss, "operations.duty.swap.act", {}, 99_999, "accept").status_code == 404


def test_handing_over(team: Team) -> None:
    do(team.first, "operations.duty.handover", {"layer": "一线", "text": "磁盘 83%", "taken_by": ""})
    assert HandoverNote.objects.get().written_by == team.first
    assert "磁盘 83%" in see(team.second, "operations.duty.mine")


def paged(team: Team) -> tuple[Any, PagingRun]:
    ticket = team.desk.call("1", answered_s=None)
    with clock.pinned(MONDAY + dt.timedelta(seconds=40)):
        calling.scan()
    run = open_run_of(source_of(ticket))
    assert run is not None
    return ticket, run


def test_the_ticket_shows_its_paging_and_the_button_answers_it(team: Team) -> None:
    world.people.allow(team.first, "operations.ticket.view")
    ticket, run = paged(team)
    page = see(team.first, "operations.ticket.detail", ticket.pk)
    assert "1 级呼叫链" in page
    assert "act-page_ack" in page
    assert "act-page_ack" not in see(team.desk.head, "operations.ticket.detail", ticket.pk)
    with clock.pinned(MONDAY + dt.timedelta(seconds=70)):
        door(team.first).post(reverse("operations.ticket.act", args=[ticket.pk, "page_ack"]))
    run.refresh_from_db()
    assert (run.state, run.ended_by) == ("acked", team.first)
    page = see(team.first, "operations.ticket.detail", ticket.pk)
    assert "act-page_ack" not in page
    assert "应答呼叫" in page


def test_pagings_are_listed_and_answered_by_the_supplier(team: Team) -> None:
    _ticket, run = paged(team)
    assert run.title in see(team.boss, "operations.paging", query="?state=active")
    assert run.title not in see(team.boss, "operations.paging", query="?state=acked")
    assert "站内消息" in see(team.boss, "operations.paging.detail", run.pk)
    hospital = world.people.person("operations.duty.view", "operations.duty.work", name="甲方值班")
    assert do(hospital, "operations.paging.ack", {}, run.pk).status_code == 403
    with clock.pinned(MONDAY + dt.timedelta(seconds=60)):
        assert door(team.second).post(reverse("operations.paging.ack", args=[run.pk]))["Location"] == run.url
    assert do(team.second, "operations.paging.ack", {}, 99_999).status_code == 404


@pytest.fixture
def voice(db: None) -> Gateway:
    row = notify.save_gateway(
        pk=None,
        values={
            "code": "voice", "title": "语音", "kind": "voice", "url": "http://10.1.1.5/call", "allowed": "10.1.1.5:80",
            "timeout_s": 1, "needs_internet": False,
        },
    )  # fmt: skip
    notify.set_secret(gateway=row, secret=SECRET)
    notify.switch_gateway(gateway=row, active=True)
    return row


def start_call(team: Team) -> tuple[PagingRun, Message]:
    run = paging.start(source="t.s:1", url="/", level="1", terms=default_terms(), title="全院无法出库")
    assert run is not None
    calling.scan()
    return run, Message.objects.get(kind="operations.page", recipient=team.first)


def test_a_link_answers_without_signing_in_but_only_by_its_button(
    team: Team, voice: Gateway, settings: Any
) -> None:
    settings.HRP_PUBLIC_URL = "https://hrp.example.org"
    with time_machine.travel(MONDAY, tick=True):
        run, message = start_call(team)
        address = message.body.rsplit("https://hrp.example.org", 1)[1]
        client = door(enforce_csrf_checks=True)
        page = client.get(address)
        run.refresh_from_db()
        assert (page.status_code, run.state) == (200, "active")
        assert "我是一线甲，应答" in page.content.decode()
        token = client.cookies["csrftoken"].value
        assert client.post(address).status_code == 403
        done = client.post(address, {"csrfmiddlewaretoken": token})
        assert (done.status_code, "已应答" in done.content.decode()) == (200, True)
        run.refresh_from_db()
        assert (run.state, run.ended_by, run.end_note) == ("acked", team.first, "链接")
        again = client.post(address, {"csrfmiddlewaretoken": token})
        assert (again.status_code, "已经应答" in again.content.decode()) == (409, True)
        assert client.get(address[:-3] + "abc").status_code == 404


def press(
    message: int | str, *, digits: str = "1", secret: str = SECRET, age: int = 0, body: bytes | None = None
) -> Any:
    stamp = int(clock.now().timestamp()) - age
    sent = body if body is not None else json.dumps({"id": message, "digits": digits}).encode()
    return door(enforce_csrf_checks=True).post(
        "/operations/paging/answers/voice",
        sent,
        content_type="application/json",
        headers={signing.TIMESTAMP: str(stamp), signing.SIGNATURE: signing.sign(secret, stamp, sent)},
    )


def test_the_key_pressed_on_the_telephone_answers(team: Team, voice: Gateway) -> None:
    with time_machine.travel(MONDAY, tick=True):
        run, message = start_call(team)
        assert press(message.pk, digits="9").json() == {"answered": False}
        assert press(message.pk).json() == {"answered": True, "state": "acked"}
        assert press(message.pk).status_code == 200, "gateways repeat themselves"
    run.refresh_from_db()
    assert (run.ended_by, run.end_note) == (team.first, "电话按键")


@pytest.mark.parametrize("how", ["secret", "old", "changed", "off", "junk", "stranger"])
def test_an_answer_nobody_signed_or_for_no_call_of_ours_is_refused(
    team: Team, voice: Gateway, how: str
) -> None:
    with time_machine.travel(MONDAY, tick=True):
        run, message = start_call(team)
        if how == "secret":
            answer = press(message.pk, secret="another")
        elif how == "old":
            answer = press(message.pk, age=301)
        elif how == "off":
            notify.switch_gateway(gateway=voice, active=False)
            answer = press(message.pk)
        elif how == "changed":
            stamp = int(clock.now().timestamp())
            signature = signing.sign(SECRET, stamp, b'{"id": 1, "digits": "9"}')
            answer = door().post(
                "/operations/paging/answers/voice",
                json.dumps({"id": message.pk, "digits": "1"}),
                content_type="application/json",
                headers={signing.TIMESTAMP: str(stamp), signing.SIGNATURE: signature},
            )
        elif how == "junk":
            answer = press(0, body=b"[1]")
        else:
            answer = press(message.pk + 999)
    assert answer.status_code == {"junk": 422, "stranger": 404}.get(how, 403)
    run.refresh_from_db()
    assert run.state == "active"


def test_counterparts_are_checked_from_the_page(team: Team) -> None:
    assert "没有登记电话" in see(team.first, "operations.contacts")
    notify.save_contact(
        pk=None, values={"user": team.desk.head.pk, "kind": "mobile", "address": "13911112222"}
    )
    assert "13911112222" in see(team.first, "operations.contacts")
    answer = do(
        team.first, "operations.contacts.check", {"reached": "0", "note": ""}, team.desk.head.pk, **HX
    )
    assert (answer.status_code, answer["HX-Retarget"]) == (422, f"#alert-check-{team.desk.head.pk}")
    do(team.first, "operations.contacts.check", {"reached": "1"}, team.desk.head.pk)
    assert ContactCheck.objects.get().phone == "13911112222"


def test_people_on_duty_are_a_register(team: Team) -> None:
    page = door(team.boss).get("/operations/duty/people/")
    assert (page.status_code, "一线甲" in page.content.decode()) == (200, True)
    person = team.boss
    answer = door(team.boss).post(
        "/operations/duty/people/new",
        {"user": str(person.pk), "travel_minutes": "15", "home": "城北", "is_active": "on"},
    )
    assert answer.status_code == 302
    assert door(team.first).get("/operations/duty/people/new").status_code == 403


@pytest.mark.parametrize(
    "name", ["operations.duty", "operations.duty.mine", "operations.paging", "operations.contacts"]
)
def test_nobody_without_the_right_looks_in(team: Team, name: str) -> None:
    assert door(team.desk.nurse).get(reverse(name)).status_code == 403
    assert door().get(reverse(name)).status_code == 302
