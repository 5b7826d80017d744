"""The look at all clocks: each missed target and each warning written once, with its true instant, and told once."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.db import connection

from hrp.config import testing
from hrp.operations.contracts import services as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.desk import invariants
from hrp.operations.desk.models import (
    Breach,
    Clock,
    Escalation,
    PendingNotice,
    Ticket,
    TicketEvent,
    Watch,
    WatchGap,
)
from hrp.operations.desk.services import breaches, handling
from hrp.operations.desk.tests import crowd
from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.world import MONDAY, World, later
from hrp.platform.access.services.machines import system_actor
from hrp.platform.base import clock, health
from hrp.platform.notify.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return desk.make()


def scan(minute: float) -> int:
    with clock.pinned(later(minute)):
        return breaches.scan(actor=system_actor("desk", title="服务台时钟"))


def broken() -> list[str]:
    return [outcome.id for outcome in health.run("operations") if outcome.state != "ok"]


def told(world: World, kind: str = "operations.breach") -> list[Message]:
    return list(Message.objects.filter(recipient=world.head, kind=kind).order_by("pk"))


def test_a_clock_at_risk_is_told_step_by_step_to_those_the_plan_names(world: World) -> None:
    ticket = world.call("B", answered_s=None)
    assert scan(29) == 0
    assert not Escalation.objects.exists()
    for minute in (31, 46, 55):
        assert scan(minute) == 0
    steps = list(Escalation.objects.values_list("percent", "at", "roles"))
    assert steps == [
        (50, later(30), ["值班工程师"]), (75, later(45), ["服务台主管"]), (90, later(54), ["客户经理"]),
    ]  # fmt: skip
    warned = Message.objects.filter(kind="operations.risk", recipient=world.engineer).order_by("pk")
    assert [message.title for message in warned] == [
        f"时限已用 50%：{ticket.number} 响应", f"时限已用 75%：{ticket.number} 响应"
    ]  # fmt: skip
    assert broken() == []


def test_whoever_answers_is_warned_no_more(world: World) -> None:
    ticket = world.call("B", answered_s=None)
    with clock.pinned(later(10)):
        handling.respond(actor=world.engineer, ticket=ticket)
    assert scan(70) == 0
    assert not Escalation.objects.exists()


@pytest.mark.parametrize("hours", [1, 3])
def test_a_scheduler_that_stopped_moves_no_due_time(world: World, hours: int) -> None:
    scan(0)
    ticket = world.call("1", answered_s=None)
    scan(1)
    assert scan(1 + 60 * hours) == 2
    found = {row.kind: row for row in Breach.objects.filter(ticket=ticket)}
    assert found["response"].due == later(5)
    assert found["emergency_start"].due == later(60)
    assert found["response"].detected_late
    assert found["response"].found_at == later(1 + 60 * hours)
    gap = WatchGap.objects.get()
    assert (gap.began_at, gap.ended_at) == (later(1), later(1 + 60 * hours))


def test_a_scheduler_that_runs_finds_a_breach_in_time(world: World) -> None:
    world.call("1", answered_s=None)
    with clock.pinned(later(5) + dt.timedelta(seconds=2)):
        breaches.scan(actor=system_actor("desk"))
    assert not Breach.objects.get().detected_late
    assert "迟" not in told(world)[0].title + told(world)[0].body


def test_a_few_late_notices_come_one_by_one_and_say_why(world: World) -> None:
    scan(0)
    world.call("B", answered_s=None)
    scan(180)
    (message,) = told(world)
    assert message.title.startswith("［迟发］超时：FW2026-00001")
    assert "因服务在 10:00–13:00 停止而迟发" in message.body
    assert scan(181) == 0
    assert len(told(world)) == 1


def test_many_late_notices_to_one_person_are_one_digest_that_lists_all(world: World) -> None:
    scan(0)
    crowd.gather(world, 51, first=MONDAY, spread=dt.timedelta(minutes=30))
    assert scan(180) == 51
    (message,) = told(world)
    assert "因服务在 10:00–13:00 停止而迟发" in message.title
    assert message.body.count("FW2026-") == 51
    assert all(number in message.body for number in Ticket.objects.values_list("number", flat=True))
    assert Breach.objects.filter(detected_late=True).count() == 51
    assert not PendingNotice.objects.exists()
    assert broken() == []


def test_fifty_late_notices_are_no_digest(world: World) -> None:
    scan(0)
    crowd.gather(world, 50, first=MONDAY, spread=dt.timedelta(minutes=30))
    scan(180)
    assert len(told(world)) == 50


def test_late_notices_wait_until_all_that_is_late_was_judged(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(0)
    crowd.gather(world, 60, first=MONDAY, spread=dt.timedelta(minutes=30))
    monkeypatch.setattr(breaches, "BATCH", 40)
    monkeypatch.setattr(breaches, "MOST_SECONDS", -1)
    assert scan(180) == 40
    assert (told(world), PendingNotice.objects.count()) == ([], 40)
    assert scan(180.05) == 20
    (message,) = told(world)
    assert message.body.count("FW2026-") == 60


def test_a_backlog_that_does_not_end_holds_a_late_notice_two_minutes_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(0)
    crowd.gather(world, 5, first=MONDAY, spread=dt.timedelta(minutes=5))
    monkeypatch.setattr(breaches, "BATCH", 1)
    monkeypatch.setattr(breaches, "MOST_SECONDS", -1)
    scan(180)
    assert told(world) == []
    scan(183)
    assert len(told(world)) == 1


def test_a_night_is_named_with_its_dates(world: World) -> None:
    scan(0)
    world.call("B", answered_s=None)
    scan(60 * 20)
    assert "11-23 10:00 至 11-24 06:00" in told(world)[0].body


def test_a_ticket_that_cannot_be_judged_does_not_hold_up_the_others(world: World) -> None:
    crowd.gather(world, 3, first=MONDAY, spread=dt.timedelta(minutes=3))
    bad = Ticket.objects.order_by("pk").first()
    assert bad is not None
    TicketEvent.objects.create(
        ticket=bad, seq=2, type="RECLASS", at=later(5), recorded_at=later(5), actor=world.engineer, side="supplier",
        payload={"to": "Z"},
    )  # fmt: skip
    assert scan(180) == 2
    bad.refresh_from_db()
    assert bad.next_due_at == later(190)
    assert scan(181) == 0


def test_the_scan_repairs_a_ticket_whose_clocks_were_tampered_with(world: World) -> None:
    ticket = world.call("B", answered_s=None)
    Clock.objects.filter(ticket=ticket).update(due=later(45))
    assert scan(61) == 1
    assert Breach.objects.get().due == later(60)
    assert broken() == []


def test_many_tickets_cost_as_many_statements_as_one(
    world: World, django_assert_max_num_queries: object
) -> None:
    crowd.gather(world, 200, first=MONDAY, spread=dt.timedelta(minutes=30))
    scan(0)
    with django_assert_max_num_queries(45):  # type: ignore[operator]
        assert scan(180) == 200


def test_only_a_part_of_very_many_tickets_is_recomputed_a_day_and_in_the_end_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd.gather(world, 6, first=MONDAY, spread=dt.timedelta(minutes=6))
    monkeypatch.setattr(invariants, "RECOMPUTED_A_DAY", 2)
    Clock.objects.update(due=later(1))
    found: list[str] = []
    for day in range(3):
        with clock.pinned(later(day * 24 * 60)):
            some = [str(row["number"]) for row in invariants._clocks_differ()]
        assert len(some) == 2
        found += some
    assert sorted(found) == sorted(Ticket.objects.values_list("number", flat=True))


def test_the_watch_never_runs_backwards(world: World) -> None:
    scan(10)
    scan(5)
    assert Watch.objects.get().seen_at == later(10)


WORKER = """
import django
django.setup()
import datetime as dt, sys, time
from hrp.operations.desk.services import breaches
from hrp.platform.access.services.machines import system_actor
from hrp.platform.base import clock
breaches.BATCH, breaches.MOST_SECONDS = 20, -1
actor = system_actor("desk")
moment = dt.datetime.fromisoformat(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
with clock.pinned(moment):
    for _ in range(int(sys.argv[2])):
        breaches.scan(actor=actor)
        time.sleep(0.005)
"""


def test_workers_racing_and_one_killed_write_and_tell_everything_once(
    committed_db: testing.Database, test_server: testing.TestServer
) -> None:
    world = desk.make()
    second = desk.people.person(*desk.HOSPITAL, name="王主任")
    contracts.add_member(actor=world.clerk, user=second, side=Side.HOSPITAL, titles=["甲方信息科主任"])
    with clock.pinned(MONDAY):
        breaches.scan(actor=system_actor("desk", title="服务台时钟"))
    crowd.gather(world, 400, first=MONDAY, spread=dt.timedelta(minutes=30))
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, later(180).isoformat(), "60"],
            env=test_server.environment(committed_db), cwd=settings.BASE_DIR, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _ in range(3)
    ]  # fmt: skip
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("\n")
            worker.stdin.flush()
        while Breach.objects.count() < 40:
            time.sleep(0.01)
        os.kill(workers[0].pid, signal.SIGKILL)
        assert [worker.wait(60) for worker in workers] == [-signal.SIGKILL, 0, 0]
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
    with clock.pinned(later(185)):
        breaches.scan(actor=system_actor("desk"))
    assert Breach.objects.count() == 400
    assert Escalation.objects.filter(percent=100).count() == 400
    assert not PendingNotice.objects.exists()
    for person in (world.head, second):
        bodies = "".join(Message.objects.filter(recipient=person).values_list("title", flat=True))
        bodies += "".join(Message.objects.filter(recipient=person).values_list("body", flat=True))
        for number in Ticket.objects.values_list("number", flat=True):
            assert bodies.count(number) == 1
    assert broken() == []
    connection.close()
