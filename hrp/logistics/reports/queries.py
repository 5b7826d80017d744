"""Asking the database for the rows of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection

from hrp.platform.ui.reports import Asked, Row


def rows(statement: str, values: Mapping[str, Any]) -> list[Row]:
    """The rows of a statement with named parameters, each as a mapping by column."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def where_units(asked: Asked, column: str) -> str:
    """The condition that keeps a report to the departments its reader may look at. Numbers of ours only, no text."""
    if asked.units is None:
        return "true"
    return (
        f"{column} IN ({', '.join(str(int(unit)) for unit in sorted(asked.units))})"
        if asked.units
        else "false"
    )
