"""The desk's clocks at 100,000 open tickets: how soon a miss is written, how fast an outage is caught up, how fast boards are.

Run with ``make bench`` (or ``.venv/bin/python bench/desk_clocks.py [tickets]``). Targets: breach and warning written at most
5 s after their instant; three hours of outage caught up within a minute, every notice sent once; ticket list and wall
board with 500 open tickets under 300 ms at the server; ``hrp invariants`` of the desk still usable.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hrp.config.settings")

import django

django.setup()

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hrp.config import testing
from hrp.operations.desk import jobs
from hrp.operations.desk.models import Breach, Escalation, PendingNotice, Ticket, Watch
from hrp.operations.desk.services import breaches
from hrp.operations.desk.tests import crowd
from hrp.operations.desk.tests import world as desk
from hrp.platform.access.services.machines import system_actor
from hrp.platform.base import clock, health
from hrp.platform.notify.models import Message

TICKETS = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
WATCHED_S = 60
OUTAGE = dt.timedelta(hours=3)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def pages(world: desk.World, title: str) -> None:
    """Median of five requests of each board, after one to warm up, with its number of statements."""
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(world.head)
    for name in ("operations.ticket.list", "operations.wall", "operations.breach.list"):
        assert client.get(reverse(name)).status_code == 200
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(name))
            statements = len(queries)
        times = sorted(timed(lambda name=name: client.get(reverse(name)))[0] for _ in range(5))
        print(f"  {title} {name}: {times[2] * 1000:.0f} ms, {statements} statements")


def gathered(world: desk.World, count: int, now: dt.datetime, after: int = 0) -> None:
    """Calls of the last hour, so that a step falls due at every moment of the watch."""
    hour = dt.timedelta(minutes=59)
    crowd.gather(world, count, first=now - hour, spread=hour, after=after, total=TICKETS)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def steady(actor: Any) -> None:
    """Look every two seconds, as the duty does, and compare each instant with when it was written."""
    while Ticket.objects.filter(next_due_at__lt=clock.now() - dt.timedelta(seconds=2)).exists():
        breaches.scan(actor=actor)  # what fell due while the tickets were being made
    began, busy, looks = clock.now(), 0.0, 0
    while clock.now() - began < dt.timedelta(seconds=WATCHED_S):
        seconds, _ = timed(jobs.find_breaches)
        busy, looks = busy + seconds, looks + 1
        time.sleep(max(0.0, 2 - seconds))
    found = Escalation.objects.filter(at__gt=began).values_list("at", "found_at")
    lags = sorted((written - at).total_seconds() for at, written in found)
    print(
        f"  steady: {len(lags)} steps in {WATCHED_S} s, latest {lags[-1]:.2f} s after its instant, "
        f"median {lags[len(lags) // 2]:.2f} s; a look took {busy / looks * 1000:.0f} ms"
    )


def catch_up(actor: Any) -> None:
    """Nobody looked for three hours; then one worker does, as the duty would."""
    stopped = Watch.objects.get(key="clocks").seen_at
    before = (Breach.objects.count(), Message.objects.count())

    def work() -> None:
        with clock.pinned(stopped + OUTAGE):
            while True:
                breaches.scan(actor=actor)
                if not Ticket.objects.filter(next_due_at__lt=clock.now()).exists():
                    return

    seconds, _ = timed(work)
    late = Breach.objects.filter(found_at=stopped + OUTAGE)
    assert not PendingNotice.objects.exists()
    assert late.count() == late.filter(detected_late=True).count() == Breach.objects.count() - before[0]
    print(
        f"  caught up {late.count()} breaches in {seconds:.1f} s; {Message.objects.count() - before[1]} messages, "
        f"the longest {max(len(body) for body in Message.objects.order_by('-pk').values_list('body', flat=True)[:9])} characters"
    )


def main() -> None:
    with testing.bench_database():
        world = desk.make()
        actor = system_actor("desk", title="服务台时钟")
        now = clock.now()
        few = min(500, TICKETS)
        gathered(world, few, now)
        pages(world, f"{few} open")
        if few < TICKETS:
            seconds, _ = timed(lambda: gathered(world, TICKETS - few, now, after=few))
            print(f"  {TICKETS} open tickets, made in {seconds:.0f} s")
        steady(actor)
        pages(world, f"{TICKETS} open")
        catch_up(actor)
        for outcome in health.run("operations"):
            print(f"  {outcome.id}: {outcome.state} in {outcome.seconds:.2f} s")


if __name__ == "__main__":
    main()
