"""Reminders: once per due instant, late ones marked, silent when somebody has acted."""

from __future__ import annotations

import datetime as dt

import pytest

from hrp.operations.desk.models import TicketEvent
from hrp.operations.desk.services import handling
from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.world import World, later
from hrp.operations.incidents import rules
from hrp.operations.incidents.models import Reminder
from hrp.operations.incidents.services import command, reviews, watching
from hrp.operations.incidents.tests import stage
from hrp.platform.base import clock
from hrp.platform.notify.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return stage.make()


def scan(minute: float) -> list[tuple[str, dt.datetime, bool]]:
    """What the scan at that minute newly said."""
    known = set(Reminder.objects.values_list("pk", flat=True))
    with clock.pinned(later(minute)):
        watching.scan()
    fresh = Reminder.objects.exclude(pk__in=known).order_by("kind")
    return [(row.kind, row.due, row.late) for row in fresh]


@pytest.mark.parametrize(("minutes", "due"), [(-1, None), (0, 0), (29, 0), (30, 30), (31, 30), (3000, 3000)])
def test_the_last_due_instant(minutes: int, due: int | None) -> None:
    base = later(0)
    expected = None if due is None else later(due)
    assert rules.last_due(base, dt.timedelta(minutes=30), later(minutes)) == expected


def test_an_overdue_report_is_asked_for_once_per_due_instant(world: World) -> None:
    ticket = stage.started(world)
    assert scan(49) == []
    assert scan(50.2) == [("update", later(50), False)]
    assert scan(50.6) == []
    with clock.pinned(later(52)):
        command.post_update(actor=world.engineer, ticket=ticket, text="切换中")
    assert [kind for kind, *_ in scan(70) if kind == "update"] == []
    assert ("update", later(82), False) in scan(82.1)
    assert Message.objects.filter(recipient=world.engineer, title__contains="进展通报已到期").count() == 2


def test_both_sides_are_asked_whether_somebody_must_come(world: World) -> None:
    ticket = stage.started(world)
    with clock.pinned(later(55)):
        command.post_update(actor=world.engineer, ticket=ticket, text="仍在排查")
    assert scan(59.9) == []
    assert scan(60) == [("inquiry", later(60), False)]
    told = Message.objects.filter(title__contains="是否需要到场")
    assert {one.recipient_id for one in told} == {world.engineer.pk, world.head.pk}
    assert ("inquiry", later(90), False) in scan(90.5)
    with clock.pinned(later(95)):
        handling.declare_remote_failed(actor=world.head, ticket=ticket, reason="控制器故障")
    assert [kind for kind, *_ in scan(121) if kind == "inquiry"] == []


def test_after_a_standstill_only_the_latest_is_sent_and_marked_late(world: World) -> None:
    stage.started(world)
    found = scan(175)
    assert ("inquiry", later(150), True) in found
    assert [kind for kind, *_ in found].count("inquiry") == 1
    assert all(late for *_, late in found)


def test_nothing_is_asked_about_what_is_cleared(world: World) -> None:
    desk.resolved(world)
    assert scan(200) == []


def test_review_and_actions_are_reminded_of(world: World) -> None:
    ticket = desk.resolved(world)
    day = 24 * 60
    with clock.pinned(later(3 * day)):
        assert watching.scan_reviews() == 0
    with clock.pinned(later(8 * day)):
        assert watching.scan_reviews() == 1
        assert watching.scan_reviews() == 0
    desk.reviewed(world, ticket, 8 * day + 5)
    with clock.pinned(later(9 * day)):
        assert watching.scan_reviews() == 0, "approved; its action is due in a fortnight"
    with clock.pinned(later(24 * day)):
        assert watching.scan_reviews() == 1
        assert watching.scan_reviews() == 0
        event = TicketEvent.objects.get(type="REVIEW_WRITTEN")
        reviews.finish_action(actor=world.engineer, event_id=event.pk, position=1, evidence="已配置告警")
    with clock.pinned(later(40 * day)):
        assert watching.scan_reviews() == 0
    assert set(Reminder.objects.values_list("kind", flat=True)) == {"review", "action"}
