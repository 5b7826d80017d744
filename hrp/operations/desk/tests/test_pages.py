"""The pages of the desk over HTTP: who sees what, and how refusals come back."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from hrp.operations.desk.models import MaintenanceRecord, RecordArchive, Ticket
from hrp.operations.desk.services import closing
from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.world import MONDAY, RECORD, World, later
from hrp.platform.access.models import User
from hrp.platform.base import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return desk.make()


def door(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def form(world: World, **changes: str) -> dict[str, str]:
    return {
        "channel": "phone",
        "reporter_name": "王药师",
        "org_unit": f"{world.store.code} {world.store.name}",
        "module": "物流管理系统",
        "title": "全院无法出库",
        "level": "1",
        "call_at": "2026-11-23 10:00:00",
        "answered": "at_once",
        **changes,
    }


def test_call_typed_into_the_form_becomes_a_ticket(world: World) -> None:
    with clock.pinned(later(2)):
        answer = door(world.engineer).post(reverse("operations.ticket.new"), form(world))
        ticket = Ticket.objects.get()
        assert answer.status_code == 302
        page = door(world.head).get(answer["Location"]).content.decode()
    assert ticket.first_contact_at == MONDAY
    assert "全院无法出库" in page
    assert f'data-deadline="{int(later(60).timestamp() * 1000)}"' in page


def test_time_may_be_typed_short(world: World) -> None:
    with clock.pinned(later(2)):
        door(world.engineer).post(reverse("operations.ticket.new"), form(world, call_at="10:01"))
    assert Ticket.objects.get().first_contact_at == later(1)


@pytest.mark.parametrize(
    ("field", "value"),
    [("org_unit", "没有这个科"), ("title", ""), ("level", "9"), ("call_at", "早上"), ("call_at", "11:00")],
)
def test_form_comes_back_with_what_was_typed(world: World, field: str, value: str) -> None:
    with clock.pinned(later(2)):
        answer = door(world.engineer).post(reverse("operations.ticket.new"), form(world, **{field: value}))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert "王药师" in answer.content.decode()
    assert not Ticket.objects.exists()


def test_grave_report_on_the_web_shows_the_hotline(world: World) -> None:
    with clock.pinned(later(2)):
        answer = door(world.head).post(
            reverse("operations.ticket.new"), form(world, channel="web"), follow=True
        )
    assert "400-800-1234" in answer.content.decode()
    assert Ticket.objects.get().level == "B"


def test_refused_act_answers_inside_its_dialog(world: World) -> None:
    ticket = desk.resolved(world)
    with clock.pinned(later(50)):
        answer = door(world.head).post(
            reverse("operations.ticket.act", args=[ticket.pk, "close"]), headers={"HX-Request": "true"}
        )
    assert (answer.status_code, answer["HX-Retarget"]) == (409, "#alert-close")
    assert "三(二)1(4)" in answer.content.decode()


def test_page_offers_each_side_its_own_acts(world: World) -> None:
    ticket = world.call()
    url = reverse("operations.ticket.detail", args=[ticket.pk])
    with clock.pinned(later(2)):
        supplier = door(world.engineer).get(url).content.decode()
        hospital = door(world.head).get(url).content.decode()
    assert 'id="act-resolve"' in supplier
    assert 'id="act-resolve"' not in hospital
    assert 'id="act-reclassify"' in hospital


def test_whole_life_through_the_pages(world: World) -> None:
    with clock.pinned(later(1)):
        door(world.engineer).post(reverse("operations.ticket.new"), form(world, answered="missed"))
    ticket = Ticket.objects.get()

    def act(user: User, minute: float, code: str, **given: str) -> None:
        with clock.pinned(later(minute)):
            url = reverse("operations.ticket.act", args=[ticket.pk, code])
            assert door(user).post(url, given).status_code == 302, code

    act(world.engineer, 4, "respond", via="phone", note="正在查看")
    act(world.engineer, 20, "start_emergency", commander="张工", staff="赵工", plan="EP-HRP-01 v3")
    act(world.head, 30, "remote_failed", reason="存储控制器故障")
    act(world.engineer, 35, "agree_onsite", eta="12:00", agreed_by="李主管")
    act(world.engineer, 110, "arrive", place="信息科机房", witness="李主管")
    act(world.engineer, 150, "resolve", summary="更换控制器")
    record = {"mode": "onsite", "cause_class": "environment"}
    record |= dict.fromkeys(("symptom", "cause", "actions", "tests"), "已填写")
    act(world.engineer, 160, "write_record", **record)
    act(world.head, 170, "confirm", opinion="同意")
    act(
        world.engineer,
        171,
        "write_review",
        root_cause="控制器老化",
        delays="无",
        actions="备件入库；张工；2026-12-01",
    )
    act(world.head, 172, "approve_review")
    act(world.head, 173, "close")
    ticket.refresh_from_db()
    assert ticket.state == "closed"
    verdicts = {row.kind: row.verdict for row in ticket.clocks.all()}
    assert verdicts == dict.fromkeys(("response", "emergency_start", "onsite", "onsite_agreed"), "met")


@pytest.mark.parametrize(
    "name",
    [
        "operations.ticket.list",
        "operations.record.list",
        "operations.wall",
        "operations.contract",
        "operations.ticket.new",
    ],
)
def test_pages_open_for_both_sides_and_nobody_else(world: World, name: str) -> None:
    desk.resolved(world)
    with clock.pinned(later(50)):
        for user in (world.engineer, world.head):
            assert door(user).get(reverse(name)).status_code == 200
        assert door(desk.people.person()).get(reverse(name)).status_code == 403
        assert Client().get(reverse(name)).status_code == 302


def test_ticket_out_of_scope_does_not_exist(world: World) -> None:
    ticket = desk.resolved(world)
    for url in (
        reverse("operations.ticket.detail", args=[ticket.pk]),
        reverse("operations.ticket.detail", args=[ticket.pk + 1]),
    ):
        assert door(world.nurse).get(url).status_code == 404
    assert (
        door(world.nurse).post(reverse("operations.ticket.act", args=[ticket.pk, "note"])).status_code == 404
    )
    assert (
        "FW2026-00001"
        not in door(world.nurse).get(reverse("operations.ticket.list") + "?tab=all").content.decode()
    )


def test_archived_files_are_served_byte_for_byte(world: World) -> None:
    ticket = desk.resolved(world)
    with clock.pinned(later(60)):
        record = closing.write_maintenance_record(actor=world.engineer, ticket=ticket, text=RECORD)
    client = door(world.head)
    pdf, body = (
        reverse("operations.record.pdf", args=[record.pk]),
        reverse("operations.record.json", args=[record.pk]),
    )
    assert client.get(pdf).status_code == 404
    with clock.pinned(later(70)):
        closing.confirm_by_hospital(actor=world.head, ticket=ticket)
    archive = RecordArchive.objects.get()
    assert client.get(pdf).content == bytes(archive.pdf)
    assert client.get(body).content.decode() == archive.body
    assert client.get(reverse("operations.record.detail", args=[record.pk])).status_code == 200
    assert door(world.nurse).get(pdf).status_code == 404
    assert MaintenanceRecord.objects.get().archived_at is not None


def test_list_and_wall_cost_the_same_whatever_they_show(
    world: World, django_assert_max_num_queries: object
) -> None:
    client = door(world.head)
    for _ in range(6):
        world.call("B")
    with clock.pinned(later(5)):
        client.get(reverse("operations.ticket.list"))
        with django_assert_max_num_queries(12):  # type: ignore[operator]
            client.get(reverse("operations.ticket.list"))
        with django_assert_max_num_queries(18):  # type: ignore[operator]
            client.get(reverse("operations.wall"))
