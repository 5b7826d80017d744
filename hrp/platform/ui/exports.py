"""A list as a workbook: the columns the person sees, the rows of the present filter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from hrp.platform.exchange import sheets
from hrp.platform.exchange.sheets import OutColumn
from hrp.platform.ui import columns as cols
from hrp.platform.ui.screens import Column
from hrp.platform.ui.tables import Table

DIRECT_ROWS = 20_000
_KINDS: dict[str, Any] = {
    "money": "money", "quantity": "decimal", "price": "decimal", "integer": "integer", "date": "date", "bool": "bool",
    "code": "code",
}  # fmt: skip


def sheet_columns(table: Table) -> list[OutColumn]:
    return [
        OutColumn(
            key=str(place), title=column.title, kind=_KINDS.get(column.kind, "text"), total=column.total
        )
        for place, column in enumerate(table.shown)
    ]


def _cell(column: Column, obj: Any) -> Any:
    value = cols.value_of(column, obj)
    if value is None or value == "":
        return None
    if column.kind in _KINDS and not (column.kind == "date" and isinstance(value, str)):
        return value
    return cols.text_of(column, obj)


def _rows(table: Table) -> Iterator[dict[str, Any]]:
    rows = table.rows_query.order_by(*table.order)
    paths = cols.relations(table.model, table.shown)
    if paths:
        rows = rows.select_related(*paths)
    for obj in rows.iterator(chunk_size=2000):
        yield {str(place): _cell(column, obj) for place, column in enumerate(table.shown)}


def write_table(table: Table, *, title: str, columns: list[OutColumn], stream: BinaryIO) -> None:
    """Write every row of the filter, not only the page shown."""
    sheets.write(_rows(table), columns, title, table.words, stream)
