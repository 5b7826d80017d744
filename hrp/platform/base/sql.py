"""Hot statements: prepared once per connection, bound by the server.

Django binds parameters on the client by default, so that no statement is ever seen twice and each is parsed and
planned again. For the few statements every posting runs this costs more than the work itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar, cast

import psycopg
from django.db import connection
from django.db.models import Model

M = TypeVar("M", bound=Model)


class _Prepared(psycopg.Cursor[Any]):
    """A cursor of the server's binding that has every statement prepared."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        return super().execute(query, params, prepare=True, **options)


@contextmanager
def _cursor() -> Iterator[Any]:
    """A prepared cursor behind Django's own wrapper, so that counting, logging and error classes stay the same."""
    connection.ensure_connection()
    with _Prepared(connection.connection) as cursor:
        wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
        yield wrap(cast(Any, cursor))


def run(statement: str, parameters: Sequence[Any]) -> int:
    """Execute a prepared statement in the caller's transaction; returns the number of rows it touched."""
    with _cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def rows(statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a prepared statement."""
    with _cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def row(statement: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    """The first row of a prepared statement, or None."""
    with _cursor() as cursor:
        cursor.execute(statement, parameters)
        found: tuple[Any, ...] | None = cursor.fetchone()
        return found


@contextmanager
def over_everything() -> Iterator[None]:
    """For the statements inside that read and write most rows of large tables: memory to hash in, and no row by row look-ups.

    The planner cannot know how many rows a closed form lets through, guesses a few hundred and then visits a million one by
    one. In the caller's transaction, and over at its end or the block's.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '256MB'; SET LOCAL enable_nestloop = off; SET LOCAL jit = off")
    yield
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL work_mem TO DEFAULT; SET LOCAL enable_nestloop TO DEFAULT; SET LOCAL jit TO DEFAULT"
        )


@cache
def _lock_statement(model: type[Model]) -> tuple[str, list[str], list[tuple[int, Callable[..., Any]]]]:
    """The locking SELECT of a model, its field names, and what must be done to which column of an answer."""
    fields = model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    key = model._meta.pk
    assert key is not None  # noqa: S101 - every model of ours has one
    statement = f'SELECT {columns} FROM "{model._meta.db_table}" WHERE "{key.column}" = %s FOR UPDATE'  # noqa: S608 - names from our own model
    converters = [
        (place, convert)
        for place, field in enumerate(fields)
        for convert in field.get_db_converters(connection)
    ]
    return statement, [field.attname for field in fields], converters


def lock(model: type[M], pk: Any) -> M | None:
    """The row with this key as it is now, locked until the end of the transaction; None when there is none.

    What ``select_for_update().get()`` does, without building and planning the query anew for every document.
    """
    statement, names, converters = _lock_statement(model)
    found = row(statement, [pk])
    if found is None:
        return None
    values = list(found)
    for place, convert in converters:
        values[place] = convert(values[place], None, connection)
    return model.from_db(connection.alias, names, values)
