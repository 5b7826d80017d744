"""The worker process: the queue on one side, the duty loop on the other, and a watch on both.

It ends when told to (status 0), or when either side has failed for a minute (status 1); its supervisor starts it
again always. A stop waits for running jobs a few seconds; what is then still running is found again by the rescuer.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import Sequence

from django.db import close_old_connections, connection
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException

from hrp.platform.jobs import duties

logger = logging.getLogger(__name__)

DUTIES = "duties"
BEAT_SECONDS = 5
GIVE_UP_SECONDS = 60
GRACE_SECONDS = 8


class DutyLoop(threading.Thread):
    """Runs what is due, in a thread of its own with a connection of its own, until ``stop`` is set.

    A database that is away for a moment is waited for; after a minute ``failed`` is set and the loop ends.
    """

    def __init__(self, stop: threading.Event, *, only: Sequence[str] = (), name: str = DUTIES) -> None:
        super().__init__(name=name, daemon=True)
        self.stop = stop
        self.only = list(only) or None
        self.failed = False

    def run(self) -> None:
        since: float | None = None
        enrolled = False
        pause, beaten = 0.0, float("-inf")
        while not self.stop.is_set():
            close_old_connections()
            try:
                if not enrolled:
                    duties.enrol()
                    enrolled = True
                duties.run_due(self.only)
                if time.monotonic() - beaten >= BEAT_SECONDS:
                    duties.beat(self.name)
                    beaten = time.monotonic()
                pause = duties.seconds_to_next(self.only, most=BEAT_SECONDS)
                since = None
            except Exception:
                since = since or time.monotonic()
                logger.warning("duty loop cannot work", exc_info=True)
                connection.close()
                if time.monotonic() - since > GIVE_UP_SECONDS:
                    self.failed = True
                    self.stop.set()
            self.stop.wait(pause if since is None else 2)
        connection.close()


class _Stopped(Exception):
    pass


async def _until(stop: threading.Event) -> None:
    while not stop.is_set():
        await asyncio.sleep(0.2)
    raise _Stopped


async def _serve(stop: threading.Event, *, queues: Sequence[str], concurrency: int) -> None:
    """Take jobs from the queue until ``stop`` is set; raises when the queue itself ends or fails."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    worker = asyncio.create_task(
        app.run_worker_async(
            queues=list(queues) or None,  # type: ignore[arg-type]
            concurrency=concurrency,
            name=duties.process_name(),
            install_signal_handlers=False,
            shutdown_graceful_timeout=GRACE_SECONDS - 2,
            listen_notify=True,
            fetch_job_polling_interval=5.0,
        )
    )
    watch = asyncio.create_task(_until(stop))
    await asyncio.wait({worker, watch}, return_when=asyncio.FIRST_COMPLETED)
    watch.cancel()
    if worker.done():
        worker.result()
        raise ConnectorException("the queue ended by itself")
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)


def _last_resort(stop: threading.Event) -> None:
    """A job that reports no progress cannot be interrupted: leave without it; the rescuer finds it again."""
    stop.wait()
    time.sleep(GRACE_SECONDS)
    logger.warning("jobs still running after %s s: leaving without them", GRACE_SECONDS)
    os._exit(1)


def work(*, queues: Sequence[str] = (), concurrency: int = 2) -> int:
    """Run a worker in this process until it is told to stop; returns the exit status."""
    stop = threading.Event()
    loop = DutyLoop(stop)
    loop.start()
    threading.Thread(target=_last_resort, args=[stop], daemon=True).start()
    ended = False
    try:
        with app.replace_connector(app.connector.get_worker_connector()):  # type: ignore[attr-defined]
            asyncio.run(_with_app(stop, queues=queues, concurrency=concurrency))
    except Exception:
        logger.exception("worker failed")
        ended = True
    asked = stop.is_set() and not loop.failed and not ended
    stop.set()
    loop.join(timeout=5)
    return 0 if asked else 1


async def _with_app(stop: threading.Event, *, queues: Sequence[str], concurrency: int) -> None:
    async with app.open_async():
        await _serve(stop, queues=queues, concurrency=concurrency)


def guard() -> int:
    """Run the rescuer alone, in a process that no job can block; returns the exit status."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    loop = DutyLoop(stop, only=["jobs.rescue"], name="rescuer")
    loop.start()
    while loop.is_alive():
        loop.join(timeout=0.5)
    return 1 if loop.failed else 0
