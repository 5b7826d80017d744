"""The job room's own tasks and duties."""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction

from hrp.platform.base import clock
from hrp.platform.jobs import checkups, rescue
from hrp.platform.jobs.duties import duty
from hrp.platform.jobs.models import Effect, HealthRun
from hrp.platform.jobs.services import defer
from hrp.platform.jobs.tasks import task

KEEP_LISTED_DAYS = 30
KEEP_UNLISTED_DAYS = 2
KEEP_EFFECTS_DAYS = 400
KEEP_CHECKUPS_DAYS = 400


@duty(name="jobs.rescue", title="找回失联进程上的任务", every_seconds=30)
def rescue_stalled() -> None:
    rescue.rescue()


@task(name="jobs.checkup", title="核对全部不变量")
def checkup(*, cause: str = "nightly") -> None:
    """Run every invariant and keep the result."""
    checkups.run(cause=cause)


@duty(name="jobs.nightly_checkup", title="每夜核对全部不变量", daily_at=dt.time(2, 30))
def nightly_checkup() -> None:
    defer(checkup, actor=None, unique="jobs.checkup.nightly", cause="nightly")


@duty(name="jobs.prune", title="清理结束的任务", every_seconds=3600)
def prune() -> None:
    """Finished jobs leave the queue after two days, those people can see after thirty, with their records."""
    now = clock.now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            WITH old AS (
                SELECT j.id FROM procrastinate_jobs j
                LEFT JOIN jobs_record r ON r.job_id = j.id
                WHERE j.status IN ('succeeded', 'failed', 'cancelled', 'aborted')
                  AND (SELECT max(e.at) FROM procrastinate_events e WHERE e.job_id = j.id)
                      < CASE WHEN r.id IS NULL THEN %s ELSE %s END
                ORDER BY j.id LIMIT 20000
            ), records AS (
                SELECT r.id FROM jobs_record r JOIN old ON old.id = r.job_id
            ), logs AS (
                DELETE FROM jobs_log USING records WHERE jobs_log.record_id = records.id
            )
            SELECT (SELECT array_agg(id) FROM old), (SELECT array_agg(id) FROM records)""",
            [now - dt.timedelta(days=KEEP_UNLISTED_DAYS), now - dt.timedelta(days=KEEP_LISTED_DAYS)],
        )
        ((jobs, records),) = cursor.fetchall()
        cursor.execute("DELETE FROM jobs_record WHERE id = ANY(%s)", [records or []])
        cursor.execute("DELETE FROM procrastinate_jobs WHERE id = ANY(%s)", [jobs or []])
    Effect.objects.filter(at__lt=now - dt.timedelta(days=KEEP_EFFECTS_DAYS)).delete()
    HealthRun.objects.filter(at__lt=now - dt.timedelta(days=KEEP_CHECKUPS_DAYS)).delete()
