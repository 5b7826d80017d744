"""Invariants that hold for the documents of every type."""

from __future__ import annotations

from django.db import connection

from hrp.platform.base import health
from hrp.platform.documents import registry


def _number_gaps() -> health.Rows:
    """Numbers of each kind, campus and month run from 1 to the counter without a gap."""
    rows: health.Rows = []
    with connection.cursor() as cursor:
        for kind in registry.types:
            cursor.execute(
                f"""
                SELECT n.month, n.last, count(d.id) FROM documents_number n
                LEFT JOIN "{kind.model._meta.db_table}" d ON d.campus_id = n.campus_id AND d.number IS NOT NULL
                     AND to_char(d.business_date, 'YYYYMM') = n.month
                WHERE n.kind = %s GROUP BY n.id HAVING count(d.id) <> n.last
                """,  # noqa: S608 - table name from our own model
                [kind.spec.kind],
            )
            rows += [
                {"kind": kind.spec.kind, "month": m, "counter": last, "documents": n}
                for m, last, n in cursor.fetchall()
            ]
    return rows


def _entries_without_document() -> health.Rows:
    """Each journal entry whose source is a document has that document, posted or reversed."""
    rows: health.Rows = []
    with connection.cursor() as cursor:
        for kind in registry.types:
            cursor.execute(
                f"""
                SELECT e.id, e.source FROM ledger_entry e
                LEFT JOIN "{kind.model._meta.db_table}" d ON e.source = %s || d.id AND d.state IN ('posted', 'reversed')
                WHERE e.source LIKE %s AND d.id IS NULL LIMIT 100
                """,  # noqa: S608 - table name from our own model
                [f"{kind.spec.kind}:", f"{kind.spec.kind}:%"],
            )
            rows += [{"entry": pk, "source": source} for pk, source in cursor.fetchall()]
    return rows


def register() -> None:
    health.register(health.Invariant("DOC-1", "documents", "过账单据编号连续无缺号", check=_number_gaps))
    health.register(
        health.Invariant("DOC-2", "documents", "每张凭证都有其已过账单据", check=_entries_without_document)
    )
