"""收发存: opening, in, out and closing of any span of days, exact; from snapshots of closed months and the moves between.

Whole closed months are read from their snapshot; moves are read only for days no snapshot covers.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hrp.logistics.settlement.models import MaterialClose
from hrp.logistics.settlement.selectors.sides import INWARD, SIDES
from hrp.platform.base import sql
from hrp.platform.ledger.models import Book, Period

ZERO = Decimal(0)

GROUPS = {
    "item": ("物资", "i.id", "i.code", "trim(i.name || ' ' || i.spec)", "i.unit"),
    "class": ("财务分类", "k.id", "k.code", "k.name", "''"),
    "store": ("库房", "s.id", "s.code", "s.name", "''"),
    "supplier": ("供应商", "v.id", "v.code", "v.name", "''"),
    "batch": (
        "批次",
        "t.id",
        "i.code",
        "trim(i.name || ' ' || i.spec) || '　' || coalesce(nullif(t.lot, ''), '无批号')",
        "i.unit",
    ),
}

# {sides} and {group} are ours; what a person chose is bound
_SUMMARY = """
WITH part AS (
    SELECT b.store_id, b.item_id, b.batch_id, b.closing_quantity AS oq, b.closing_amount AS oa,
        0::numeric AS in_quantity, 0::numeric AS in_amount, 0::numeric AS out_quantity, 0::numeric AS out_amount
    FROM logistics_period_balance b WHERE b.close_id = %s AND (b.closing_quantity <> 0 OR b.closing_amount <> 0)
    UNION ALL
    SELECT m.store_id, m.item_id, m.batch_id, sum(m.quantity), sum(m.amount), 0, 0, 0, 0
    FROM logistics_move m WHERE m.period_id = ANY(%s) AND m.date < %s GROUP BY 1, 2, 3
    UNION ALL
    SELECT b.store_id, b.item_id, b.batch_id, 0, 0, b.in_quantity, b.in_amount, b.out_quantity, b.out_amount
    FROM logistics_period_balance b
    WHERE b.close_id = ANY(%s) AND (b.in_quantity <> 0 OR b.in_amount <> 0 OR b.out_quantity <> 0 OR b.out_amount <> 0)
    UNION ALL
    SELECT m.store_id, m.item_id, m.batch_id, 0, 0, {sides}
    FROM logistics_move m WHERE m.period_id = ANY(%s) AND m.date BETWEEN %s AND %s GROUP BY 1, 2, 3
)
SELECT {group}, sum(p.oq), sum(p.oa), sum(p.in_quantity), sum(p.in_amount), sum(p.out_quantity), sum(p.out_amount)
FROM part p JOIN logistics_item i ON i.id = p.item_id JOIN logistics_class k ON k.id = i.material_class_id
JOIN logistics_store s ON s.id = p.store_id JOIN logistics_batch t ON t.id = p.batch_id
JOIN logistics_supplier v ON v.id = t.supplier_id
WHERE (%s::bigint[] IS NULL OR p.store_id = ANY(%s)) AND (%s::bigint IS NULL OR k.id = %s) AND (%s::bigint IS NULL OR i.id = %s)
GROUP BY 1, 2, 3, 4
HAVING sum(p.oq) <> 0 OR sum(p.oa) <> 0 OR sum(p.in_quantity) <> 0 OR sum(p.in_amount) <> 0 OR sum(p.out_quantity) <> 0
    OR sum(p.out_amount) <> 0
