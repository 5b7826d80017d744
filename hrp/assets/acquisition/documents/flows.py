"""How far a line of a request has gone: planned, bought, contracted, accepted, paid. Read where the documents refuse.

Written as statements, so that an earlier document may ask what later ones made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hrp.platform.base import sql

PLANNED_SQL = """
SELECT l.request_line_id, sum(l.amount) FROM assets_acquisition_plan_line l
JOIN assets_acquisition_plan d ON d.id = l.document_id
WHERE l.request_line_id = ANY(%s) AND d.state = ANY(%s) AND d.id <> %s GROUP BY 1
"""
SOURCES_SQL = """
SELECT l.request_line_id, l.source_id, l.project, sum(l.amount) FROM assets_acquisition_plan_line l
JOIN assets_acquisition_plan d ON d.id = l.document_id AND d.state = 'posted'
WHERE l.request_line_id = ANY(%s) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
BOUGHT_SQL = """
SELECT l.request_line_id, d.id, coalesce(d.number, '草稿#' || d.id) FROM assets_acquisition_purchase_line l
JOIN assets_acquisition_purchase d ON d.id = l.document_id
WHERE l.request_line_id = ANY(%s) AND d.state NOT IN ('void', 'reversed') AND d.id <> %s
"""
CONTRACTED_SQL = """
SELECT id, coalesce(number, '草稿#' || id) FROM assets_acquisition_contract
WHERE purchase_id = %s AND state NOT IN ('void', 'reversed') AND id <> %s
"""
ARRIVED_SQL = """
SELECT l.contract_line_id, sum(l.quantity) FROM assets_acquisition_acceptance_line l
JOIN assets_acquisition_acceptance d ON d.id = l.document_id
WHERE d.contract_id = %s AND d.state = ANY(%s) AND d.id <> %s GROUP BY 1
"""
FOLLOWED_SQL = """
SELECT coalesce(number, '草稿#' || id) FROM assets_acquisition_acceptance
WHERE contract_id = %s AND state NOT IN ('void', 'reversed')
UNION ALL SELECT coalesce(number, '草稿#' || id) FROM assets_acquisition_payment
WHERE contract_id = %s AND state NOT IN ('void', 'reversed')
"""
LIVE = ["draft", "submitted", "returned", "approved", "posted"]
POSTED = ["posted"]


def planned(lines: Sequence[int], *, states: Sequence[str] = ("posted",), but: int = 0) -> dict[int, Decimal]:
    """Yuan planned by line of a request."""
    return dict(sql.rows(PLANNED_SQL, [list(lines), list(states), but]))


def sources(lines: Sequence[int]) -> dict[int, dict[tuple[int, str], Decimal]]:
    """Yuan planned by line of a request, and by (source, project)."""
    found: dict[int, dict[tuple[int, str], Decimal]] = {}
    for line, source, project, amount in sql.rows(SOURCES_SQL, [list(lines)]):
        found.setdefault(line, {})[source, project] = amount
    return found


def bought(lines: Sequence[int], *, but: int = 0) -> dict[int, str]:
    """The purchase that names a line of a request, by line."""
    return {line: name for line, _, name in sql.rows(BOUGHT_SQL, [list(lines), but])}


def contract_of(purchase: int, *, but: int = 0) -> str:
    """The contract of a purchase, or ""."""
    row = sql.row(CONTRACTED_SQL, [purchase, but])
    return str(row[1]) if row else ""


def arrived(contract: int, *, states: Sequence[str] = ("posted",), but: int = 0) -> dict[int, int]:
    """Pieces by line of a contract that acceptances name."""
    return {line: int(count) for line, count in sql.rows(ARRIVED_SQL, [contract, list(states), but])}


def followed(contract: int) -> list[str]:
    """Acceptances and payments of a contract that stand."""
    return [str(name) for (name,) in sql.rows(FOLLOWED_SQL, [contract, contract])]
