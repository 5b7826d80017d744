"""The facts suppliers are scored by, counted over a span of days."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.purchasing import terms
from hrp.logistics.purchasing.rules.scoring import Facts, Score, score
from hrp.platform.base import sql
from hrp.platform.base.registry import Registry

# A line is on time when posted receipts up to the due day bring all of it. Versions: only the one in force counts.
FACTS_SQL = """
WITH due AS (
    SELECT o.supplier_id, o.due_on, l.quantity, coalesce(l.root_id, l.id) AS root
    FROM logistics_order_line l JOIN logistics_order o ON o.id = l.document_id AND o.state = 'posted'
    WHERE o.due_on BETWEEN %s AND %s AND l.quantity > 0
      AND NOT EXISTS (SELECT FROM logistics_order v WHERE v.replaces_id = o.id AND v.state = 'posted')
), got AS (
    SELECT coalesce(x.root_id, x.id) AS root, r.business_date AS day, rl.quantity
    FROM logistics_receipt_line rl JOIN logistics_receipt r ON r.id = rl.document_id AND r.state = 'posted'
    JOIN logistics_store s ON s.id = r.store_id AND s.kind <> 'quarantine'
    JOIN logistics_order_line x ON x.id = rl.order_line
    WHERE coalesce(x.root_id, x.id) IN (SELECT root FROM due)
), delivered AS (
    SELECT d.supplier_id, count(*) AS due,
        count(*) FILTER (WHERE d.quantity <= (SELECT sum(g.quantity) FROM got g WHERE g.root = d.root AND g.day <= d.due_on)) AS on_time,
        sum(least(coalesce((SELECT sum(g.quantity) FROM got g WHERE g.root = d.root), 0) / d.quantity, 1)) AS fill
    FROM due d GROUP BY 1
), looked AS (
    SELECT i.supplier_id, count(*) AS inspected, count(*) FILTER (WHERE l.accepted < l.quantity) AS failed
    FROM logistics_inspection_line l JOIN logistics_inspection i ON i.id = l.document_id AND i.state = 'posted'
    WHERE i.business_date BETWEEN %s AND %s GROUP BY 1
), lapsed AS (
    SELECT l.supplier_id, count(*) AS lapsed FROM logistics_license l
    WHERE l.is_active AND NOT l.renewing AND l.valid_to >= %s AND l.valid_to < %s AND NOT EXISTS (
        SELECT FROM logistics_license n WHERE n.supplier_id = l.supplier_id AND n.kind = l.kind AND n.is_active AND n.id <> l.id
          AND n.valid_from <= l.valid_to + 1 AND (n.valid_to IS NULL OR n.valid_to > l.valid_to))
    GROUP BY 1
), bought AS (
    SELECT o.supplier_id, o.business_date AS day, l.item_id, l.quantity, l.amount
    FROM logistics_order_line l JOIN logistics_order o ON o.id = l.document_id AND o.state = 'posted'
    WHERE l.quantity > 0
      AND NOT EXISTS (SELECT FROM logistics_order v WHERE v.replaces_id = o.id AND v.state = 'posted')
), before AS (
    SELECT item_id, sum(amount) / sum(quantity) AS price FROM bought
    WHERE day < %s AND day >= %s GROUP BY 1 HAVING sum(quantity) > 0
), priced AS (
    SELECT b.supplier_id, sum(b.amount) AS spent, sum(round(b.quantity * p.price, 2)) AS spent_before
    FROM bought b JOIN before p USING (item_id) WHERE b.day BETWEEN %s AND %s GROUP BY 1
)
SELECT s.id, s.code, s.name, coalesce(d.due, 0), coalesce(d.on_time, 0), coalesce(d.fill, 0), coalesce(q.inspected, 0),
    coalesce(q.failed, 0), coalesce(p.spent, 0), coalesce(p.spent_before, 0), coalesce(x.lapsed, 0)
FROM logistics_supplier s
LEFT JOIN delivered d ON d.supplier_id = s.id LEFT JOIN looked q ON q.supplier_id = s.id
LEFT JOIN priced p ON p.supplier_id = s.id LEFT JOIN lapsed x ON x.supplier_id = s.id
WHERE d.due IS NOT NULL OR q.inspected IS NOT NULL OR x.lapsed IS NOT NULL OR s.id = ANY(%s)
ORDER BY s.code
"""


Recalled = Callable[[dt.date, dt.date], Mapping[int, int]]
recalled: Registry[Recalled] = Registry("供应商召回")
"""Rooms above that know recalls register here how many each supplier had in a span, by id."""


@dataclass(frozen=True)
class Scored:
    """A supplier with its facts and what they come to."""

    supplier_id: int
    code: str
    name: str
    facts: Facts
    score: Score


def scores(*, first: dt.date, last: dt.date) -> list[Scored]:
    """Suppliers with something due, inspected, lapsed or recalled in the span; prices are compared with the year before."""
    year_ago = first - dt.timedelta(days=365)
    recalls: dict[int, int] = defaultdict(int)
    for count in recalled:
        for supplier, number in count(first, last).items():
            recalls[supplier] += number
    span = [first, last]
    rows = sql.rows(FACTS_SQL, [*span, *span, *span, first, year_ago, *span, sorted(recalls)])
    weights, limits = terms.weights(last), terms.grades(last)
    found = []
    for supplier, code, name, due, on_time, fill, inspected, failed, spent, before, lapsed in rows:
        facts = Facts(
            due, on_time, Decimal(fill), inspected, failed, spent, before, lapsed, recalls.get(supplier, 0)
        )
        found.append(Scored(supplier, code, name, facts, score(facts, weights=weights, limits=limits)))
    return found
