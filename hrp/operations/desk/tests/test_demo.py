"""The demo desk keeps every promise the desk itself checks."""

from __future__ import annotations

import random

import pytest

from hrp.operations.desk import demo
from hrp.operations.desk.models import Breach, MaintenanceRecord, Ruling, Ticket
from hrp.operations.desk.tests import world as desk
from hrp.operations.duty import selectors as duty
from hrp.operations.duty.models import PagingRun
from hrp.operations.duty.tests.world import DUTY, engineers
from hrp.platform.access.models import User
from hrp.platform.access.tests import people
from hrp.platform.base import clock, health
from hrp.platform.org.tests import places

pytestmark = pytest.mark.django_db


def live() -> list[tuple[str, str, str]]:
    engineers()
    users: dict[str, User] = {
        demo.AGENT: people.person(*{*desk.SUPPLIER, *DUTY}, "operations.duty.edit"),
        demo.ENGINEER: people.person(*{*desk.SUPPLIER, *DUTY}),
        demo.COUNTERPART: people.person(*desk.HOSPITAL),
    }
    units = [places.unit("设备科库房"), places.unit("财务科")]
    with clock.pinned(desk.MONDAY):
        demo.seed(random.Random(7), users, units, clock.today(), months=2, per_month=3)
    return list(Ticket.objects.order_by("pk").values_list("number", "title", "state"))


def test_demo_desk_is_true_and_has_something_of_everything() -> None:
    told = live()
    assert [one for one in health.run("operations") if one.state != "ok"] == []
    assert {state for *_, state in told} >= {
        "new",
        "responded",
        "dispatched",
        "resolved",
        "recorded",
        "closed",
    }
    assert Breach.objects.exists()
    assert Ruling.objects.exists()
    assert not Breach.objects.filter(detected_late=True).exists()
    assert MaintenanceRecord.objects.filter(archived_at__isnull=False).count() == 6
    assert set(PagingRun.objects.values_list("state", flat=True)) >= {"active", "acked"}
    with clock.pinned(desk.MONDAY):
        assert duty.coming_faults() == []
        assert list(duty.on_duty(clock.now())) == ["一线", "二线", "主管"]
