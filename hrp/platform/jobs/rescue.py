"""Jobs whose worker died go back into the queue."""

from __future__ import annotations

import logging

from django.db import IntegrityError, connection, transaction

from hrp.platform.base import clock
from hrp.platform.jobs.models import JobLog

logger = logging.getLogger(__name__)

STALLED_SECONDS = 30
MOST_RESCUES = 5


def rescue() -> int:
    """Put every job that is *doing* on a worker silent for 30 s back to *todo*; return how many.

    A job rescued five times without finishing is given up as failed: it most likely kills its workers. One whose key
    waits in the queue once more is over: that other one does its work, as if it had been deferred just now.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT j.id, j.attempts FROM procrastinate_jobs j
            LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
            WHERE j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => %s))
            ORDER BY j.id FOR UPDATE OF j SKIP LOCKED""",
            [STALLED_SECONDS],
        )
        stalled = cursor.fetchall()
        for job_id, _attempts in stalled:
            _rescue(job_id)
    return len(stalled)


def _rescue(job_id: int) -> None:
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM jobs_record WHERE job_id = %s", [job_id])
        record = cursor.fetchone()
        cursor.execute(
            """SELECT count(*) FROM procrastinate_events
               WHERE job_id = %s AND type = 'started'""",
            [job_id],
        )
        ((starts,),) = cursor.fetchall()
        end = ""
        if starts > MOST_RESCUES:
            end, text = "failed", f"第 {starts} 次执行时工作进程仍然中断，不再重试"
        elif _queued_again(job_id):
            text = "执行它的工作进程失联，重新排队"
        else:
            end, text = "aborted", "执行它的工作进程失联；同样的任务已在排队，由它完成"
        if end:
            cursor.execute("SELECT procrastinate_finish_job_v1(%s, %s, false)", [job_id, end])
        logger.warning("job %s rescued: %s", job_id, text)
        if record:
            JobLog.objects.create(record_id=record[0], at=now, level=JobLog.Level.WARNING, text=text)
            if end:
                cursor.execute(
                    "UPDATE jobs_record SET finished_at = %s, error = %s WHERE id = %s",
                    [now, text if end == "failed" else "", record[0]],
                )


def _queued_again(job_id: int) -> bool:
    """Put it back; False when a job of the same key waits already, for no key waits twice."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT procrastinate_retry_job_v2(%s, %s, NULL, NULL, NULL)", [job_id, clock.now()]
            )
    except IntegrityError:
        return False
    return True
