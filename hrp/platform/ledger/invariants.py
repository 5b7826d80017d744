"""Invariants of the journal, as queries that must return no row."""

from __future__ import annotations

from hrp.platform.base import health


def register() -> None:
    health.register(
        health.Invariant(
            id="LED-1", module="ledger", title="每张凭证借贷平衡且至少一行",
            sql="SELECT e.id, e.source, count(l.id) AS lines, coalesce(sum(l.amount), 0) AS difference"
                " FROM ledger_entry e LEFT JOIN ledger_line l ON l.entry_id = e.id"
                " GROUP BY e.id HAVING count(l.id) = 0 OR coalesce(sum(l.amount), 0) <> 0",
        )
    )  # fmt: skip
    health.register(
        health.Invariant(
            id="LED-2", module="ledger", title="红冲凭证与原凭证逐行相反",
            sql="""
            SELECT r.id, r.source FROM ledger_entry r
            JOIN ledger_entry p ON p.source = r.source AND p.part = r.part AND p.kind = 'post' AND r.kind = 'reverse'
            JOIN ledger_line a ON a.entry_id = p.id
            FULL JOIN ledger_line b ON b.entry_id = r.id AND b.position = a.position
            WHERE r.kind = 'reverse' AND (a.id IS NULL OR b.id IS NULL OR a.amount + b.amount <> 0
               OR a.quantity + b.quantity <> 0 OR a.account_id <> b.account_id
               OR a.org_unit_id IS DISTINCT FROM b.org_unit_id)
            """,
        )
    )  # fmt: skip
    health.register(
        health.Invariant(
            id="LED-3", module="ledger", title="凭证日期落在其会计期间内",
            sql="SELECT e.id, e.date FROM ledger_entry e JOIN ledger_period p ON p.id = e.period_id"
                " WHERE e.date NOT BETWEEN p.first_day AND p.last_day",
        )
    )  # fmt: skip
