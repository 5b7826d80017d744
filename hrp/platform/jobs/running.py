"""What a task can know and say while it runs: its record, its progress, and whether its effect is already there."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NoReturn

from django.contrib.auth import get_user_model
from django.db import DatabaseError, InterfaceError, OperationalError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from procrastinate.exceptions import JobAborted
from procrastinate.job_context import JobContext

from hrp.platform.base import clock, history, origin
from hrp.platform.base.refusals import Refusal
from hrp.platform.jobs.models import JobLog, JobRecord
from hrp.platform.jobs.tasks import Task

logger = logging.getLogger(__name__)

REPORT_EVERY_SECONDS = 0.5


class Fenced(Exception):
    """This job was given to another worker while this one slept: it must leave no effect."""


@dataclass
class Running:
    """The job running in this thread. ``side`` is a second connection, whose writes are seen before the task ends."""

    job_id: int
    worker_id: int | None
    record: JobRecord | None
    context: JobContext | None = None
    side: BaseDatabaseWrapper | None = None
    reported: float = 0.0

    @property
    def aborting(self) -> bool:
        return self.context is not None and self.context.should_abort()


_current: ContextVar[Running | None] = ContextVar("hrp_running_job", default=None)


def current() -> Running | None:
    """The job running here, or None outside a worker."""
    return _current.get()


def perform(task: Task, context: JobContext, kwargs: Mapping[str, Any]) -> None:
    """Run ``task`` for the worker: origin, progress, log; errors are recorded and raised again for the queue.

    Two things end the whole process instead, for the library would write a verdict over a job that has none: the job was
    given to another worker meanwhile, or the database went away. The rescuer then puts it back into the queue.
    """
    job = context.job
    try:
        with _running(Running(job.id or 0, job.worker_id, None, context), side=True) as running:
            try:
                _perform(task, running, kwargs)
            finally:
                if not _ours(running):
                    _leave("job %s was given to another worker: this process was paused; leaving", job.id)
    except (OperationalError, InterfaceError) as error:
        if went_away(error):
            _leave("the database went away under job %s; leaving", job.id)
        raise


def went_away(error: OperationalError | InterfaceError) -> bool:
    """Whether the database stopped under a statement or could not be reached: no answer, or "shutting down"."""
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state.startswith(("08", "57P"))


def _leave(why: str, job_id: int | None) -> NoReturn:
    logger.critical(why, job_id)
    os._exit(75)


def perform_here(task: Task, job_id: int, kwargs: Mapping[str, Any]) -> None:
    """Run ``task`` on this connection, in the caller's transaction if there is one."""
    with _running(Running(job_id, None, None), side=False) as running:
        _perform(task, running, kwargs)


def _ours(running: Running) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM procrastinate_jobs WHERE id = %s AND status = 'doing' AND worker_id = %s",
            [running.job_id, running.worker_id],
        )
        return cursor.fetchone() is not None


@contextmanager
def _running(running: Running, *, side: bool) -> Iterator[Running]:
    history.attach()
    running.record = JobRecord.objects.filter(job_id=running.job_id).first()
    if side and running.record is not None:
        running.side = connections.create_connection("default")
    token = _current.set(running)
    try:
        yield running
    finally:
        _current.reset(token)
        if running.side is not None:
            running.side.close()


def _perform(task: Task, running: Running, kwargs: Mapping[str, Any]) -> None:
    actor = None
    if running.record is not None and running.record.actor_id is not None:
        actor = get_user_model()._default_manager.filter(pk=running.record.actor_id).first()
    _update(running, started_at=clock.now(), finished_at=None, error="", error_way_out="")
    with origin.entered(origin.Origin(request_id=f"job:{running.job_id}", actor=actor)):
        try:
            task(**kwargs)
        except JobAborted:
            log("已按要求停止", level=JobLog.Level.WARNING)
            _update(running, finished_at=clock.now())
            raise
        except Exception as error:
            reason, way_out = _explained(error)
            log(f"{reason} {way_out}".strip(), level=JobLog.Level.ERROR)
            _update(running, finished_at=clock.now(), error=reason[:500], error_way_out=way_out[:500])
            raise
    _update(running, finished_at=clock.now())


def _explained(error: Exception) -> tuple[str, str]:
    if isinstance(error, Refusal):
        return error.reason, error.way_out
    return f"程序错误（{type(error).__name__}）：{error}", "可以重试；再次失败请把任务号告诉运维人员。"


def _execute(running: Running, sql: str, params: list[Any]) -> None:
    """Write on the side connection, never letting a broken progress bar break the task."""
    database = running.side or connection
    try:
        with database.cursor() as cursor:
            cursor.execute(sql, params)
    except DatabaseError:
        if running.side is None:
            raise
        logger.warning("progress of job %s could not be written", running.job_id, exc_info=True)
        running.side.close()


def _update(running: Running, **values: Any) -> None:
    if running.record is None:
        return
    columns = ", ".join(f'"{name}" = %s' for name in values)
    sql = f"UPDATE jobs_record SET {columns} WHERE id = %s"  # noqa: S608 (our own column names)
    _execute(running, sql, [*values.values(), running.record.pk])


def progress(done: int, total: int, note: str = "") -> None:
    """Report progress, at most twice a second; stops the task here when somebody asked to cancel it.

    Raises :class:`procrastinate.exceptions.JobAborted` inside the running task: let it pass. A no-op elsewhere.
    """
    running = current()
    if running is None:
        return
    if running.aborting:
        raise JobAborted
    now = time.monotonic()
    if done < total and now - running.reported < REPORT_EVERY_SECONDS:
        return
    running.reported = now
    _update(running, done=done, total=total, note=note[:200])


def log(text: str, *, level: str = JobLog.Level.INFO) -> None:
    """Add a line to the running job's log, visible at once. A no-op outside a job."""
    running = current()
    if running is None or running.record is None:
        return
    _execute(
        running,
        "INSERT INTO jobs_log (record_id, at, level, text) VALUES (%s, %s, %s, %s)",
        [running.record.pk, clock.now(), str(level), text],
    )


def result(url: str, title: str) -> None:
    """Where the fruit of the running job can be seen: a path of the application and its name."""
    running = current()
    if running is not None:
        _update(running, result_url=url[:300], result_title=title[:200])


@contextmanager
def exactly_once(key: str) -> Iterator[bool]:
    """One transaction in which the effect named ``key`` happens, or True was already said for it before.

    Yields True when the effect is still to be made. Inside a worker the job row is locked first and must still be
    ours, else :class:`Fenced` is raised: a worker that was paused and taken for dead changes nothing when it wakes.
    """
    running = current()
    with transaction.atomic(), connection.cursor() as cursor:
        if running is not None and running.worker_id is not None:
            cursor.execute(
                """SELECT 1 FROM procrastinate_jobs
                   WHERE id = %s AND status = 'doing' AND worker_id = %s FOR UPDATE""",
                [running.job_id, running.worker_id],
            )
            if cursor.fetchone() is None:
                raise Fenced(f"job {running.job_id} is no longer ours")
        cursor.execute(
            "INSERT INTO jobs_effect (key, job_id, at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [key, running.job_id if running else None, clock.now()],
        )
        yield cursor.rowcount == 1
