"""What moved on accounts in a span of days, in one set-based read: the road by which costs reach costing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

_TURNOVER_SQL = """
SELECT a.id, a.code, a.name, l.org_unit_id, l.counter_unit_id, f.code, sum(l.amount), sum(l.quantity)
FROM ledger_entry e
JOIN ledger_line l ON l.entry_id = e.id
JOIN ledger_account a ON a.id = l.account_id
LEFT JOIN ledger_fund f ON f.id = l.fund_id
WHERE e.book_id = (SELECT id FROM ledger_book WHERE hospital_id = %s)
  AND e.date BETWEEN %s AND %s AND a.element = %s
GROUP BY 1, 2, 3, 4, 5, 6
HAVING sum(l.amount) <> 0 OR sum(l.quantity) <> 0
ORDER BY a.code, l.org_unit_id, l.counter_unit_id, f.code
"""

_LINES_SQL = """
SELECT e.id, e.date, e.source, e.kind, e.text, a.code, a.name, f.code, l.amount, l.quantity, l.memo
FROM ledger_entry e
JOIN ledger_line l ON l.entry_id = e.id
JOIN ledger_account a ON a.id = l.account_id
LEFT JOIN ledger_fund f ON f.id = l.fund_id
WHERE e.book_id = (SELECT id FROM ledger_book WHERE hospital_id = %s)
  AND e.date BETWEEN %s AND %s AND l.org_unit_id = %s AND a.id = ANY(%s) AND f.code = ANY(%s)
ORDER BY e.date, e.id, l.position
LIMIT %s
"""


@dataclass(frozen=True)
class Turnover:
    """Net movement of an account in a department (and counter department, and fund). Yuan, debit positive."""

    account_id: int
    account_code: str
    account_name: str
    org_unit_id: int | None
    counter_unit_id: int | None
    fund: str | None
    amount: Decimal
    quantity: Decimal


@dataclass(frozen=True)
class JournalLine:
    """One line with the entry it stands in; ``source`` is the document behind it."""

    entry_id: int
    date: dt.date
    source: str
    kind: str
    text: str
    account_code: str
    account_name: str
    fund: str | None
    amount: Decimal
    quantity: Decimal
    memo: str


def turnover(hospital_id: int, first_day: dt.date, last_day: dt.date, *, element: str) -> list[Turnover]:
    """Net movements per account, department, counter department and fund, zero ones left out."""
    with connection.cursor() as cursor:
        cursor.execute(_TURNOVER_SQL, [hospital_id, first_day, last_day, element])
        return [Turnover(*row) for row in cursor.fetchall()]


def lines_behind(
    hospital_id: int,
    first_day: dt.date,
    last_day: dt.date,
    *,
    unit_id: int,
    account_ids: list[int],
    funds: list[str],
    limit: int = 500,
) -> list[JournalLine]:
    """The journal lines of a department on the accounts and funds, oldest first, at most ``limit``."""
    with connection.cursor() as cursor:
        cursor.execute(_LINES_SQL, [hospital_id, first_day, last_day, unit_id, account_ids, funds, limit])
        return [JournalLine(*row) for row in cursor.fetchall()]
