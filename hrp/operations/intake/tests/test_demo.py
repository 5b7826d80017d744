"""The demo's calls and mails are true to its desk."""

from __future__ import annotations

import random

import pytest

from hrp.operations.desk import demo as desk_demo
from hrp.operations.desk.models import ContactEvidence, Ticket
from hrp.operations.desk.tests import world as desk
from hrp.operations.duty.tests.world import DUTY, engineers
from hrp.operations.intake import demo, selectors
from hrp.operations.intake.models import CallOutcome, Mail
from hrp.platform.access.tests import people
from hrp.platform.base import clock, health
from hrp.platform.org.tests import places

pytestmark = pytest.mark.django_db


def test_every_call_of_the_demo_desk_is_in_the_list_and_moves_nothing() -> None:
    engineers()
    users = {
        desk_demo.AGENT: people.person(
            *{*desk.SUPPLIER, *DUTY}, "operations.duty.edit", "operations.call.handle"
        ),
        desk_demo.ENGINEER: people.person(*{*desk.SUPPLIER, *DUTY}),
        desk_demo.COUNTERPART: people.person(*desk.HOSPITAL),
    }
    units = [places.unit("设备科库房"), places.unit("财务科"), places.unit("人事科")]
    with clock.pinned(desk.MONDAY):
        desk_demo.seed(random.Random(7), users, units, clock.today(), months=2, per_month=3)
        before = dict(Ticket.objects.values_list("pk", "first_contact_at"))
        typed = ContactEvidence.objects.filter(channel="phone").count()
        demo.seed(users, units)
        on_screen = selectors.on_screen(users[desk_demo.AGENT])
    assert CallOutcome.objects.filter(kind="matched").count() == typed
    assert {
        pk: at for pk, at in Ticket.objects.values_list("pk", "first_contact_at") if pk in before
    } == before
    assert [call.caller for call in on_screen] == ["6205"]
    assert CallOutcome.objects.filter(kind="shell").count() == 1
    assert sorted(Mail.objects.values_list("kind", flat=True)) == ["auto", "report", "unknown"]
    assert [one for one in health.run("operations") if one.state != "ok"] == []
