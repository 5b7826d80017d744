"""Running every registered invariant, keeping what was found and telling whoever asked to be told."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal

from django.db import transaction

from hrp.platform.base import clock, health
from hrp.platform.base.registry import Registry
from hrp.platform.jobs.models import HealthRun

KEPT = 10  # rows of each broken one

Listener = Callable[[HealthRun, list[health.Outcome]], None]
_listeners: Registry[Listener] = Registry("核对结果")


def listen(name: str, listener: Listener) -> Listener:
    """Be told of every run, with what did not hold: ``listener(run, outcomes)`` in the transaction that keeps it."""
    return _listeners.register(name, listener)


@transaction.atomic
def run(*, cause: str, module: str | None = None) -> HealthRun:
    """Run the invariants (of one module) and store one :class:`HealthRun`. The first rows of each broken one are kept."""
    at, started = clock.now(), time.perf_counter()
    outcomes = health.run(module)
    count = {state: sum(o.state == state for o in outcomes) for state in ("ok", "broken", "unknown")}
    kept = HealthRun.objects.create(
        at=at,
        cause=cause,
        seconds=Decimal(str(round(time.perf_counter() - started, 3))),
        outcomes=[asdict(o) | {"rows": o.rows[:KEPT], "told": o.told[:KEPT]} for o in outcomes],
        **count,
    )
    wrong = [o for o in outcomes if o.state != "ok"]
    for listener in _listeners:
        listener(kept, wrong)
    return kept