ORDER BY 2, 3, 1
"""

MOVES_SQL = f"""
SELECT m.source, m.kind, m.date, s.name, sum(m.quantity), sum(m.amount), bool_or({INWARD})
FROM logistics_move m JOIN logistics_store s ON s.id = m.store_id
WHERE m.period_id = ANY(%s) AND m.date BETWEEN %s AND %s AND m.item_id = %s AND (%s::bigint[] IS NULL OR m.store_id = ANY(%s))
GROUP BY m.source, m.kind, m.date, s.id, s.name HAVING sum(m.quantity) <> 0 OR sum(m.amount) <> 0 ORDER BY min(m.id)
"""  # noqa: S608 - our own expression


@dataclass(frozen=True)
class Row:
    """One line of the summary. Quantities mean something where rows are of one item."""

    id: int
    code: str
    name: str
    unit: str
    opening_quantity: Decimal
    opening_amount: Decimal
    in_quantity: Decimal
    in_amount: Decimal
    out_quantity: Decimal
    out_amount: Decimal

    @property
    def closing_quantity(self) -> Decimal:
        return self.opening_quantity + self.in_quantity - self.out_quantity

    @property
    def closing_amount(self) -> Decimal:
        return self.opening_amount + self.in_amount - self.out_amount


@dataclass(frozen=True)
class Wanted:
    """``stores`` None: all; an empty list: none."""

    first: dt.date
    last: dt.date
    stores: list[int] | None = None
    class_id: int | None = None
    item_id: int | None = None


@dataclass(frozen=True)
class Moved:
    """One act on an item in a store, with what is left after it."""

    source: str
    kind: str
    date: dt.date
    store: str
    in_quantity: Decimal
    in_amount: Decimal
    out_quantity: Decimal
    out_amount: Decimal
    quantity: Decimal
    amount: Decimal

    @property
    def price(self) -> Decimal | None:
        return (self.amount / self.quantity).quantize(Decimal("0.0001")) if self.quantity else None


@dataclass(frozen=True)
class _Span:
    """Which snapshots and which periods' moves a span of days is made of."""

    opening: int | None
    before: list[int]
    whole: list[int]
    rest: list[int]


def _span(book: Book, first: dt.date, last: dt.date) -> _Span:
    periods = list(Period.objects.filter(book=book, first_day__lte=last).order_by("first_day"))
    closes = dict(MaterialClose.objects.filter(book=book, reopened_at=None).values_list("period_id", "id"))
    opening: int | None = None
    before: list[int] = []
    for period in periods:
        if period.last_day < first and period.pk in closes:
            opening, before = closes[period.pk], []
        elif period.first_day < first:
            before.append(period.pk)
    inside = [p for p in periods if p.last_day >= first]
    whole = [p for p in inside if p.pk in closes and p.first_day >= first and p.last_day <= last]
    rest = [p.pk for p in inside if p not in whole]
    return _Span(opening, before, [closes[p.pk] for p in whole], rest)


def summary(book: Book, wanted: Wanted, *, by: str = "item") -> list[Row]:
    """收发存汇总 by item, class, store, supplier or batch."""
    span = _span(book, wanted.first, wanted.last)
    _, key, *names = GROUPS[by]
    statement = _SUMMARY.format(sides=SIDES, group=", ".join([key, *names]))
    rows = sql.rows(
        statement,
        [span.opening, span.before, wanted.first, span.whole, span.rest, wanted.first, wanted.last, wanted.stores,
         wanted.stores, wanted.class_id, wanted.class_id, wanted.item_id, wanted.item_id],
    )  # fmt: skip
    return [Row(*row) for row in rows]


def held(book: Book, on: dt.date, *, stores: list[int] | None = None, by: str = "item") -> list[Row]:
    """What was held at the end of a past day."""
    return [
        row
        for row in summary(book, Wanted(on, on, stores), by=by)
        if row.closing_quantity or row.closing_amount
    ]


def total(rows: list[Row]) -> Row:
    """Sums of all rows."""
    sums: dict[str, Any] = {
        name: sum((getattr(row, name) for row in rows), ZERO)
        for name in Row.__dataclass_fields__
        if name.endswith(("quantity", "amount"))
    }
    return Row(0, "", "合计", "", **sums)


def ledger(book: Book, wanted: Wanted) -> tuple[Row | None, list[Moved]]:
    """收发存明细账 of one item: its opening, and every act with the balance after it."""
    span = _span(book, wanted.first, wanted.last)
    start = next(iter(summary(book, wanted)), None)
    quantity, amount = (start.opening_quantity, start.opening_amount) if start else (ZERO, ZERO)
    periods = [
        *span.rest,
        *MaterialClose.objects.filter(pk__in=span.whole).values_list("period_id", flat=True),
    ]
    found = []
    for source, kind, date, store, q, a, inward in sql.rows(
        MOVES_SQL, [periods, wanted.first, wanted.last, wanted.item_id, wanted.stores, wanted.stores]
    ):
        quantity, amount = quantity + q, amount + a
        came, went = ((q, a), (ZERO, ZERO)) if inward else ((ZERO, ZERO), (-q, -a))
        found.append(Moved(source, kind, date, store, came[0], came[1], went[0], went[1], quantity, amount))
    return start, found
