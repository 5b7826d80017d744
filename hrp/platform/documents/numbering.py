"""Gap-free numbers: prefix + yyyymm + five digits, per campus and month of the business date."""

from __future__ import annotations

import datetime as dt

from hrp.platform.base import sql

DRAW_SQL = """
INSERT INTO documents_number (kind, campus_id, month, last) VALUES (%s, %s, %s, 1)
ON CONFLICT (kind, campus_id, month) DO UPDATE SET last = documents_number.last + 1
RETURNING last, (SELECT code FROM org_campus WHERE id = %s)
"""


def draw(*, kind: str, prefix: str, campus_id: int, day: dt.date) -> str:
    """The next number. It belongs to the caller's transaction: rolled back with it, so no number is ever lost."""
    month = f"{day:%Y%m}"
    [(last, campus)] = sql.rows(DRAW_SQL, [kind, campus_id, month, campus_id])
    return f"{prefix}{campus}-{month}{last:05d}"
