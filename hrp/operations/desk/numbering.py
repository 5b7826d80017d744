"""Gap-free numbers of tickets and maintenance records, counted per contract year."""

from __future__ import annotations

import datetime as dt

from django.db import connection

from hrp.operations.contracts.models import AnnualContract
from hrp.platform.base import clock

_DRAW_SQL = """
INSERT INTO operations_number_series (key, last) VALUES (%s, 1)
ON CONFLICT (key) DO UPDATE SET last = operations_number_series.last + 1
RETURNING last
"""


def draw(prefix: str, year: AnnualContract | None, at: dt.datetime) -> str:
    """The next number, e.g. ``FW2026-00001``; ``FWK2026-00001`` (空档) where no signed year covers ``at``.

    It belongs to the caller's transaction and is rolled back with it, so no number is ever lost.
    """
    series = f"{prefix}{year.starts_on.year}" if year else f"{prefix}K{clock.local(at).year}"
    with connection.cursor() as cursor:
        cursor.execute(_DRAW_SQL, [series])
        (last,) = cursor.fetchone()
    return f"{series}-{last:05d}"
