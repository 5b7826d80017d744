"""What the database holds after the storm, as plain rows for the replay."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg

from tests.faults.load import ISSUE, RECEIPT

TABLES = {ISSUE: "logistics_issue", RECEIPT: "logistics_receipt"}


@dataclass(frozen=True)
class Document:
    kind: str
    pk: int
    number: str | None
    state: str
    total: Decimal
    note: str
    campus: int
    month: str
    org_unit: int

    @property
    def source(self) -> str:
        return f"{self.kind}:{self.pk}"


@dataclass(frozen=True)
class Line:
    position: int
    item: str
    lot: str
    quantity: Decimal
    amount: Decimal | None


@dataclass(frozen=True)
class Move:
    pk: int
    source: str
    position: int
    store: int
    item: str
    batch: int
    quantity: Decimal
    amount: Decimal
    reverses: int | None

    @property
    def holding(self) -> tuple[int, str, int]:
        return self.store, self.item, self.batch


@dataclass(frozen=True)
class Entry:
    source: str
    kind: str
    lines: tuple[tuple[str, int | None, Decimal], ...]  # account, org unit, amount


@dataclass(frozen=True)
class Facts:
    documents: list[Document]
    lines: dict[str, list[Line]]
    moves: list[Move]
    balances: dict[tuple[int, str, int], tuple[Decimal, Decimal]]
    entries: dict[str, list[Entry]]
    counters: dict[tuple[str, int, str], int]
    reversals: list[tuple[str, int, int, str, str]]  # kind, document, campus, month, number
    acts: Counter[tuple[str, str, str]]  # act, source, number
    answers: dict[str, tuple[int, str | None]]  # key -> document and number of the answer kept
    jobs: dict[str, int]  # state -> how many
    deliveries: dict[str, int]


def _documents(connection: psycopg.Connection, kind: str) -> list[Document]:
    rows = connection.execute(f"""
        SELECT id, number, state, total, note, campus_id, to_char(business_date, 'YYYYMM'), org_unit_id
        FROM {TABLES[kind]} ORDER BY id""")
    return [Document(kind, *row) for row in rows]


def _lines(connection: psycopg.Connection) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = defaultdict(list)
    for kind, table in TABLES.items():
        for pk, *row in connection.execute(f"""
                SELECT l.document_id, l.position, i.code, l.lot, l.quantity, l.amount
                FROM {table}_line l JOIN logistics_item i ON i.id = l.item_id ORDER BY 1, 2"""):
            found[f"{kind}:{pk}"].append(Line(*row))
    return found


def _entries(connection: psycopg.Connection) -> dict[str, list[Entry]]:
    lines: dict[int, list[tuple[str, int | None, Decimal]]] = defaultdict(list)
    for entry, *row in connection.execute("""
            SELECT l.entry_id, a.code, l.org_unit_id, l.amount
            FROM ledger_line l JOIN ledger_account a ON a.id = l.account_id ORDER BY l.entry_id, l.position"""):
        lines[entry].append(tuple(row))  # type: ignore[arg-type]
    found: dict[str, list[Entry]] = defaultdict(list)
    for pk, source, kind in connection.execute("SELECT id, source, kind FROM ledger_entry ORDER BY id"):
        found[source].append(Entry(source, kind, tuple(lines[pk])))
    return found


def _pairs(connection: psycopg.Connection, query: str) -> dict[Any, Any]:
    return {row[0] if len(row) == 2 else row[:-1]: row[-1] for row in connection.execute(query)}


def read(connection: psycopg.Connection) -> Facts:
    """Everything the replay looks at; inside a transaction of the caller's, what that one sees."""
    with connection.transaction():
        moves = connection.execute("""
            SELECT m.id, m.source, m.line_position, m.store_id, i.code, m.batch_id, m.quantity, m.amount, m.reverses_id
            FROM logistics_move m JOIN logistics_item i ON i.id = m.item_id ORDER BY m.id""").fetchall()
        balances = connection.execute("""
            SELECT b.store_id, i.code, b.batch_id, b.quantity, b.amount
            FROM logistics_balance b JOIN logistics_item i ON i.id = b.item_id""").fetchall()
        reversals = connection.execute("""
            SELECT r.kind, r.document_id, d.campus_id, to_char(r."on", 'YYYYMM'), r.number FROM documents_reversal r
            JOIN logistics_issue d ON d.id = r.document_id WHERE r.kind = 'logistics.stock_issue'""").fetchall()
        acts = connection.execute("""
            SELECT act, target, coalesce(data->>'number', '') FROM audit_action
            WHERE target LIKE 'logistics.stock%'""").fetchall()
        return Facts(
            documents=[row for kind in TABLES for row in _documents(connection, kind)],
            lines=_lines(connection),
            moves=[Move(*row) for row in moves],
            balances={(row[0], row[1], row[2]): (row[3], row[4]) for row in balances},
            entries=_entries(connection),
            counters=_pairs(
                connection,
                "SELECT kind, campus_id, month, last FROM documents_number WHERE kind LIKE 'logistics.%'",
            ),
            reversals=reversals,
            acts=Counter(acts),
            answers={
                key: (pk, number)
                for key, pk, number in connection.execute(
                    "SELECT key, (answer->>'id')::bigint, answer->>'number' FROM ui_idempotency_key"
                )
            },
            jobs=_pairs(connection, "SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY 1"),
            deliveries=_pairs(connection, "SELECT state, count(*) FROM notify_delivery GROUP BY 1"),
        )
