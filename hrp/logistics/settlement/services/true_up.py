"""月末一次加权平均: what a month's issues should have cost, and the one cost adjustment that says so (case STK-12).

The pool of an item in a store is its opening and all that came or went otherwise, at the amounts posted; the issues of the
month share its price. What was adjusted before in the month counts, so that closing again after 反结账 adjusts the rest.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.models import Store
from hrp.logistics.rules.month_average import value_month
from hrp.logistics.rules.valuation import Balance
from hrp.logistics.settlement.documents.cost_adjustment import CostAdjustment, Purpose
from hrp.logistics.settlement.selectors.months import previous
from hrp.platform.access.models import User
from hrp.platform.base import sql
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import State
from hrp.platform.ledger.models import Fund, Period

ZERO = Decimal(0)

# of month-averaged items: what the month began with, and what came and went otherwise than by issues
OPENING_SQL = """
SELECT b.store_id, b.item_id, sum(b.closing_quantity), sum(b.closing_amount) FROM logistics_period_balance b
JOIN logistics_item i ON i.id = b.item_id AND i.cost_method = 'month_average' WHERE b.close_id = %s GROUP BY 1, 2
"""
BEFORE_SQL = """
SELECT m.store_id, m.item_id, sum(m.quantity), sum(m.amount) FROM logistics_move m
JOIN logistics_item i ON i.id = m.item_id AND i.cost_method = 'month_average'
JOIN ledger_period p ON p.id = m.period_id
WHERE p.book_id = %s AND p.first_day < %s GROUP BY 1, 2
"""
OTHERS_SQL = """
SELECT m.store_id, m.item_id, sum(m.quantity), sum(m.amount) FROM logistics_move m
JOIN logistics_item i ON i.id = m.item_id AND i.cost_method = 'month_average'
WHERE m.period_id = %s AND m.source NOT LIKE 'logistics.stock_issue:%%' AND m.kind NOT LIKE 'month_average%%' GROUP BY 1, 2
"""
# each issue net of its reversal, oldest first
ISSUES_SQL = """
SELECT m.store_id, m.item_id, d.org_unit_id, -sum(m.quantity), -sum(m.amount) FROM logistics_move m
JOIN logistics_item i ON i.id = m.item_id AND i.cost_method = 'month_average'
JOIN logistics_issue d ON m.source = 'logistics.stock_issue:' || d.id
WHERE m.period_id = %s GROUP BY 1, 2, 3, m.source HAVING sum(m.quantity) < 0 ORDER BY 1, 2, min(m.id)
"""
# issues of earlier months reversed in this one come back at their posted amounts
RETURNED_SQL = """
SELECT m.store_id, m.item_id, sum(m.quantity), sum(m.amount) FROM logistics_move m
JOIN logistics_item i ON i.id = m.item_id AND i.cost_method = 'month_average'
WHERE m.period_id = %s AND m.source IN (
    SELECT source FROM logistics_move WHERE period_id = %s AND source LIKE 'logistics.stock_issue:%%'
    GROUP BY source HAVING sum(quantity) >= 0)
GROUP BY 1, 2
"""
DONE_SQL = """
SELECT l.store_id, l.item_id, l.department_id, sum(l.amount) FROM logistics_cost_adjustment d
JOIN logistics_cost_adjustment_line l ON l.document_id = d.id
JOIN org_campus c ON c.id = d.campus_id JOIN ledger_book k ON k.hospital_id = c.hospital_id
WHERE d.purpose = 'month_average' AND d.state = 'posted' AND k.id = %s AND d.business_date BETWEEN %s AND %s GROUP BY 1, 2, 3
"""


@dataclass(frozen=True)
class TrueUp:
    """``amount`` more (or less) for what a department drew of an item from a store in the month."""

    store_id: int
    item_id: int
    org_unit_id: int
    amount: Decimal


def needed(period: Period) -> list[TrueUp]:
    """What is not adjusted yet; empty where no item is valued so, or all is right."""
    issues: dict[tuple[int, int], list[tuple[int, Decimal, Decimal]]] = defaultdict(list)
    for store, item, unit, quantity, amount in sql.rows(ISSUES_SQL, [period.pk]):
        issues[store, item].append((unit, quantity, amount))
    if not issues:
        return []
    pools: dict[tuple[int, int], Balance] = defaultdict(Balance)
    for store, item, quantity, amount in _pool(period):
        held = pools[store, item]
        pools[store, item] = Balance(held.quantity + quantity, held.amount + amount)
    rest: dict[tuple[int, int, int], Decimal] = defaultdict(Decimal)
    for (store, item), found in issues.items():
        valued = value_month(pools[store, item], [], [quantity for _, quantity, _ in found])
        for (unit, _, posted), right in zip(found, valued.amounts, strict=True):
            rest[store, item, unit] += right - posted
    for store, item, unit, done in sql.rows(DONE_SQL, [period.book_id, period.first_day, period.last_day]):
        rest[store, item, unit] -= done
    return [TrueUp(*key, amount) for key, amount in sorted(rest.items()) if amount]


def _pool(period: Period) -> list[tuple[int, int, Decimal, Decimal]]:
    last = previous(period)
    opening = (
        sql.rows(OPENING_SQL, [last.pk]) if last else sql.rows(BEFORE_SQL, [period.book_id, period.first_day])
    )
    return [*opening, *sql.rows(OTHERS_SQL, [period.pk]), *sql.rows(RETURNED_SQL, [period.pk, period.pk])]


def make(period: Period, *, actor: User) -> list[CostAdjustment]:
    """One 成本调整单 per campus, posted at once where no approval is asked for."""
    wanted = needed(period)
    stores = Store.objects.in_bulk({one.store_id for one in wanted})
    by_campus: dict[int, list[TrueUp]] = defaultdict(list)
    for one in wanted:
        by_campus[stores[one.store_id].campus_id].append(one)
    made = []
    fund = Fund.objects.order_by("code").values_list("pk", flat=True)[0] if by_campus else 0
    for campus, found in sorted(by_campus.items()):
        header = {
            "campus": campus, "org_unit": stores[found[0].store_id].org_unit_id, "business_date": period.last_day,
            "purpose": Purpose.MONTH_AVERAGE, "fund": fund, "note": f"{period} 月末一次加权平均",
        }  # fmt: skip
        lines = [
            {"store": one.store_id, "item": one.item_id, "department": one.org_unit_id, "amount": one.amount}
            for one in found
        ]
        draft = services.save_draft(CostAdjustment, actor=actor, header=header, lines=lines)
        document = services.submit(draft, actor=actor)
        made.append(posting.post(document, actor=actor) if document.state == State.APPROVED else document)
    return made
