"""Hot statements: prepared once per connection, bound by the server.

Django binds parameters on the client by default, so that no statement is ever seen twice and each is parsed and
planned again. For the few statements every posting runs this costs more than the work itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection


@contextmanager
def _cursor() -> Iterator[psycopg.Cursor[Any]]:
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        yield cursor


def run(statement: str, parameters: Sequence[Any]) -> int:
    """Execute a prepared statement in the caller's transaction; returns the number of rows it touched."""
    with _cursor() as cursor:
        cursor.execute(statement, parameters, prepare=True)
        return cursor.rowcount


def rows(statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a prepared statement."""
    with _cursor() as cursor:
        return cursor.execute(statement, parameters, prepare=True).fetchall()


def row(statement: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    """The first row of a prepared statement, or None."""
    with _cursor() as cursor:
        return cursor.execute(statement, parameters, prepare=True).fetchone()
