"""The review's page: rows picked, hints from the chain, the hospital's word, actions with evidence."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from hrp.operations.desk.models import TicketEvent
from hrp.operations.desk.selectors import tickets
from hrp.operations.desk.services import intake
from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.world import World, later
from hrp.operations.incidents import printing, selectors
from hrp.operations.incidents.models import ActionDone
from hrp.operations.incidents.services import reviews
from hrp.operations.incidents.tests import stage
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return stage.make()


def door(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


GIVEN = {
    "act": "write", "root_cause": "归档写满", "delays": "无", "actions.what": ["85% 告警", ""], "actions.owner": ["张工", ""],
    "actions.due": ["2026-12-07", ""],
}  # fmt: skip


def test_the_review_is_written_and_approved_on_its_page(world: World) -> None:
    ticket = desk.resolved(world)
    url = reverse("operations.incident.review", args=[ticket.pk])
    with clock.pinned(later(60)):
        assert (
            door(world.engineer).get(reverse("operations.incident.review_pdf", args=[ticket.pk])).status_code
            == 409
        )
        assert door(world.engineer).post(url, GIVEN).status_code == 302
        assert selectors.approved_review(ticket) is None
        assert "认可复盘" in door(world.head).get(url).content.decode()
        assert door(world.head).post(url, {"act": "approve", "opinion": "同意"}).status_code == 302
        assert door(world.engineer).post(url, GIVEN).status_code == 409, "approved: not written again"
        paper = door(world.head).get(reverse("operations.incident.review_pdf", args=[ticket.pk]))
    assert paper.content.startswith(b"%PDF-")
    (action,) = selectors.actions(tickets(world.head))
    assert (action.what, action.owner, action.due) == ("85% 告警", "张工", dt.date(2026, 12, 7))


@pytest.mark.parametrize(
    ("owner", "due"), [("路人", "2026-12-07"), ("张工", "下周"), ("", "2026-12-07"), ("张工", "")]
)
def test_rows_name_a_person_of_the_contract_and_a_day(world: World, owner: str, due: str) -> None:
    ticket = desk.resolved(world)
    url = reverse("operations.incident.review", args=[ticket.pk])
    with clock.pinned(later(60)):
        answer = door(world.engineer).post(
            url, GIVEN | {"actions.owner": [owner, ""], "actions.due": [due, ""]}
        )
    assert answer.status_code == 422
    assert "归档写满" in answer.content.decode(), "what was typed comes back"
    assert not TicketEvent.objects.filter(type="REVIEW_WRITTEN").exists()


def test_the_other_side_neither_writes_nor_approves(world: World) -> None:
    ticket = desk.resolved(world)
    url = reverse("operations.incident.review", args=[ticket.pk])
    with clock.pinned(later(60)):
        assert door(world.head).post(url, GIVEN).status_code == 403
        door(world.engineer).post(url, GIVEN)
        assert door(world.engineer).post(url, {"act": "approve"}).status_code == 403


def test_the_plan_clock_runs_from_the_solution_in_working_days(world: World) -> None:
    ticket = desk.resolved(world)
    owed = selectors.review_due(ticket)
    assert owed is not None
    assert clock.local(owed.due).date() == dt.date(2026, 11, 30), "Monday plus five working days"
    assert (owed.official, owed.approved_at) == (False, None)
    desk.reviewed(world, ticket, 60 * 24 * 9)
    owed = selectors.review_due(ticket)
    assert owed is not None
    assert owed.overdue


def test_the_chain_tells_what_delayed(world: World) -> None:
    ticket = world.call("1", answered_s=None)
    with clock.pinned(later(9)):
        ticket = desk.handling.respond(actor=world.engineer, ticket=ticket)
    with clock.pinned(later(50)):
        ticket = desk.handling.resolve(actor=world.engineer, ticket=ticket, summary="重启")
    assert printing.delays(ticket) == ["响应超时 4 分", "已解决之前有 41 分 没有动静"]
    assert [(line.title, line.since) for line in printing.moments(ticket)] == [
        ("联系", "0"), ("响应", "+9 分"), ("已解决", "+50 分"),
    ]  # fmt: skip


def test_an_action_is_done_once_with_evidence(world: World) -> None:
    ticket = desk.resolved(world)
    desk.reviewed(world, ticket, 60)
    event = TicketEvent.objects.get(type="REVIEW_WRITTEN")
    with clock.pinned(later(90)):
        with pytest.raises(Invalid):
            reviews.finish_action(actor=world.engineer, event_id=event.pk, position=1, evidence=" ")
        with pytest.raises(NotFound):
            reviews.finish_action(actor=world.engineer, event_id=event.pk, position=2, evidence="有")
        with pytest.raises(NotFound):
            reviews.finish_action(actor=world.nurse, event_id=event.pk, position=1, evidence="有")
        url = reverse("operations.incident.action_done", args=[event.pk, 1])
        assert door(world.head).post(url, {"evidence": "告警已配置"}).status_code == 302
        with pytest.raises(Conflict):
            reviews.finish_action(actor=world.engineer, event_id=event.pk, position=1, evidence="再次")
        page = door(world.head).get(reverse("operations.incident.actions") + "?tab=done").content.decode()
    assert "告警已配置" in page
    with pytest.raises(DatabaseError), transaction.atomic():
        ActionDone.objects.update(evidence="改")


def test_a_stranger_sees_no_actions(world: World) -> None:
    ticket = desk.resolved(world)
    desk.reviewed(world, ticket, 60)
    assert selectors.actions(tickets(world.nurse)) == []
    with pytest.raises(Forbidden):
        reviews.finish_action(
            actor=desk.people.person(),
            event_id=TicketEvent.objects.get(type="REVIEW_WRITTEN").pk,
            position=1,
            evidence="有",
        )


def test_a_reopened_ticket_owes_a_review_of_its_own(world: World) -> None:
    ticket = desk.resolved(world)
    ticket = desk.reviewed(world, ticket, 60)
    with clock.pinned(later(500)):
        call = intake.Call(call_at=later(499), answered_at=later(499.5))
        ticket = intake.log_further_contact(actor=world.engineer, ticket=ticket, call=call, level="1")
    assert selectors.written_review(ticket) is None
    assert selectors.situation(ticket).started is None
    assert len(selectors.actions(tickets(world.head))) == 1, "the first review's action stays"
