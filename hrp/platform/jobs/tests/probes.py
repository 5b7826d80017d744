"""Tasks for the tests that run real workers: this module is imported by the worker process started there."""

from __future__ import annotations

import time

from django.db import connection

from hrp.platform.jobs import running
from hrp.platform.jobs.models import Effect
from hrp.platform.jobs.tasks import task


@task(name="probe.sleep", title="等待", listed=True)
def sleep(*, key: str, seconds: float) -> None:
    """Marks that it began, waits in small steps with progress, then makes its effect once."""
    with running.exactly_once(f"began:{key}"):
        pass
    steps = max(1, int(seconds / 0.05))
    for step in range(steps):
        time.sleep(0.05)
        running.progress(step, steps, "等")
    with running.exactly_once(f"effect:{key}"):
        pass


@task(name="probe.deaf", title="不听")
def deaf(*, key: str, seconds: float) -> None:
    """Reports nothing while it waits, and its effect is fenced."""
    Effect.objects.create(key=f"began:{key}", at="2026-01-01T00:00:00Z")
    time.sleep(seconds)
    with running.exactly_once(f"effect:{key}"):
        pass


@task(name="probe.cut", title="断线")
def cut(*, key: str) -> None:
    """Loses its database the first time, and makes its effect the second."""
    with running.exactly_once(f"began:{key}") as first:
        pass
    if first:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    with running.exactly_once(f"effect:{key}"):
        pass
