"""Putting jobs into the queue, taking them out again, trying them once more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Job
from procrastinate.manager import JobManager

from hrp.platform.base import clock
from hrp.platform.base.origin import Actor
from hrp.platform.base.refusals import Conflict, NotFound
from hrp.platform.jobs.models import JobLog, JobRecord
from hrp.platform.jobs.tasks import Task

# Our own manager, always on Django's connection: inside a worker the library's app defers on a connection of its
# own, and a job deferred by a task would survive the rollback of that task.
queue = JobManager(DjangoConnector())


def defer(
    task: Task,
    *,
    actor: Actor | None,
    title: str = "",
    unique: str = "",
    run_at: dt.datetime | None = None,
    lock: str = "",
    **kwargs: Any,
) -> int | None:
    """Put one job in the queue in the caller's transaction; return the pk of its :class:`JobRecord` (if listed).

    With ``unique`` a job of that key that still waits is left alone and its record returned instead of a second
    one. Jobs with the same ``lock`` never run at the same time. ``run_at`` postpones. ``kwargs`` go to the task.
    """
    if unique:
        waiting = _waiting(unique)
        if waiting is not None:
            return waiting[1]
    try:
        with transaction.atomic(savepoint=bool(unique)):
            records = batch_defer(
                task, actor=actor, arguments=[kwargs], titles=[title], unique=unique, run_at=run_at, lock=lock
            )
    except AlreadyEnqueued:
        found = _waiting(unique)
        if found is None:
            raise
        return found[1]
    return records[0] if records else None


def batch_defer(
    task: Task,
    *,
    actor: Actor | None,
    arguments: Sequence[Mapping[str, Any]],
    titles: Sequence[str] = (),
    unique: str = "",
    run_at: dt.datetime | None = None,
    lock: str = "",
) -> list[int]:
    """Put one job per item of ``arguments`` in the queue, in two statements; return the pks of their records (if listed)."""
    if not arguments:
        return []
    with transaction.atomic(savepoint=False):
        jobs = queue.batch_defer_jobs(
            jobs=[
                Job(
                    id=None,
                    queue=task.queue,
                    lock=lock or None,
                    queueing_lock=unique or None,
                    task_name=task.name,
                    priority=task.priority,
                    task_kwargs=dict(kwargs),
                    scheduled_at=run_at,
                )
                for kwargs in arguments
            ]
        )
        if not task.listed:
            return []
        now = clock.now()
        records = JobRecord.objects.bulk_create(
            JobRecord(
                job_id=job.id or 0,
                task=task.name,
                title=(titles[i] if i < len(titles) and titles[i] else task.title)[:200],
                actor_id=actor.pk if actor else None,
                created_at=now,
            )
            for i, job in enumerate(jobs)
        )
    return [record.pk for record in records]


def _waiting(unique: str) -> tuple[int, int | None] | None:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT j.id, r.id FROM procrastinate_jobs j LEFT JOIN jobs_record r ON r.job_id = j.id
               WHERE j.queueing_lock = %s AND j.status = 'todo'""",
            [unique],
        )
        return cursor.fetchone()


def _locked(record_id: int) -> tuple[JobRecord, str]:
    record = JobRecord.objects.filter(pk=record_id).first()
    if record is None:
        raise NotFound(_("没有这个后台任务"), way_out=_("任务记录在完成 30 天后清除；请从列表重新打开。"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT status FROM procrastinate_jobs WHERE id = %s FOR UPDATE", [record.job_id])
        row = cursor.fetchone()
    if row is None:
        raise NotFound(_("任务已不在队列中"), way_out=_("请重新发起。"))
    return record, row[0]


def _log(record: JobRecord, text: str) -> None:
    JobLog.objects.create(record=record, at=clock.now(), text=text)


def retry(record_id: int, *, actor: Actor) -> None:
    """Put a failed job back in the queue, now. The permission is the door's to check; who did it goes to the log."""
    with transaction.atomic():
        record, status = _locked(record_id)
        if status != "failed":
            raise Conflict(
                _("“%(title)s”没有失败，不能重试") % {"title": record.title},
                way_out=_("等待它结束；已取消的任务请重新发起。"),
            )
        queue.retry_job_by_id(record.job_id, clock.now())
        JobRecord.objects.filter(pk=record.pk).update(
            finished_at=None, started_at=None, done=0, total=0, note="", error="", error_way_out=""
        )
        _log(record, _("%(name)s 要求重试") % {"name": actor.display_name})


def cancel(record_id: int, *, actor: Actor) -> None:
    """Take a waiting job out of the queue, or ask a running one to stop at its next report of progress."""
    with transaction.atomic():
        record, status = _locked(record_id)
        if status not in ("todo", "doing"):
            raise Conflict(_("“%(title)s”已经结束，不能取消") % {"title": record.title})
        queue.cancel_job_by_id(record.job_id, abort=True)
        if status == "todo":
            JobRecord.objects.filter(pk=record.pk).update(finished_at=clock.now())
        _log(record, _("%(name)s 要求取消") % {"name": actor.display_name})
