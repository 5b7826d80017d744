"""The desk learns from its tickets and uses what it knows."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from hrp.operations.desk.models import Ticket, TicketEvent
from hrp.operations.desk.services import closing, handling, knowing
from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.world import RECORD, World, later
from hrp.operations.knowledge import selectors, services
from hrp.operations.knowledge.models import Article, ArticleVersion, Use
from hrp.platform.access.models import User
from hrp.platform.access.tests import people
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict

pytestmark = pytest.mark.django_db

ALL = (selectors.VIEW, selectors.EDIT, selectors.REVIEW)


@pytest.fixture
def world() -> World:
    made = desk.make()
    for user in (made.engineer, made.head):
        people.allow(user, *ALL)
    return made


def article(world: World) -> Article:
    text = services.Text("全院无法出库的处理", "各库房点出库即报错", "清理归档")
    version = services.draft(actor=world.engineer, text=text, module="物流管理系统")
    services.review(actor=world.head, version=version, approved=True)
    return services.publish(actor=world.head, version=version).article


def door(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def closed(world: World) -> Ticket:
    ticket = world.call("B")
    with clock.pinned(later(40)):
        handling.resolve(actor=world.engineer, ticket=ticket, summary="恢复")
        closing.write_maintenance_record(actor=world.engineer, ticket=ticket, text=RECORD)
        closing.confirm_by_hospital(actor=world.head, ticket=ticket)
        return closing.close(actor=world.head, ticket=ticket)


def test_an_article_is_offered_on_the_ticket_and_adopted_once(world: World) -> None:
    known, ticket = article(world), world.call("B")
    client = door(world.engineer)
    adopt = reverse("operations.ticket.adopt", args=[ticket.pk, known.pk])
    page = reverse("operations.ticket.detail", args=[ticket.pk])
    assert adopt in client.get(page).content.decode()
    assert client.post(adopt).status_code == 302
    use = Use.objects.get()
    assert (use.kind, use.ticket_number, use.org_unit_id) == ("adopted", ticket.number, ticket.org_unit_id)
    note = TicketEvent.objects.get(ticket=ticket, type="NOTE")
    assert (note.payload["article"], known.number in note.payload["text"]) == (known.number, True)
    shown = client.get(page).content.decode()
    assert "已采用" in shown
    assert adopt not in shown
    with pytest.raises(Conflict):
        knowing.adopt(actor=world.head, ticket=ticket, article=known)
    assert TicketEvent.objects.filter(ticket=ticket, type="NOTE").count() == 1


def test_a_closed_ticket_becomes_a_draft_in_one_click(world: World) -> None:
    ticket = closed(world)
    client = door(world.engineer)
    address = reverse("operations.ticket.article", args=[ticket.pk])
    assert address in client.get(reverse("operations.ticket.detail", args=[ticket.pk])).content.decode()
    answer = client.post(address)
    draft = ArticleVersion.objects.get()
    assert answer.headers["Location"] == reverse("operations.knowledge.edit", args=[draft.article_id])
    assert (draft.state, draft.title, draft.symptoms, draft.cause) == (
        "draft", ticket.title, RECORD.symptom, RECORD.cause,
    )  # fmt: skip
    record = ticket.records.get()
    assert (draft.article.source_ticket, draft.article.source_record) == (ticket.number, record.number)
    assert draft.cure.startswith(RECORD.actions)


def test_a_ticket_still_open_teaches_nothing(world: World) -> None:
    ticket = world.call("B")
    with pytest.raises(Conflict):
        knowing.draft_article(actor=world.engineer, ticket=ticket)
    assert not Article.objects.exists()


def test_who_may_not_read_articles_sees_no_panel(world: World) -> None:
    article(world)
    ticket = world.call("B")
    reader = people.person("operations.ticket.view")
    page = door(reader).get(reverse("operations.ticket.detail", args=[ticket.pk]))
    assert (page.status_code, "knowledge/" in page.content.decode()) == (200, False)


def test_the_form_of_a_new_ticket_asks_for_suggestions(world: World) -> None:
    with clock.pinned(later(0)):
        page = door(world.engineer).get(reverse("operations.ticket.new")).content.decode()
    assert f'hx-get="{reverse("operations.knowledge.suggest")}"' in page
    assert 'id="know-suggest"' in page
