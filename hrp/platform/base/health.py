"""Registry of invariants: read-only queries that must return no row.

Run at month close, nightly, inside every 巡检 and by ``hrp invariants``. What a row names by key is told in the words
of the module (:class:`Column`), so that whoever reads it knows which store, item and batch to look at.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from django.db import DatabaseError, connection, transaction

from hrp.platform.base.registry import Registry

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Invariant:
    """``sql`` returns one row per violation (at most 100 are kept). ``way_out`` tells people what to do about one."""

    id: str
    module: str
    title: str
    sql: str = ""
    check: Callable[[], Rows] | None = None
    way_out: str = ""


@dataclass(frozen=True)
class Column:
    """How a module calls a column of its rows; ``names`` is SQL giving (key, words) for an array of keys."""

    title: str
    names: str = ""


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
    told: list[str] = field(default_factory=list)
    way_out: str = ""

    def words(self, most: int = 3) -> str:
        """What is wrong, in one paragraph: how many rows, the first of them, and what to do."""
        if self.detail:
            return f"{self.id} {self.title}：未能核对（{self.detail}）"
        shown = "；".join(self.told[:most]) + ("……" if self.found > most else "")
        return f"{self.id} {self.title}：{self.found} 行：{shown}。{self.way_out}"


invariants: Registry[Invariant] = Registry("不变量")
columns: Registry[Column] = Registry("不变量的列")


def register(invariant: Invariant) -> Invariant:
    return invariants.register(invariant.id, invariant)


def call(module: str, **named: Column) -> None:
    """Say how a module calls the columns of its rows, once, from its ``apps.py``."""
    for name, column in named.items():
        columns.register(f"{module}.{name}", column)


def tell(module: str, rows: Rows) -> list[str]:
    """Rows as people read them: titles for columns, names for keys, figures without trailing zeros."""
    named = {
        name: column
        for name in (rows[0] if rows else ())
        if (column := columns.get(f"{module}.{name}")) is not None
    }
    known = {
        name: _names(column.names, [row[name] for row in rows if isinstance(row[name], int)])
        for name, column in named.items()
        if column.names
    }
    return [
        "，".join(
            f"{named[name].title if name in named else name} {_name(known.get(name), value) or _figure(value)}"
            for name, value in row.items()
        )
        for row in rows
    ]


def _names(statement: str, keys: Sequence[int]) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [sorted(set(keys))])
        return dict(cursor.fetchall())


def _name(known: dict[int, str] | None, value: Any) -> str | None:
    return known.get(value) if known and isinstance(value, int) else None


def _figure(value: Any) -> str:
    if value is None or value == "":
        return "无"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return f"{value:%Y-%m-%d}" if isinstance(value, dt.date) else str(value)


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
                told = tell(invariant.module, rows[:100])
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
                    way_out=invariant.way_out,
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
                told=told,
                way_out=invariant.way_out,
            )
        )
    return outcomes
