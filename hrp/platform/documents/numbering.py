"""Gap-free numbers: prefix + campus + yyyymm + five digits, per campus and month of the business date.

The counter row is locked by the transaction that draws from it, and rolled back with it, so no number is ever lost.
"""

from __future__ import annotations

import datetime as dt
from functools import cache

from hrp.platform.base import sql

_DRAWN = """
WITH n AS (
    INSERT INTO documents_number (kind, campus_id, month, last) VALUES (%s, %s, %s, 1)
    ON CONFLICT (kind, campus_id, month) DO UPDATE SET last = documents_number.last + 1
    RETURNING last, campus_id, month
), drawn AS (
    SELECT %s || c.code || '-' || n.month || lpad(n.last::text, greatest(5, length(n.last::text)), '0') AS number
    FROM n JOIN org_campus c ON c.id = n.campus_id
)
"""

DRAW_SQL = f"{_DRAWN}SELECT number FROM drawn"  # noqa: S608 - both halves stand here


@cache
def stamping(table: str, columns: str) -> str:
    """SQL that draws a number and writes it, with ``columns``, into one row of a document's header table.

    One round trip, made as late in a posting as can be: every posting of the kind waits for the counter row.
    """
    return f'{_DRAWN} UPDATE "{table}" SET number = drawn.number, {columns} FROM drawn WHERE id = %s RETURNING drawn.number'  # noqa: S608 - names from our own models


def key(*, kind: str, prefix: str, campus_id: int, day: dt.date) -> list[object]:
    """The first parameters of every statement here."""
    return [kind, campus_id, f"{day:%Y%m}", prefix]


def draw(*, kind: str, prefix: str, campus_id: int, day: dt.date) -> str:
    """The next number, in the caller's transaction."""
    [(number,)] = sql.rows(DRAW_SQL, key(kind=kind, prefix=prefix, campus_id=campus_id, day=day))
    return str(number)
