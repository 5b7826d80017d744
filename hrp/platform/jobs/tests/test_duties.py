"""Duties: due work is found by looking, done once, by one, and again after a failure or a death."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection

from hrp.config import testing
from hrp.platform.base import clock, health
from hrp.platform.base.registry import Registry
from hrp.platform.jobs import checkups, duties, selectors
from hrp.platform.jobs.duties import Duty
from hrp.platform.jobs.models import Duty as DutyRow
from hrp.platform.jobs.models import HealthRun, Heartbeat

done: list[str] = []


def tick() -> None:
    done.append("tick")


def broken() -> None:
    raise RuntimeError("磁盘已满")


@pytest.fixture(autouse=True)
def few(monkeypatch: Any) -> Iterator[Registry[Duty]]:
    registry: Registry[Duty] = Registry("定期职责")
    registry.register("tick", Duty("tick", "滴答", tick, every_seconds=60))
    monkeypatch.setattr(duties, "duties", registry)
    done.clear()
    yield registry
    done.clear()


def test_a_new_duty_is_due_and_then_rests(db: None):
    duties.enrol()
    assert duties.run_due() == ["tick"]
    assert duties.run_due() == []
    row = DutyRow.objects.get()
    assert (row.runs, row.failures, row.leased_by) == (1, 0, "")
    assert dt.timedelta(seconds=55) < row.next_due - clock.now() <= dt.timedelta(seconds=60)


def test_what_was_due_during_an_outage_is_done_once_on_return(db: None):
    duties.enrol()
    duties.run_due()
    with time_machine.travel(clock.now() + dt.timedelta(days=2), tick=True):
        assert duties.run_due() == ["tick"]
        assert duties.run_due() == []
    assert len(done) == 2


def test_a_daily_duty_keeps_to_the_hospitals_clock(few: Registry[Duty], db: None):
    nightly = few.register("nightly", Duty("nightly", "每夜", tick, daily_at=dt.time(2, 30)))
    before = dt.datetime(2026, 3, 1, 18, 0, tzinfo=dt.UTC)  # 02:00 on the 2nd in Shanghai
    assert nightly.due_after(before) == dt.datetime(2026, 3, 1, 18, 30, tzinfo=dt.UTC)
    assert nightly.due_after(before + dt.timedelta(minutes=30)) == dt.datetime(
        2026, 3, 2, 18, 30, tzinfo=dt.UTC
    )
    duties.enrol()
    assert duties.run_due() == ["tick"]


def test_a_failing_duty_tells_why_is_tried_soon_and_does_not_stop_the_others(few: Registry[Duty], db: None):
    few.register("broken", Duty("broken", "坏的", broken, every_seconds=3600))
    duties.enrol()
    assert sorted(duties.run_due()) == ["broken", "tick"]
    row = DutyRow.objects.get(name="broken")
    assert (row.failures, row.last_error, row.runs) == (1, "RuntimeError: 磁盘已满", 0)
    assert row.next_due - clock.now() <= dt.timedelta(seconds=30)
    for n in range(2, 4):
        with time_machine.travel(clock.now() + dt.timedelta(hours=n), tick=True):
            duties.run_due()
    (outcome,) = [o for o in health.run("jobs") if o.id == "jobs.duties_on_time"]
    assert outcome.state == "broken"
    assert [found["name"] for found in outcome.rows] == ["broken"]


def test_the_lease_of_a_dead_worker_runs_out(db: None):
    duties.enrol()
    now = clock.now()
    DutyRow.objects.update(lease_until=now + dt.timedelta(seconds=300), leased_by="dead:1")
    assert duties.run_due() == []
    with time_machine.travel(now + dt.timedelta(seconds=301), tick=True):
        assert duties.run_due() == ["tick"]


def test_what_a_killed_worker_of_this_machine_held_is_due_at_the_next_start(db: None):
    duties.enrol()
    worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    holder = f"{duties.process_name().rpartition(':')[0]}:{worker.pid}"
    DutyRow.objects.update(lease_until=clock.now() + dt.timedelta(seconds=300), leased_by=holder)
    duties.enrol()
    assert duties.run_due() == [], "it lives, the duty is in its hands"
    worker.kill()
    worker.wait()
    duties.enrol()
    assert duties.run_due() == ["tick"]


def test_a_duty_no_longer_declared_loses_its_row(few: Registry[Duty], db: None):
    DutyRow.objects.create(name="gone", title="旧", next_due=clock.now())
    duties.enrol()
    assert list(DutyRow.objects.values_list("name", flat=True)) == ["tick"]


def test_two_workers_share_one_due_run(committed_db: testing.Database, few: Registry[Duty]):
    few.register("slow", Duty("slow", "慢", lambda: (time.sleep(0.1), done.append("slow")), every_seconds=60))
    duties.enrol()

    def work() -> None:
        duties.run_due()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["slow", "tick"]


def test_exactly_one_rhythm():
    for wrong in ({}, {"every_seconds": 5, "daily_at": dt.time(1)}):
        with pytest.raises(ValueError, match="二选一"):
            duties.duty(name="x", title="x", **wrong)  # type: ignore[arg-type]


def test_somebody_is_working(db: None):
    assert not selectors.worker_alive()
    duties.beat("duties")
    assert not selectors.worker_alive()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
    assert selectors.worker_alive()
    Heartbeat.objects.update(at=clock.now() - dt.timedelta(seconds=46))
    assert not selectors.worker_alive()
    assert selectors.worker_alive(within_seconds=60)


def test_a_checkup_is_kept(db: None, monkeypatch: Any):
    registry: Registry[health.Invariant] = Registry("不变量")
    monkeypatch.setattr(health, "invariants", registry)
    health.register(health.Invariant("t.fine", "t", "没有行", sql="SELECT 1 WHERE false"))
    health.register(
        health.Invariant("t.bad", "t", "坏", sql="SELECT g, now() AS at FROM generate_series(1, 30) g")
    )
    health.register(health.Invariant("t.unknown", "t", "错", sql="SELECT * FROM nowhere"))
    run = checkups.run(cause="test")
    assert (run.ok, run.broken, run.unknown) == (1, 1, 1)
    stored = HealthRun.objects.get()
    states = {o["id"]: (o["state"], o["found"], len(o["rows"])) for o in stored.outcomes}
    assert states == {"t.fine": ("ok", 0, 0), "t.bad": ("broken", 30, 10), "t.unknown": ("unknown", 0, 0)}


def test_a_duty_of_every_second_is_waited_for_a_second_and_not_five(db: None, few: Registry[Duty]):
    few.register("scan", Duty("scan", "每秒", tick, every_seconds=1))
    duties.enrol()
    assert duties.seconds_to_next(most=5) == 0.1
    duties.run_due()
    assert 0.5 < duties.seconds_to_next(most=5) <= 1
    assert duties.seconds_to_next(["tick"], most=5) == 5
    assert duties.seconds_to_next(["nobody"], most=5) == 5
