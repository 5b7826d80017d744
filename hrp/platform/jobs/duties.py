"""Duties: what must be done again and again, found by looking at what is due, never by a tick that may be missed.

One row per duty says when it is next due. Any worker may take a due one, under a lease; a worker that dies lets the
lease run out and another does it. A duty that was due while everything was down is done once on return.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction

from hrp.platform.base import clock, history, origin
from hrp.platform.base.registry import Registry
from hrp.platform.jobs.models import Duty as DutyRow
from hrp.platform.jobs.models import Heartbeat

logger = logging.getLogger(__name__)

LEASE_SECONDS = 300
RETRY_SECONDS = 30


@dataclass(frozen=True)
class Duty:
    """``every_seconds`` after it was last due, or ``daily_at`` on the hospital's clock. Long work defers a job."""

    name: str
    title: str
    function: Callable[[], object]
    every_seconds: int = 0
    daily_at: dt.time | None = None

    def due_after(self, moment: dt.datetime) -> dt.datetime:
        """The next time it is due, strictly after ``moment``."""
        if self.daily_at is None:
            return moment + dt.timedelta(seconds=self.every_seconds)
        here = clock.local(moment)
        today = here.replace(hour=self.daily_at.hour, minute=self.daily_at.minute, second=0, microsecond=0)
        return today if today > here else today + dt.timedelta(days=1)


duties: Registry[Duty] = Registry("定期职责")


def duty(
    *, name: str, title: str, every_seconds: int = 0, daily_at: dt.time | None = None
) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Declare the decorated function as a duty, in a module's ``jobs.py``. Exactly one of the two rhythms is given.

    The function runs in the duty loop, which does one thing at a time: it should take seconds, and defer a job for
    anything longer. It may run twice if a worker dies in it.
    """
    if bool(every_seconds) == (daily_at is not None):
        raise ValueError(f"{name}: every_seconds 与 daily_at 二选一")

    def declare(function: Callable[[], object]) -> Callable[[], object]:
        duties.register(name, Duty(name, title, function, every_seconds, daily_at))
        return function

    return declare


def process_name() -> str:
    return f"{socket.gethostname()[:50]}:{os.getpid()}"


def enrol() -> None:
    """Make sure every registered duty has its row; a new one is due now (a daily one at its hour).

    A process of this machine that died with a duty in hand is not waited for: its leases end here.
    """
    now = clock.now()
    for one in duties:
        first = now if one.daily_at is None else one.due_after(now)
        row, created = DutyRow.objects.get_or_create(
            name=one.name, defaults={"title": one.title, "next_due": first}
        )
        if not created and row.title != one.title:
            DutyRow.objects.filter(pk=one.name).update(title=one.title)
    DutyRow.objects.exclude(name__in=[one.name for one in duties]).delete()
    mine = process_name()
    held = DutyRow.objects.filter(leased_by__startswith=f"{mine.rpartition(':')[0]}:")
    for holder in set(held.values_list("leased_by", flat=True)):
        if holder == mine or not _lives(int(holder.rpartition(":")[2])):  # a pid may come round again
            held.filter(leased_by=holder).update(lease_until=None, leased_by="")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


_CLAIM = """
UPDATE jobs_duty SET lease_until = %(lease)s, leased_by = %(by)s, last_started = %(now)s
WHERE name = (
    SELECT name FROM jobs_duty
    WHERE next_due <= %(now)s AND (lease_until IS NULL OR lease_until < %(now)s) AND name = ANY(%(names)s)
    ORDER BY next_due, name LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING name
"""


def _claim(names: list[str]) -> Duty | None:
    now = clock.now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {
                "lease": now + dt.timedelta(seconds=LEASE_SECONDS),
                "by": process_name(),
                "now": now,
                "names": names,
            },
        )
        row = cursor.fetchone()
    return duties[row[0]] if row else None


def run_due(names: list[str] | None = None) -> list[str]:
    """Run every duty that is due (of ``names``), one after another; return the names of those that were run."""
    done: list[str] = []
    wanted = names if names is not None else [one.name for one in duties]
    while True:
        one = _claim(wanted)
        if one is None:
            return done
        _run(one)
        done.append(one.name)


def _run(one: Duty) -> None:
    history.attach()
    started = time.perf_counter()
    error = ""
    with origin.entered(origin.Origin(request_id=f"duty:{one.name}"[:64])):
        try:
            one.function()
        except Exception as failure:
            logger.exception("duty %s failed", one.name)
            error = f"{type(failure).__name__}: {failure}"
    now = clock.now()
    mine = DutyRow.objects.filter(pk=one.name, leased_by=process_name())
    if error:
        row = mine.first()
        failures = (row.failures if row else 0) + 1
        soon = min(one.due_after(now), now + dt.timedelta(seconds=min(RETRY_SECONDS * failures, 1800)))
        mine.update(lease_until=None, leased_by="", failures=failures, last_error=error[:2000], next_due=soon)
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE jobs_duty SET lease_until = NULL, leased_by = '', failures = 0, last_error = '', runs = runs + 1,
                      last_finished = %s, seconds = %s, next_due = %s
               WHERE name = %s AND leased_by = %s""",
            [now, round(time.perf_counter() - started, 3), one.due_after(now), one.name, process_name()],
        )


def seconds_to_next(names: list[str] | None = None, *, most: float) -> float:
    """How long nothing is due, at most ``most`` and never less than a tenth: a duty of every second is done every second."""
    wanted = names if names is not None else [one.name for one in duties]
    due = (
        DutyRow.objects.filter(name__in=wanted)
        .order_by("next_due")
        .values_list("next_due", flat=True)
        .first()
    )
    if due is None:
        return most
    return min(most, max(0.1, (due - clock.now()).total_seconds()))


def beat(name: str) -> None:
    """Say that this process is alive."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": clock.now(), "process": process_name()})
