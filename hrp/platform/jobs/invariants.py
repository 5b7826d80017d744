"""What must always hold of background work."""

from __future__ import annotations

from hrp.platform.base import health


def register() -> None:
    health.register(
        health.Invariant(
            id="jobs.none_stuck",
            module="jobs",
            title="没有任务在失联的工作进程上停留超过 5 分钟",
            sql="""
                SELECT j.id AS job, j.task_name AS task, j.attempts, w.last_heartbeat
                FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
                WHERE j.status = 'doing'
                  AND (w.id IS NULL OR w.last_heartbeat < now() - interval '30 seconds')
                  AND (SELECT max(e.at) FROM procrastinate_events e WHERE e.job_id = j.id AND e.type = 'started')
                      < now() - interval '5 minutes'
                ORDER BY j.id LIMIT 100
            """,
        )
    )
    health.register(
        health.Invariant(
            id="jobs.duties_on_time",
            module="jobs",
            title="定期职责没有连续失败或逾期超过一小时",
            sql="""
                SELECT name, title, next_due, failures, left(last_error, 200) AS last_error
                FROM jobs_duty WHERE failures >= 3 OR next_due < now() - interval '1 hour'
                ORDER BY name
            """,
        )
    )
