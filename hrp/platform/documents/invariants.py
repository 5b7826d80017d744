"""Invariants that hold for the documents of every type."""

from __future__ import annotations

from django.db import connection

from hrp.platform.base import health
from hrp.platform.documents import registry

COLUMNS = {
    "kind": health.Column("单据"),
    "month": health.Column("月份"),
    "counter": health.Column("应有"),
    "documents": health.Column("实有"),
    "highest": health.Column("最大单号"),
}
NUMBERS_WAY_OUT = "编号由过账取得，缺号说明单据被绕过系统删改：请保留现场，由运维从备份查明是哪一张。"

REVERSAL_GAPS = """
SELECT n.kind, n.month, n.last, count(r.id), max(r.number) FROM documents_number n JOIN org_campus c ON c.id = n.campus_id
LEFT JOIN documents_reversal r ON n.kind = r.kind || '/reversal' AND position('H' || c.code || '-' || n.month IN r.number) > 0
WHERE n.kind = ANY(%s) GROUP BY n.id
HAVING count(r.id) <> n.last OR max(substr(regexp_replace(r.number, '^.*-', ''), 7)::bigint) <> n.last
"""


def number_gaps(module: str = "") -> health.Rows:
    """Numbers of each kind (of one module), campus and month run from 1 to the counter without a gap."""
    rows: health.Rows = []
    titles: dict[str, str] = {}
    with connection.cursor() as cursor:
        for kind in registry.types:
            if module and kind.spec.module != module:
                continue
            # numbers are unique, so as many as the counter says and none above it leave no gap
            cursor.execute(
                f"""
                SELECT n.month, n.last, count(d.id), max(d.number) FROM documents_number n
                LEFT JOIN "{kind.model._meta.db_table}" d ON d.campus_id = n.campus_id AND d.number IS NOT NULL
                     AND to_char(d.business_date, 'YYYYMM') = n.month
                WHERE n.kind = %s GROUP BY n.id
                HAVING count(d.id) <> n.last OR max(substr(regexp_replace(d.number, '^.*-', ''), 7)::bigint) <> n.last
                """,  # noqa: S608 - table name from our own model
                [kind.spec.kind],
            )
            titles[f"{kind.spec.kind}/reversal"] = f"{kind.spec.title}红冲"
            rows += [_gap(kind.spec.title, *row) for row in cursor.fetchall()]
        cursor.execute(REVERSAL_GAPS, [list(titles)])
        rows += [_gap(titles[kind], *row) for kind, *row in cursor.fetchall()]
    return rows


def _gap(title: str, month: str, last: int, count: int, highest: str | None) -> dict[str, object]:
    return {"kind": title, "month": month, "counter": last, "documents": count, "highest": highest}


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
    health.call("documents", **COLUMNS)
    health.register(
        health.Invariant(
            "DOC-1", "documents", "过账单据编号连续无缺号", check=number_gaps, way_out=NUMBERS_WAY_OUT
        )
    )
    health.register(
        health.Invariant("DOC-2", "documents", "每张凭证都有其已过账单据", check=_entries_without_document)
    )
