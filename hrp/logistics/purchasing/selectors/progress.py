"""How far orders have come. Nobody types this: it follows from events, receipts and versions, here and nowhere else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hrp.logistics.purchasing.positions import RECEIVED_SQL
from hrp.platform.base import clock, sql

STATUS = {
    "approved": "待发送",
    "sent": "待确认",
    "confirmed": "已确认",
    "partial": "部分到货",
    "complete": "已到齐",
    "closed": "已关闭",
    "replaced": "已变更",
}
OPEN = ("approved", "sent", "confirmed", "partial")
TONES = {
    "approved": "draft", "sent": "wait", "confirmed": "check", "partial": "check", "complete": "done", "closed": "void",
    "replaced": "void",
}  # fmt: skip

_PROGRESS = f"""
SELECT p.*, CASE
    WHEN p.later IS NOT NULL THEN 'replaced' WHEN p.closed_at IS NOT NULL THEN 'closed'
    WHEN p.lines > 0 AND p.full_lines = p.lines THEN 'complete' WHEN p.share > 0 THEN 'partial'
    WHEN p.confirmed_at IS NOT NULL THEN 'confirmed' WHEN p.sent_at IS NOT NULL THEN 'sent' ELSE 'approved' END AS status
FROM (
    SELECT o.id, o.number, o.revision, o.business_date, o.due_on, o.total, o.org_unit_id, o.supplier_id, s.name AS supplier,
        o.store_id, t.name AS store, u.display_name AS maker, l.lines, l.full_lines, l.share, l.first_item,
        max(e.at) FILTER (WHERE e.kind = 'sent') AS sent_at,
        max(e.at) FILTER (WHERE e.kind = 'confirmed') AS confirmed_at,
        max(e.promised_on) AS promised_on,
        max(e.at) FILTER (WHERE e.kind = 'closed') AS closed_at,
        count(*) FILTER (WHERE e.kind = 'chased') AS chased,
        (SELECT v.id FROM logistics_order v WHERE v.replaces_id = o.id AND v.state = 'posted') AS later,
        (SELECT count(DISTINCT d.id) FROM logistics_delivery_note d JOIN logistics_delivery_note_line n ON n.document_id = d.id
         JOIN logistics_order_line x ON x.id = n.order_line_id
         WHERE x.document_id = o.id AND d.state = 'posted' AND NOT EXISTS (
             SELECT FROM logistics_inspection q WHERE q.delivery_note_id = d.id AND q.state NOT IN ('void', 'reversed'))) AS on_way
    FROM logistics_order o
    JOIN logistics_supplier s ON s.id = o.supplier_id JOIN logistics_store t ON t.id = o.store_id
    JOIN access_user u ON u.id = o.maker_id
    LEFT JOIN logistics_order_event e ON e.order_id = o.id
    JOIN LATERAL (
        SELECT count(*) AS lines, count(*) FILTER (WHERE coalesce(g.quantity, 0) >= x.quantity) AS full_lines,
            coalesce(avg(least(coalesce(g.quantity, 0) / nullif(x.quantity, 0), 1)), 0) AS share,
            (array_agg(i.name || CASE WHEN i.spec <> '' THEN ' ' || i.spec ELSE '' END ORDER BY x.position))[1] AS first_item
        FROM logistics_order_line x JOIN logistics_item i ON i.id = x.item_id
        LEFT JOIN ({RECEIVED_SQL} GROUP BY 1) g ON g.root = coalesce(x.root_id, x.id)
        WHERE x.document_id = o.id
    ) l ON true
    WHERE o.state = 'posted' AND (%s::bigint[] IS NULL OR o.id = ANY(%s)) AND (%s::bigint[] IS NULL OR o.org_unit_id = ANY(%s))
    GROUP BY o.id, s.name, t.name, u.display_name, l.lines, l.full_lines, l.share, l.first_item
) p
"""  # noqa: S608 - put together from our own statements


@dataclass(frozen=True)
class Progress:
    """One order as its buyer sees it. ``share`` is the mean received share of its lines, 0 to 1."""

    id: int
    number: str
    revision: int
    business_date: dt.date
    due_on: dt.date
    total: Decimal
    org_unit_id: int
    supplier_id: int
    supplier: str
    store_id: int
    store: str
    maker: str
    lines: int
    full_lines: int
    share: Decimal
    first_item: str
    sent_at: dt.datetime | None
    confirmed_at: dt.datetime | None
    promised_on: dt.date | None
    closed_at: dt.datetime | None
    chased: int
    later: int | None
    on_way: int
    status: str

    @property
    def title(self) -> str:
        return STATUS[self.status]

    @property
    def tone(self) -> str:
        return TONES[self.status]

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def percent(self) -> int:
        return int(self.share * 100)

    @property
    def late_days(self) -> int:
        """Days past the delivery date of an order that is still open; 0 otherwise."""
        return max((clock.today() - self.due_on).days, 0) if self.is_open else 0

    @property
    def days_left(self) -> int:
        return (self.due_on - clock.today()).days


Units = Collection[int] | None


def of(order_id: int) -> Progress | None:
    """How far one posted order has come."""
    found = sql.rows(_PROGRESS, [[order_id], [order_id], None, None])
    return Progress(*found[0]) if found else None


def status_of(order: Any) -> str:
    """The status in words, of any order: of one not posted its state."""
    found = of(order.pk) if order.state == "posted" else None
    return found.title if found else order.get_state_display()


def listing(
    *, units: Units, tab: str, text: str = "", supplier: int | None = None, limit: int = 50, offset: int = 0
) -> tuple[list[Progress], dict[str, int]]:
    """Orders of a tab, the most urgent first, and how many each tab holds."""
    held = sorted(units) if units is not None else None
    base = f"WITH p AS ({_PROGRESS}) "
    where, given = " WHERE true", [None, None, held, held]
    more: list[Any] = []
    if text:
        where += (
            " AND (p.number ILIKE %s OR p.supplier ILIKE %s OR EXISTS (SELECT FROM logistics_order_line x"
            " JOIN logistics_item i ON i.id = x.item_id WHERE x.document_id = p.id"
            " AND (i.name ILIKE %s OR i.code ILIKE %s OR i.pinyin ILIKE %s)))"
        )
        more += [f"%{text}%"] * 5
    if supplier is not None:
        where += " AND p.supplier_id = %s"
        more.append(supplier)
    counts = _counts(base, where, [*given, *more])
    condition, values = _condition(tab)
    rows = sql.rows(
        f"{base} SELECT p.* FROM p {where} AND {condition} ORDER BY p.status = ANY(%s) DESC, p.due_on, p.id LIMIT %s OFFSET %s",  # noqa: S608
        [*given, *more, *values, list(OPEN), limit, offset],
    )
    return [Progress(*row) for row in rows], counts


TABS = (
    ("open", "未完成"), ("late", "逾期"), ("send", "待发送"), ("confirm", "待确认"), ("way", "在途"), ("partial", "部分到货"),
    ("complete", "已到齐"), ("ended", "已关闭 / 变更"),
)  # fmt: skip


def _condition(tab: str) -> tuple[str, list[Any]]:
    today = clock.today()
    found: dict[str, tuple[str, list[Any]]] = {
        "late": ("p.status = ANY(%s) AND p.due_on < %s", [list(OPEN), today]),
        "send": ("p.status = 'approved'", []),
        "confirm": ("p.status = 'sent'", []),
        "way": ("p.status = ANY(%s) AND p.on_way > 0", [list(OPEN)]),
        "partial": ("p.status = 'partial'", []),
        "complete": ("p.status = 'complete'", []),
        "ended": ("p.status IN ('closed', 'replaced')", []),
    }
    return found.get(tab, ("p.status = ANY(%s)", [list(OPEN)]))


def _counts(base: str, where: str, given: Sequence[Any]) -> dict[str, int]:
    parts, values = [], []
    for code, _ in TABS:
        condition, more = _condition(code)
        parts.append(f"count(*) FILTER (WHERE {condition})")
        values += more
    # the conditions of the counts stand before WHERE, their values after those of the common part
    split = 4
    statement = f"{base} SELECT {', '.join(parts)} FROM p {where}"  # noqa: S608 - our own conditions
    row = sql.row(statement, [*given[:split], *values, *given[split:]])
    return dict(zip([code for code, _ in TABS], row or [0] * len(TABS), strict=True))


def late_count(units: Units) -> int:
    """Orders past their delivery date."""
    return listing(units=units, tab="late", limit=1)[1]["late"]


LINES_SQL = f"""
SELECT l.id, coalesce(l.root_id, l.id), l.position, l.item_id, l.quantity, l.price, coalesce(g.quantity, 0)
FROM logistics_order_line l
LEFT JOIN ({RECEIVED_SQL} GROUP BY 1) g ON g.root = coalesce(l.root_id, l.id)
WHERE l.document_id = %s ORDER BY l.position
"""  # noqa: S608


@dataclass(frozen=True)
class LineProgress:
    """One line of an order: base units."""

    id: int
    root: int
    position: int
    item_id: int
    quantity: Decimal
    price: Decimal
    received: Decimal

    @property
    def left(self) -> Decimal:
        return max(self.quantity - self.received, Decimal(0))


def lines_of(order_id: int) -> list[LineProgress]:
    """The lines of an order with what was received of them."""
    return [LineProgress(*row) for row in sql.rows(LINES_SQL, [order_id])]
