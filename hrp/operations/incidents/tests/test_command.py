"""Commanding: who may say what, what the chain keeps, when the next report is due."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from hrp.operations.desk.models import TicketEvent
from hrp.operations.desk.services import handling
from hrp.operations.desk.tests.world import World, later
from hrp.operations.incidents import selectors
from hrp.operations.incidents.services import command
from hrp.operations.incidents.tests import stage
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid
from hrp.platform.notify.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return stage.make()


def door(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_next_report_is_due_from_the_last_one_and_never_after_the_end(world: World) -> None:
    ticket = stage.started(world)
    assert selectors.situation(ticket).next_update == later(50)
    with clock.pinned(later(41)):
        ticket = command.post_update(actor=world.engineer, ticket=ticket, text="正在切换备库")
    assert selectors.situation(ticket).next_update == later(71)
    assert Message.objects.filter(recipient=world.head, title__contains="进展通报").count() == 1
    with clock.pinned(later(60)):
        ticket = command.end_emergency(actor=world.head, ticket=ticket, text="已恢复")
    found = selectors.situation(ticket)
    assert (found.next_update, found.ended is not None, len(found.updates)) == (None, True, 1)


def test_a_milder_ticket_flagged_as_emergency_reports_as_often_as_the_gravest(world: World) -> None:
    ticket = world.call("B")
    with clock.pinned(later(10)):
        ticket = handling.flag_emergency(actor=world.head, ticket=ticket, kind="疑似数据泄露")
        ticket = handling.start_emergency(
            actor=world.engineer, ticket=ticket, commander="张工", staff="赵工", plan="EP-HRP-01 v1"
        )
    assert selectors.situation(ticket).update_every == dt.timedelta(minutes=30)


def test_each_side_does_what_is_its_own(world: World) -> None:
    ticket = stage.started(world)
    with clock.pinned(later(25)):
        with pytest.raises(Forbidden):
            command.post_update(actor=world.head, ticket=ticket, text="我来通报")
        with pytest.raises(Forbidden, match="只能由甲方"):
            command.end_emergency(actor=world.engineer, ticket=ticket, text="结束")
        for actor in (world.engineer, world.head):
            command.decide(actor=actor, ticket=ticket, decided="先保手术室")
    assert len(selectors.situation(ticket).decisions) == 2


def test_the_end_needs_a_beginning_and_comes_once(world: World) -> None:
    ticket = world.call("1")
    with clock.pinned(later(5)), pytest.raises(Conflict, match="尚未启动"):
        command.end_emergency(actor=world.head, ticket=ticket, text="结束")
    with clock.pinned(later(20)):
        ticket = handling.start_emergency(
            actor=world.engineer, ticket=ticket, commander="张工", staff="赵工", plan="EP-HRP-01 v1"
        )
        command.end_emergency(actor=world.head, ticket=ticket, text="恢复")
        with pytest.raises(Conflict, match="已经宣布结束"):
            command.end_emergency(actor=world.head, ticket=ticket, text="恢复")


def test_the_last_named_holds_a_role(world: World) -> None:
    ticket = stage.started(world)
    with clock.pinned(later(25)):
        command.take_role(actor=world.head, ticket=ticket, role="scribe", person="李主管")
        command.take_role(actor=world.engineer, ticket=ticket, role="commander", person="方伟")
        with pytest.raises(Invalid):
            command.take_role(actor=world.head, ticket=ticket, role="king", person="李主管")
    assert selectors.situation(ticket).roles == {"commander": "方伟", "scribe": "李主管"}


def test_an_ordinary_ticket_has_no_command(world: World) -> None:
    ticket = world.call("B")
    with clock.pinned(later(5)):
        with pytest.raises(Conflict, match="不是紧急事件"):
            command.decide(actor=world.head, ticket=ticket, decided="x")
        page = door(world.head).get(reverse("operations.incident.command", args=[ticket.pk]))
    assert page.status_code == 404


def test_start_offers_the_plans_in_force_and_takes_no_other(world: World) -> None:
    ticket = world.call("1")
    url = reverse("operations.incident.act", args=[ticket.pk, "start_emergency"])
    with clock.pinned(later(10)):
        client = door(world.engineer)
        page = client.get(reverse("operations.incident.command", args=[ticket.pk])).content.decode()
        assert '<option value="EP-HRP-01 v1">EP-HRP-01 v1 数据库宕机</option>' in page
        given = {"commander": "张工", "staff": ["张工", "赵工"], "plan": "EP-HRP-01 v7", "bridge": "8000"}
        refused = client.post(url, given, headers={"HX-Request": "true"})
        assert (refused.status_code, refused["HX-Retarget"]) == (422, "#alert-start_emergency")
        assert client.post(url, given | {"plan": "EP-HRP-01 v1"}).status_code == 302
    event = TicketEvent.objects.get(type="EMERGENCY_STARTED")
    assert event.payload["staff"] == "张工、赵工"
    assert event.payload["plan"] == "EP-HRP-01 v1"


def test_parts_refresh_alone_and_show_what_the_other_side_said(world: World) -> None:
    ticket = stage.started(world)
    url = reverse("operations.incident.command", args=[ticket.pk])
    with clock.pinned(later(30)):
        door(world.engineer).post(
            reverse("operations.incident.act", args=[ticket.pk, "status_update"]),
            {"text": "备库已追平", "quick": "1"},
        )
        head = door(world.head)
        chain = head.get(f"{url}?part=chain", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
        assert "备库已追平" in chain.content.decode()
        assert "<html" not in chain.content.decode()
        assert "<html" in head.get(f"{url}?part=chain").content.decode()
        assert head.get(reverse("operations.incident.list")).status_code == 200
        assert (
            "EP-HRP-01 v1" in head.get(reverse("operations.ticket.detail", args=[ticket.pk])).content.decode()
        )
        assert door(world.nurse).get(url).status_code == 404
