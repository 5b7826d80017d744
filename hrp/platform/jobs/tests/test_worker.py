"""The real worker process: it works, stops when told, and what it leaves behind when killed is found again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from hrp.config import testing
from hrp.config.settings.paths import BASE_DIR
from hrp.platform.jobs import rescue, selectors, services
from hrp.platform.jobs.models import Effect, HealthRun, JobLog, JobRecord
from hrp.platform.jobs.tests import probes

pytestmark = pytest.mark.slow

RUN = """
import os, sys, django
django.setup()
import hrp.platform.jobs.tests.probes
from django.core.management import call_command
call_command("worker", *sys.argv[1:])
"""


class Worker:
    """``hrp worker`` in a process of its own, knowing the probe tasks as well."""

    def __init__(self, database: testing.Database, home: Path, *arguments: str) -> None:
        self.log = home / "worker.log"
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "hrp.config.settings",
            "HRP_DB_ROLE": "app",
            "HRP_APP_DATABASE_URL": _url(database.app_url),
            "HRP_HOME": str(home),
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", RUN, *arguments], cwd=BASE_DIR, env=environment, stdout=log, stderr=log
            )

    def stop(self, number: int = signal.SIGTERM, seconds: float = 20) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=seconds)


def _url(address: str) -> str:
    """The test's address as a URL, the form the settings read."""
    parts = psycopg.conninfo.conninfo_to_dict(address)
    return (
        f"postgresql://{parts['user']}:{parts['password']}@{parts['host']}:{parts['port']}/{parts['dbname']}"
    )


@pytest.fixture
def start(committed_db: testing.Database, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    workers: list[Worker] = []

    def run(*arguments: str) -> Worker:
        workers.append(Worker(committed_db, tmp_path, *arguments))
        return workers[-1]

    yield run
    for worker in workers:
        if worker.process.poll() is None:
            worker.process.send_signal(signal.SIGCONT)
            worker.process.kill()
            worker.process.wait()


def wait_for(claim: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.1)


def effect(key: str) -> bool:
    return Effect.objects.filter(key=key).exists()


def state(pk: int | None) -> str:
    row = selectors.job(pk or 0)
    return row.state if row else ""


def test_it_works_shows_progress_beats_and_stops_when_told(start: Callable[..., Worker]):
    worker = start()
    first = services.defer(probes.sleep, actor=None, key="a", seconds=1.5)
    wait_for(lambda: effect("began:a"))
    wait_for(lambda: JobRecord.objects.get(pk=first).total > 0)
    assert state(first) == "doing"
    wait_for(lambda: state(first) == "succeeded")
    assert effect("effect:a")
    wait_for(selectors.worker_alive)
    second = services.defer(probes.sleep, actor=None, key="b", seconds=1)
    wait_for(lambda: effect("began:b"))
    assert worker.stop() == 0, worker.log.read_text()
    assert state(second) == "succeeded"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_workers")
        assert cursor.fetchone() == (0,)


def test_a_cancelled_job_stops_at_its_next_report(start: Callable[..., Worker]):
    start()
    pk = services.defer(probes.sleep, actor=None, key="a", seconds=60)
    wait_for(lambda: effect("began:a"))

    class Boss:
        pk = 0
        display_name = "王主任"

    services.cancel(pk or 0, actor=Boss())
    wait_for(lambda: state(pk) == "aborted")
    assert not effect("effect:a")


def test_a_killed_worker_leaves_its_job_to_the_next(start: Callable[..., Worker]):
    worker = start()
    pk = services.defer(probes.sleep, actor=None, key="a", seconds=60)
    wait_for(lambda: effect("began:a"))
    worker.stop(signal.SIGKILL)
    assert rescue.rescue() == 0
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '31 seconds'")
        cursor.execute(
            "UPDATE procrastinate_jobs SET args = jsonb_set(args, '{seconds}', '0.1') WHERE task_name = 'probe.sleep'"
        )
        cursor.execute("UPDATE jobs_duty SET next_due = now() WHERE name = 'jobs.rescue'")
    start()
    wait_for(lambda: effect("effect:a"), seconds=45)
    wait_for(lambda: state(pk) == "succeeded")
    assert "执行它的工作进程失联，重新排队" in JobLog.objects.values_list("text", flat=True)


def test_a_worker_whose_database_went_away_leaves_its_job_to_the_next(start: Callable[..., Worker]):
    worker = start()
    pk = services.defer(probes.cut, actor=None, key="a")
    assert worker.process.wait(timeout=30) == 75, worker.log.read_text()
    assert state(pk) == "doing"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '31 seconds'")
    assert rescue.rescue() == 1
    start()
    wait_for(lambda: state(pk) == "succeeded")
    assert effect("effect:a")
    assert JobRecord.objects.get(pk=pk).error == ""


def test_a_paused_worker_wakes_too_late_and_leaves_without_a_trace(
    start: Callable[..., Worker], tmp_path: Path
):
    sleeper = start()
    services.defer(probes.deaf, actor=None, key="a", seconds=1.5)
    wait_for(lambda: effect("began:a"))
    sleeper.process.send_signal(signal.SIGSTOP)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '31 seconds'")
        assert rescue.rescue() == 1
        cursor.execute(
            "UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 hour' WHERE task_name = 'probe.deaf'"
        )
    time.sleep(1.5)
    sleeper.process.send_signal(signal.SIGCONT)
    assert sleeper.process.wait(timeout=20) == 75
    assert not effect("effect:a")
    with connection.cursor() as cursor:
        cursor.execute("SELECT status FROM procrastinate_jobs WHERE task_name = 'probe.deaf'")
        assert cursor.fetchone() == ("todo",)


def test_a_job_that_kills_its_workers_is_given_up(committed_db: testing.Database):
    pk = services.defer(probes.sleep, actor=None, key="a", seconds=1)
    for _ in range(rescue.MOST_RESCUES + 1):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE task_name = 'probe.sleep'")
        rescue.rescue()
    assert state(pk) == "failed"
    row = selectors.job(pk or 0)
    assert row is not None
    assert "不再重试" in row.error


def test_it_outlives_a_lost_database_connection(
    start: Callable[..., Worker], owner_connection: psycopg.Connection
):
    """PostgreSQL drops every session of the worker: it goes on by itself, or ends so that it is started again."""
    worker = start()
    services.defer(probes.sleep, actor=None, key="a", seconds=0.1)
    wait_for(lambda: effect("effect:a"))
    wait_for(selectors.worker_alive)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"""
        )
        assert cursor.fetchone()[0] >= 2
    services.defer(probes.sleep, actor=None, key="b", seconds=0.1)
    deadline = time.monotonic() + 40
    while not effect("effect:b") and time.monotonic() < deadline:
        if worker.process.poll() is not None:
            worker = start()
        time.sleep(0.2)
    assert effect("effect:b"), worker.log.read_text()


def test_the_rescuer_alone(start: Callable[..., Worker]):
    rescuer = start("--rescuer")
    pk = services.defer(probes.sleep, actor=None, key="a", seconds=1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE task_name = 'probe.sleep'")
    wait_for(lambda: state(pk) == "retrying", seconds=40)
    assert not HealthRun.objects.exists()
    assert rescuer.stop() == 0
