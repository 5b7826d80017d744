"""The memo ledger of consigned goods (寄售备查账): quantities, no amount."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from hrp.logistics.highvalue.models import ConsignMove, TraceUnit
from hrp.platform.base import clock


def write(units: Sequence[TraceUnit], quantity: int, *, kind: str, source: str, on: dt.date) -> None:
    """One row a piece entering (+1) or leaving (-1) the cabinet it is in; one in no cabinet leaves no row."""
    now = clock.now()
    ConsignMove.objects.bulk_create(
        ConsignMove(
            source=source, line_position=unit.line_position, kind=kind, store_id=unit.store_id, item_id=unit.item_id,
            batch_id=unit.batch_id, unit=unit, quantity=quantity, date=on, at=now,
        )
        for unit in units
        if unit.store_id is not None
    )  # fmt: skip


def mirror(*, source: str, on: dt.date) -> None:
    """Undo the rows of a document."""
    now = clock.now()
    ConsignMove.objects.bulk_create(
        ConsignMove(
            source=source, line_position=row.line_position, kind=f"{row.kind}_reversal", store_id=row.store_id,
            item_id=row.item_id, batch_id=row.batch_id, unit_id=row.unit_id, quantity=-row.quantity, date=on, at=now,
        )
        for row in ConsignMove.objects.filter(source=source).order_by("pk")
    )  # fmt: skip
