"""Registry of invariants: read-only queries that must return no row.

Run at month close, nightly, inside every 巡检 and by ``hrp invariants``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db import DatabaseError, connection, transaction

from hrp.platform.base.registry import Registry

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Invariant:
    """``sql`` returns one row per violation (at most 100 are kept). ``params`` binds it to a scope when given."""

    id: str
    module: str
    title: str
    sql: str = ""
    check: Callable[[], Rows] | None = None


@dataclass(frozen=True)
class Outcome:
    id: str
    module: str
    title: str
    state: Literal["ok", "broken", "unknown"]
    found: int
    seconds: float
    rows: Rows = field(default_factory=list)
    detail: str = ""


invariants: Registry[Invariant] = Registry("不变量")


def register(invariant: Invariant) -> Invariant:
    return invariants.register(invariant.id, invariant)


def _rows(invariant: Invariant) -> Rows:
    if invariant.check is not None:
        return invariant.check()
    with connection.cursor() as cursor:
        cursor.execute(invariant.sql)
        names = [c[0] for c in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def run(module: str | None = None) -> list[Outcome]:
    """Run every registered invariant (of one module). A query that fails is *unknown*, never ok."""
    outcomes = []
    for invariant in invariants:
        if module and invariant.module != module:
            continue
        started = time.perf_counter()
        try:
            with transaction.atomic():
                rows = _rows(invariant)
        except DatabaseError as error:
            outcomes.append(
                Outcome(
                    invariant.id,
                    invariant.module,
                    invariant.title,
                    "unknown",
                    0,
                    time.perf_counter() - started,
                    detail=str(error).strip(),
                )
            )
            continue
        outcomes.append(
            Outcome(
                invariant.id,
                invariant.module,
                invariant.title,
                "broken" if rows else "ok",
                len(rows),
                time.perf_counter() - started,
                rows[:100],
            )
        )
    return outcomes
