"""Named reads of background work: the job list, one job, duties, check-ups, and whether anybody is working."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from hrp.platform.base.origin import Actor
from hrp.platform.jobs.models import Duty, HealthRun, JobLog

STATES = {
    "todo": "等待",
    "scheduled": "已预约",
    "retrying": "等待重试",
    "doing": "进行中",
    "succeeded": "完成",
    "failed": "失败",
    "cancelled": "已取消",
    "aborted": "已停止",
}


@dataclass(frozen=True)
class JobRow:
    """One line of the job list. ``percent`` is None when the task reports no total."""

    pk: int
    job_id: int
    task: str
    title: str
    actor_id: int | None
    actor_name: str
    state: str
    attempts: int
    created_at: dt.datetime
    scheduled_at: dt.datetime | None
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    done: int
    total: int
    note: str
    result_url: str
    result_title: str
    error: str
    error_way_out: str

    @property
    def state_title(self) -> str:
        return STATES[self.state]

    @property
    def percent(self) -> int | None:
        return min(100, self.done * 100 // self.total) if self.total else None

    @property
    def can_retry(self) -> bool:
        return self.state == "failed"

    @property
    def can_cancel(self) -> bool:
        return self.state in ("todo", "scheduled", "retrying", "doing")


_JOBS = """
SELECT r.id AS pk, r.job_id, r.task, r.title, r.actor_id, coalesce(u.display_name, '系统') AS actor_name,
       CASE WHEN j.status = 'todo' AND j.attempts > 0 THEN 'retrying'
            WHEN j.status = 'todo' AND j.scheduled_at > now() THEN 'scheduled'
            ELSE j.status::text END AS state,
       j.attempts, r.created_at, j.scheduled_at, r.started_at, r.finished_at, r.done, r.total, r.note,
       r.result_url, r.result_title, r.error, r.error_way_out
FROM jobs_record r JOIN procrastinate_jobs j ON j.id = r.job_id LEFT JOIN access_user u ON u.id = r.actor_id
"""


def _rows(where: str, params: list[Any]) -> list[JobRow]:
    with connection.cursor() as cursor:
        cursor.execute(_JOBS + where, params)
        return [JobRow(*row) for row in cursor.fetchall()]


def job_list(
    *, actor: Actor | None = None, state: str = "", before: int | None = None, limit: int = 50
) -> list[JobRow]:
    """Jobs newest first, of one actor or of all; ``before`` is the pk of the last row of the page before.

    ``state`` is one of the queue's own: todo, doing, succeeded, failed, cancelled, aborted.
    """
    clauses, params = ["TRUE"], []
    for clause, value in (("r.actor_id = %s", actor.pk if actor else None), ("r.id < %s", before)):
        if value is not None:
            clauses.append(clause)
            params.append(value)
    if state:
        clauses.append("j.status = %s::procrastinate_job_status")
        params.append(state)
    return _rows(f"WHERE {' AND '.join(clauses)} ORDER BY r.id DESC LIMIT %s", [*params, limit])


def job(record_id: int) -> JobRow | None:
    """One job, or None once it was pruned."""
    return next(iter(_rows("WHERE r.id = %s", [record_id])), None)


def job_log(record_id: int) -> QuerySet[JobLog]:
    """The log lines of one job, oldest first."""
    return JobLog.objects.filter(record=record_id)


def active_count(actor: Actor) -> int:
    """How many of the actor's jobs wait or run."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM jobs_record r JOIN procrastinate_jobs j ON j.id = r.job_id
               WHERE r.actor_id = %s AND j.status IN ('todo', 'doing')""",
            [actor.pk],
        )
        return int(cursor.fetchone()[0])


def queue_counts() -> dict[str, int]:
    """Jobs in the queue by state, listed or not: for /metrics and the administrator's page."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY status")
        return dict(cursor.fetchall())


def duties() -> QuerySet[Duty]:
    """Every duty with when it last ran, how long it took and when it is due."""
    return Duty.objects.all()


def health_runs() -> QuerySet[HealthRun]:
    """Check-ups of all invariants, newest first."""
    return HealthRun.objects.all()


def worker_alive(within_seconds: int = 45) -> bool:
    """Has a worker taken jobs, and the duty loop gone round, within the last ``within_seconds``? For /readyz."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT EXISTS (SELECT 1 FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s))
                  AND EXISTS (SELECT 1 FROM jobs_heartbeat WHERE name = 'duties' AND at > now() - make_interval(secs => %s))""",
            [within_seconds, within_seconds],
        )
        return bool(cursor.fetchone()[0])
