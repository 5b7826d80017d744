"""Deferring in the caller's commit, the job list, retrying, cancelling, and effects that happen once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from procrastinate.exceptions import JobAborted
from procrastinate.jobs import Job

from hrp.config import testing
from hrp.platform.access.models import User
from hrp.platform.base import clock, origin
from hrp.platform.base.refusals import Conflict, Invalid, NotFound
from hrp.platform.jobs import inline, jobs, rescue, running, selectors, services
from hrp.platform.jobs.models import Effect, JobLog, JobRecord
from hrp.platform.jobs.tasks import Waits, task

said: list[Any] = []


@task(name="test.say", title="说话")
def say(*, word: str) -> None:
    running.log(f"说 {word}")
    running.progress(1, 2, "一半")
    said.append((word, origin.current()))
    running.result("/said", "听")
    running.progress(2, 2)


@task(name="test.refuse", title="被拒", retry=(1, 1))
def refuse() -> None:
    raise Invalid("数量不能为负", way_out="改为正数")


@task(name="test.quiet", title="不列出", listed=False)
def quiet() -> None:
    said.append(("quiet", None))


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    said.clear()
    yield
    said.clear()


@pytest.fixture
def actor(db: None) -> User:
    return User.objects.create_user("li", display_name="李工")


def queued() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name LIKE 'test.%%'")
        return int(cursor.fetchone()[0])


def test_a_rolled_back_act_leaves_no_job(actor: User):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.defer(say, actor=actor, word="a")
        assert queued() == 1
        _ = 1 / 0
    assert queued() == 0
    assert not JobRecord.objects.exists()


def test_a_job_is_visible_from_the_outside_only_after_commit(committed_db: testing.Database):
    with psycopg.connect(committed_db.app_url, autocommit=True) as other:
        count = "SELECT count(*) FROM procrastinate_jobs"
        with transaction.atomic():
            services.defer(say, actor=None, word="a")
            assert other.execute(count).fetchone() == (0,)
        assert other.execute(count).fetchone() == (1,)


def test_a_job_runs_as_its_actor_and_tells_its_progress(actor: User):
    pk = services.defer(say, actor=actor, title="对全院说话", word="开会")
    assert pk is not None
    row = selectors.job(pk)
    assert row is not None
    assert (row.title, row.actor_name, row.state, row.percent) == ("对全院说话", "李工", "todo", None)
    assert row.can_cancel
    assert selectors.active_count(actor) == 1
    assert inline.run_waiting() == 1
    ((word, where),) = said
    assert (word, where.request_id, where.actor.pk) == ("开会", f"job:{row.job_id}", actor.pk)
    row = selectors.job(pk)
    assert row is not None
    assert (row.state, row.state_title, row.percent, row.result_url) == ("succeeded", "完成", 100, "/said")
    assert row.started_at <= row.finished_at  # type: ignore[operator]
    assert [line.text for line in selectors.job_log(pk)] == ["说 开会"]
    assert selectors.active_count(actor) == 0


def test_the_list_pages_and_filters(actor: User):
    other = User.objects.create_user("wang", display_name="王工")
    mine = [services.defer(say, actor=actor, word=str(i)) for i in range(3)]
    services.defer(say, actor=other, word="x")
    services.defer(quiet, actor=None)
    assert len(selectors.job_list()) == 4
    assert [row.pk for row in selectors.job_list(actor=actor)] == mine[::-1]
    assert [row.pk for row in selectors.job_list(actor=actor, before=mine[2], limit=1)] == [mine[1]]
    assert selectors.job_list(state="failed") == []
    assert selectors.queue_counts()["todo"] == 5


def test_one_job_of_a_key_waits_at_a_time(actor: User):
    first = services.defer(say, actor=actor, unique="say.once", word="a")
    assert services.defer(say, actor=actor, unique="say.once", word="b") == first
    assert queued() == 1
    inline.run_waiting()
    assert services.defer(say, actor=actor, unique="say.once", word="c") != first


def test_the_key_holds_against_a_rival_who_committed_meanwhile(
    committed_db: testing.Database, monkeypatch: Any
):
    """The check before the insert can be too early: then the index refuses, and the caller's act survives it."""
    first = services.defer(say, actor=None, unique="k", word="a")
    answers = iter([None, services._waiting("k")])
    monkeypatch.setattr(services, "_waiting", lambda unique: next(answers))
    with transaction.atomic():
        assert services.defer(say, actor=None, unique="k", word="b") == first
        services.defer(say, actor=None, word="c")
    assert queued() == 2


def test_many_jobs_in_two_statements(actor: User, django_assert_num_queries: Any):
    with django_assert_num_queries(2):
        pks = services.batch_defer(say, actor=actor, arguments=[{"word": str(i)} for i in range(500)])
    assert len(set(pks)) == 500
    assert inline.run_waiting(most=7) == 7
    assert [word for word, _where in said] == [str(i) for i in range(7)]


def test_a_job_waits_for_its_time(actor: User):
    pk = services.defer(say, actor=actor, run_at=clock.now() + dt.timedelta(hours=1), word="later")
    assert inline.run_waiting() == 0
    row = selectors.job(pk or 0)
    assert row is not None
    assert row.state == "scheduled"


