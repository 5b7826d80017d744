"""Invariants of costing, as queries that must return no row."""

from __future__ import annotations

from hrp.platform.base.health import Invariant, register

BREACHES = """
SELECT c.run_id AS run, b.rule, b.unit_id AS unit, b.item_id AS item, b.fund_id AS fund, b.expected, b.found
FROM costing_certificate c CROSS JOIN LATERAL costing_run_breaches(c.run_id) b
WHERE {condition} LIMIT 100
"""

TIE_OUT = """
WITH journal AS (
    SELECT r.id AS run, l.account_id AS account, sum(l.amount) * 100 AS fen
    FROM costing_run r
    JOIN costing_certificate c ON c.run_id = r.id
    JOIN ledger_book b ON b.hospital_id = c.hospital_id
    JOIN ledger_entry e ON e.book_id = b.id AND e.date BETWEEN c.first_day AND c.last_day
    JOIN ledger_line l ON l.entry_id = e.id
    JOIN ledger_account a ON a.id = l.account_id AND a.element = 'expense'
    WHERE r.state = 'posted' GROUP BY 1, 2
), collected AS (
    SELECT k.run_id AS run, k.account_id AS account, sum(k.amount_fen) AS fen
    FROM costing_collected k JOIN costing_run r ON r.id = k.run_id
    WHERE r.state = 'posted' GROUP BY 1, 2
)
SELECT run, account, j.fen AS journal_fen, k.fen AS collected_fen
FROM journal j FULL JOIN collected k USING (run, account)
WHERE coalesce(j.fen, 0) <> coalesce(k.fen, 0)
"""


def register_all() -> None:
    register(
        Invariant(
            id="COST-I1", module="costing", title="分摊前后总成本相等，等于归集成本",
            sql=BREACHES.format(condition="b.rule LIKE 'I1%' OR b.rule = '记录数'"),
        )
    )  # fmt: skip
    register(
        Invariant(
            id="COST-I2", module="costing", title="分摊后只有临床服务类科室有成本",
            sql=BREACHES.format(condition="b.rule LIKE 'I2%'"),
        )
    )  # fmt: skip
    register(
        Invariant(
            id="COST-I3", module="costing", title="每个分摊科室转出的成本等于其应分摊成本",
            sql=BREACHES.format(condition="b.rule LIKE 'I3%'"),
        )
    )  # fmt: skip
    register(
        Invariant(
            id="COST-I4", module="costing", title="直接成本与三级分摊之和等于全成本",
            sql=BREACHES.format(condition="b.rule LIKE 'I4%'"),
        )
    )  # fmt: skip
    register(
        Invariant(
            id="COST-I6", module="costing", title="归集成本与总账费用科目一致（差额 0.00）", sql=TIE_OUT
        )
    )
