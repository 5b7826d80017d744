"""How items of a store were used: what replenishment reckons with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from hrp.logistics import gates
from hrp.logistics.purchasing.models import StockingRule
from hrp.logistics.purchasing.rules.suggestion import Use, deviation
from hrp.platform.base import sql

MONTHS = 24
ZERO = Decimal(0)

# Issues less their reversals and what departments gave back; transfers to other stores are use of the store they leave.
USED_SQL = """
SELECT item_id, {bucket}, greatest(-sum(quantity), 0) FROM logistics_move
WHERE store_id = %s AND item_id = ANY(%s) AND date >= %s AND date < %s
  AND (kind LIKE 'issue%%' OR kind LIKE '%%department_return%%' OR kind IN ('transfer_out', 'transfer_reversal'))
GROUP BY 1, 2
"""
BY_DAY = USED_SQL.format(bucket="date")
BY_MONTH = USED_SQL.format(bucket="date_trunc('month', date)::date")


def months_before(on: dt.date, count: int) -> list[dt.date]:
    """First days of the ``count`` full months before the one of ``on``, oldest first."""
    first, found = on.replace(day=1), list[dt.date]()
    for _ in range(count):
        first = (first - dt.timedelta(days=1)).replace(day=1)
        found.insert(0, first)
    return found


def _empty(cards: gates.EmptyCards | None) -> tuple[int, Decimal | None]:
    return (cards.count, cards.quantity) if cards is not None else (0, None)


def uses(store_id: int, rules: Sequence[StockingRule], *, on: dt.date, days: int) -> dict[int, Use]:
    """Use by item: by day over ``days``, by full month since its first, and the empty cards of the store."""
    items = sorted({rule.item_id for rule in rules})
    since = on - dt.timedelta(days=days)
    daily: dict[int, dict[dt.date, Decimal]] = {}
    for item, day, used in sql.rows(BY_DAY, [store_id, items, since, on]):
        daily.setdefault(item, {})[day] = used
    months = months_before(on, MONTHS)
    monthly: dict[int, dict[dt.date, Decimal]] = {}
    for item, month, used in sql.rows(BY_MONTH, [store_id, items, months[0], on.replace(day=1)]):
        monthly.setdefault(item, {})[month] = used
    known = gates.cards()
    cards = known.empty(store_id) if known is not None else {}
    found = {}
    for rule in rules:
        by_day, by_month = daily.get(rule.item_id, {}), monthly.get(rule.item_id, {})
        mean, sigma = deviation([by_day.get(since + dt.timedelta(days=n), ZERO) for n in range(days)])
        begun = [month for month in months if month >= min(by_month)] if by_month else []
        found[rule.pk] = Use(
            mean, sigma, [by_month.get(month, ZERO) for month in begun], *_empty(cards.get(rule.item_id))
        )
    return found