def test_a_refusal_is_kept_in_words_and_can_be_retried(actor: User):
    pk = services.defer(refuse, actor=actor) or 0
    with pytest.raises(Invalid):
        inline.run_waiting()
    row = selectors.job(pk)
    assert row is not None
    assert (row.state, row.error, row.error_way_out) == ("failed", "数量不能为负", "改为正数")
    assert row.can_retry
    services.retry(pk, actor=actor)
    row = selectors.job(pk)
    assert row is not None
    assert (row.state, row.error) == ("retrying", "")
    assert JobLog.objects.filter(record=pk).last().text == "李工 要求重试"  # type: ignore[union-attr]
    with pytest.raises(Conflict):
        services.retry(pk, actor=actor)


def test_a_waiting_job_is_cancelled(actor: User):
    pk = services.defer(say, actor=actor, word="a") or 0
    services.cancel(pk, actor=actor)
    assert inline.run_waiting() == 0
    row = selectors.job(pk)
    assert row is not None
    assert (row.state, row.can_cancel) == ("cancelled", False)
    with pytest.raises(Conflict):
        services.cancel(pk, actor=actor)
    with pytest.raises(NotFound):
        services.cancel(10**9, actor=actor)


def test_a_running_job_stops_where_it_reports(actor: User):
    class Context:
        @staticmethod
        def should_abort() -> bool:
            return True

    state = running.Running(1, None, None, Context())  # type: ignore[arg-type]
    token = running._current.set(state)
    try:
        with pytest.raises(JobAborted):
            running.progress(1, 10)
    finally:
        running._current.reset(token)
    running.progress(1, 10)


def test_waits_follow_the_schedule_and_refusals_do_not():
    waits = Waits((5, 300))

    def job(attempts: int) -> Job:
        return Job(queue="q", lock=None, queueing_lock=None, task_name="t", attempts=attempts)

    first, second = (waits.get_retry_decision(exception=OSError(), job=job(n)) for n in (0, 1))
    assert first is not None
    assert second is not None
    assert dt.timedelta(seconds=4) < first.retry_at - clock.now() <= dt.timedelta(seconds=5)  # type: ignore[operator]
    assert dt.timedelta(seconds=299) < second.retry_at - clock.now() <= dt.timedelta(minutes=5)  # type: ignore[operator]
    assert waits.get_retry_decision(exception=OSError(), job=job(2)) is None
    assert waits.get_retry_decision(exception=Invalid("不行"), job=job(0)) is None


def test_a_database_that_went_away_is_told_from_a_statement_that_failed(committed_db: testing.Database):
    def failure(statement: str) -> Any:
        with pytest.raises(OperationalError) as failed, connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()
        return failed.value

    assert running.went_away(failure("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert not running.went_away(failure("SET statement_timeout = 10; SELECT pg_sleep(1)"))


def test_stalled_jobs_of_one_key_do_not_hold_up_the_rescue(db: None):
    """Each was taken by a worker that died before it was done, and the key was free for the next."""
    keyed = []
    for _ in range(3):
        keyed.append(services.defer(say, actor=None, unique="k", word="keyed"))
        stall()
    other = services.defer(say, actor=None, word="other")
    stall()
    assert rescue.rescue() == 4
    states = [row.state for row in map(selectors.job, (*keyed, other)) if row is not None]
    assert states == ["retrying", "aborted", "aborted", "retrying"]
    assert [log.text for log in JobLog.objects.filter(record=keyed[1])] == [
        "执行它的工作进程失联；同样的任务已在排队，由它完成"
    ]
    assert rescue.rescue() == 0


def stall() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE status = 'todo'")


def test_an_effect_happens_once(db: None):
    made = []
    for _ in range(3):
        with running.exactly_once("payroll:2026-01") as fresh:
            if fresh:
                made.append(1)
    assert made == [1]
    with pytest.raises(ZeroDivisionError), running.exactly_once("failed") as fresh:
        assert fresh
        _ = 1 / 0
    with running.exactly_once("failed") as fresh:
        assert fresh
    assert Effect.objects.count() == 2


def test_a_worker_taken_for_dead_changes_nothing(db: None):
    """The fence: the job row is no longer this worker's, so the effect is refused before it is made."""
    services.defer(quiet, actor=None)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
        worker = cursor.fetchone()[0]
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s RETURNING id", [worker]
        )
        job = cursor.fetchone()[0]
        token = running._current.set(running.Running(job, worker, None))
        try:
            with running.exactly_once("effect") as fresh:
                assert fresh
            cursor.execute("SELECT procrastinate_retry_job_v2(%s, now(), NULL, NULL, NULL)", [job])
            with pytest.raises(running.Fenced), running.exactly_once("other"):
                pytest.fail("the effect was reached")
        finally:
            running._current.reset(token)
    assert list(Effect.objects.values_list("key", flat=True)) == ["effect"]


def test_finished_jobs_are_pruned_with_their_records(actor: User):
    services.defer(quiet, actor=None)
    kept = services.defer(say, actor=actor, word="fresh")
    old = services.defer(say, actor=actor, word="old")
    inline.run_waiting()
    waiting = services.defer(say, actor=actor, word="waiting")
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE procrastinate_events e SET at = now() - CASE j.task_name
                   WHEN 'test.quiet' THEN interval '3 days' ELSE interval '31 days' END
               FROM procrastinate_jobs j LEFT JOIN jobs_record r ON r.job_id = j.id
               WHERE j.id = e.job_id AND (r.id IS NULL OR r.id IN (%s, %s))""",
            [old, waiting],
        )
    jobs.prune()
    assert set(JobRecord.objects.values_list("id", flat=True)) == {kept, waiting}
    assert queued() == 2
