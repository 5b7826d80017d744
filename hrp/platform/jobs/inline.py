"""Running waiting jobs here and now, without a worker: demo data, stories told by tests, one-off maintenance."""

from __future__ import annotations

import json

from django.db import connection

from hrp.platform.jobs import running
from hrp.platform.jobs.tasks import tasks


def run_waiting(*, queue: str | None = None, most: int = 1000) -> int:
    """Run every job that is due, in order, on this connection; return how many ran. An error of a task is raised.

    Jobs whose task is unknown to this process stay where they are.
    """
    done = 0
    while done < most:
        with connection.cursor() as cursor:
            cursor.execute(
                """UPDATE procrastinate_jobs SET status = 'doing' WHERE id = (
                       SELECT id FROM procrastinate_jobs
                       WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())
                         AND task_name = ANY(%s) AND (%s::text IS NULL OR queue_name = %s)
                       ORDER BY priority DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED
                   ) RETURNING id, task_name, args""",
                [[name for name, _task in tasks.items()], queue, queue],
            )
            row = cursor.fetchone()
        if row is None:
            break
        job_id, name, arguments = row
        status = "failed"
        try:
            running.perform_here(tasks[name], job_id, json.loads(arguments))
            status = "succeeded"
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT procrastinate_finish_job_v1(%s, %s, false)", [job_id, status])
        done += 1
    return done
