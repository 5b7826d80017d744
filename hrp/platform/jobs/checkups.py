"""Running every registered invariant and keeping what was found."""

from __future__ import annotations

import time
from dataclasses import asdict
from decimal import Decimal

from hrp.platform.base import clock, health
from hrp.platform.jobs.models import HealthRun


def run(*, cause: str, module: str | None = None) -> HealthRun:
    """Run the invariants (of one module) and store one :class:`HealthRun`. Ten rows per broken one are kept."""
    at, started = clock.now(), time.perf_counter()
    outcomes = health.run(module)
    count = {state: sum(o.state == state for o in outcomes) for state in ("ok", "broken", "unknown")}
    return HealthRun.objects.create(
        at=at,
        cause=cause,
        seconds=Decimal(str(round(time.perf_counter() - started, 3))),
        outcomes=[asdict(o) | {"rows": o.rows[:10]} for o in outcomes],
        **count,
    )
