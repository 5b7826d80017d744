"""Two hundred reports a minute taken in while the wall board of 500 open tickets refreshes: both figures.

Run with ``.venv/bin/python bench/desk_intake.py``. Target: at least 200 tickets a minute through the web server, and
every refresh of the board under 300 ms meanwhile (95th percentile) on two cores. Loopback only, half a minute.
"""

from __future__ import annotations

import datetime as dt
import http.client
import json
import os
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hrp.config.settings")

import django

django.setup()

from django.conf import settings
from django.test import Client

from hrp.config import testing
from hrp.config.home import Home
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.services import intake
from hrp.operations.intake.services import setup
from hrp.operations.intake.tests import world as tests
from hrp.platform.base import clock

OPEN, SECONDS, PER_MINUTE, REFRESH_MS = 500, 30, 200, 300


def prepare() -> tuple[str, str]:
    """500 open tickets; a session of an agent and a key of the telephone system."""
    world = tests.make()
    now = clock.now()
    for n in range(OPEN):
        at = now - dt.timedelta(minutes=n % 55, seconds=n)
        with clock.pinned(at + dt.timedelta(seconds=20)):
            call = intake.Call(call_at=at, answered_at=at if n % 3 else None, caller=f"6{n:03d}")
            level = ("B", "C", "A")[n % 3]
            intake.log_phone_contact(
                actor=world.engineer, report=world.report(level, title=f"故障 {n}"), call=call
            )
    client = Client()
    client.force_login(world.engineer)
    return client.cookies[settings.SESSION_COOKIE_NAME].value, setup.issue_cti_key(actor=world.engineer)


def take_in(url: str, token: str, until: float, taken: list[float]) -> None:
    """Missed calls, evenly spaced a little faster than the target asks; each opens a ticket before it is answered."""
    place = urlsplit(url)
    line = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    n = 0
    while time.monotonic() < until:
        started = time.monotonic()
        n += 1
        now = dt.datetime.now(dt.UTC)
        body = {
            "call_id": f"bench-{n}", "event": "missed", "caller": f"139{n:08d}", "at": now.isoformat(),
            "ring_at": (now - dt.timedelta(seconds=25)).isoformat(),
        }  # fmt: skip
        line.request("POST", "/operations/cti/events", json.dumps(body), headers)
        answer = line.getresponse()
        told: dict[str, Any] = json.loads(answer.read())
        if answer.status != 201 or told["ticket"] is None:
            raise SystemExit(f"not taken in: {answer.status} {told}")
        taken.append(time.monotonic() - started)
        time.sleep(max(0.0, 60 / (PER_MINUTE * 1.2) - (time.monotonic() - started)))


def refresh(url: str, session: str, until: float) -> list[float]:
    """The board's own request, twice a second: much oftener than the wall asks."""
    place = urlsplit(url)
    line = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}", "HX-Request": "true"}
    times = []
    while time.monotonic() < until:
        started = time.monotonic()
        line.request("GET", "/operations/wall", headers=headers)
        answer = line.getresponse()
        body = answer.read()
        if answer.status != 200 or b"data-deadline" not in body:
            raise SystemExit(f"no board: {answer.status}")
        times.append((time.monotonic() - started) * 1000)
        time.sleep(0.5)
    return times


def main() -> None:
    server = testing.TestServer(Home(settings.HRP_HOME / "bench"), durable=True)
    server.start()
    try:
        database = server.session
        database.use()
        testing.require_assets()
        settings.SECRET_KEY = (
            (server.home.secrets / "django.key").read_text().strip()
        )  # the session is made here
        session, token = prepare()
        taken: list[float] = []
        with testing.serve(server, database, environment=server.environment(database)) as running:
            refresh(running.url, session, time.monotonic() + 2)  # warm
            until = time.monotonic() + SECONDS
            caller = threading.Thread(target=take_in, args=(running.url, token, until, taken))
            caller.start()
            times = refresh(running.url, session, until)
            caller.join()
        still_open = Ticket.objects.filter(state__in=["new", "responded"]).count()
    finally:
        django.db.connections.close_all()
        server.stop()
    rate = len(taken) * 60 / SECONDS
    slow = statistics.quantiles(times, n=20)[18]
    print(f"taken in: {rate:.0f} tickets a minute, median {statistics.median(taken) * 1000:.0f} ms each")
    print(
        f"board of {still_open} open tickets: median {statistics.median(times):.0f} ms, 95th percentile {slow:.0f} ms,"
        f" worst {max(times):.0f} ms over {len(times)} refreshes"
    )
    if rate < PER_MINUTE or slow >= REFRESH_MS:
        raise SystemExit("target missed")


if __name__ == "__main__":
    main()
