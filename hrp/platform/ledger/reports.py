"""Sums over the journal for overviews: by month, account and unit. Amounts in yuan, expense and income positive.

With ``units`` only what was booked on those departments is summed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

_MONTHLY = """
SELECT to_char(e.date, 'YYYY-MM') AS month, a.element, sum(l.amount)
FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id JOIN ledger_account a ON a.id = l.account_id
WHERE e.date BETWEEN %s AND %s AND a.element IN ('income', 'expense')
  AND (%s::bigint[] IS NULL OR l.org_unit_id = ANY(%s::bigint[]))
GROUP BY 1, 2
"""

_BY_ACCOUNT = """
SELECT a.name, sum(l.amount) AS amount
FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id JOIN ledger_account a ON a.id = l.account_id
WHERE e.date BETWEEN %s AND %s AND a.element = %s
  AND (%s::bigint[] IS NULL OR l.org_unit_id = ANY(%s::bigint[]))
GROUP BY 1 HAVING sum(l.amount) <> 0 ORDER BY 2 DESC
"""

_BY_UNIT = """
SELECT u.id, u.name, to_char(e.date, 'YYYY-MM'), sum(l.amount)
FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id JOIN ledger_account a ON a.id = l.account_id
JOIN org_unit u ON u.id = l.org_unit_id
WHERE e.date BETWEEN %s AND %s AND a.element = 'expense' AND (%s::bigint[] IS NULL OR u.id = ANY(%s::bigint[]))
GROUP BY 1, 2, 3
"""

_STATS = """
SELECT a.name, a.measure, to_char(e.date, 'YYYY-MM'), sum(l.quantity)
FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id JOIN ledger_account a ON a.id = l.account_id
WHERE e.date BETWEEN %s AND %s AND a.element = 'stat'
  AND (%s::bigint[] IS NULL OR l.org_unit_id = ANY(%s::bigint[]))
GROUP BY 1, 2, 3 ORDER BY 1, 3
"""


@dataclass(frozen=True)
class UnitMonth:
    unit_id: int
    unit: str
    month: str
    amount: Decimal


def months(first: dt.date, last: dt.date) -> list[str]:
    """``["2026-01", "2026-02", ...]`` from the month of ``first`` to that of ``last``."""
    found, day = [], first.replace(day=1)
    while day <= last:
        found.append(f"{day:%Y-%m}")
        day = (day + dt.timedelta(days=32)).replace(day=1)
    return found


def monthly(
    first: dt.date, last: dt.date, *, units: list[int] | None = None
) -> dict[tuple[str, str], Decimal]:
    """(month, "income" | "expense") -> amount."""
    with connection.cursor() as cursor:
        cursor.execute(_MONTHLY, [first, last, units, units])
        return {
            (month, element): amount if element == "expense" else -amount
            for month, element, amount in cursor.fetchall()
        }


def by_account(
    first: dt.date, last: dt.date, *, element: str = "expense", units: list[int] | None = None
) -> list[tuple[str, Decimal]]:
    """(account name, amount), biggest first."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_ACCOUNT, [first, last, element, units, units])
        return list(cursor.fetchall())


def by_unit(first: dt.date, last: dt.date, *, units: list[int] | None = None) -> list[UnitMonth]:
    """Expense per unit and month."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_UNIT, [first, last, units, units])
        return [UnitMonth(*row) for row in cursor.fetchall()]


def statistics(
    first: dt.date, last: dt.date, *, units: list[int] | None = None
) -> list[tuple[str, str, str, Decimal]]:
    """(measure's account, its unit of measure, month, quantity)."""
    with connection.cursor() as cursor:
        cursor.execute(_STATS, [first, last, units, units])
        return list(cursor.fetchall())
