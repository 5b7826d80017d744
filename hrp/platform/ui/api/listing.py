"""A page of rows, as every list of the API answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ninja import Schema

from hrp.platform.ui.tables import Table


class Page(Schema):
    items: list[dict[str, Any]]
    page: int
    pages: int
    size: int
    total: int
    more: bool  # whether there are more rows than were counted


def page_of(table: Table, show: Callable[[Any], dict[str, Any]]) -> Page:
    return Page(
        items=[show(obj) for obj in table.objects],
        page=table.page,
        pages=table.pages,
        size=table.size,
        total=table.total,
        more=table.bounded,
    )
