"""Invariants of 在建工程, as queries that must return no row."""

from __future__ import annotations

from hrp.platform.base.health import Invariant, register

GATHERED = """
SELECT p.code AS project, s.name AS paid_by, sum(m.amount) AS left FROM assets_project_move m JOIN assets_project p ON p.id = m.project_id
JOIN assets_source s ON s.id = m.paid_by_id GROUP BY p.id, s.id HAVING sum(m.amount) < 0
"""

LEDGER = """
SELECT x.source, f.code AS fund, x.amount AS project, coalesce(e.amount, 0) AS ledger FROM (
    SELECT m.source, s.fund_id, sum(m.amount) AS amount FROM assets_project_move m JOIN assets_source s ON s.id = m.paid_by_id
    WHERE m.source LIKE 'assets.construction_cost:%' GROUP BY 1, 2) x
LEFT JOIN (SELECT e.source, l.fund_id, sum(l.amount) AS amount FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id
           JOIN ledger_account k ON k.id = l.account_id AND k.code = '1613' WHERE e.source LIKE 'assets.construction_cost:%' GROUP BY 1, 2) e
    ON e.source = x.source AND e.fund_id = x.fund_id
JOIN ledger_fund f ON f.id = x.fund_id WHERE x.amount <> coalesce(e.amount, 0)
"""

CARDS = """
SELECT m.source, m.project_id AS project_id, sum(m.cost) AS card, coalesce(sum(m.taken), 0) AS project FROM (
    SELECT m.source, c.project_id, sum(m.cost) AS cost,
        (SELECT -sum(x.amount) FROM assets_project_move x WHERE x.source = m.source AND x.project_id = c.project_id) AS taken
    FROM assets_move m JOIN assets_project_card c ON c.asset_id = m.asset_id
    WHERE m.source LIKE 'assets.booking:%' GROUP BY m.source, c.project_id) m
GROUP BY 1, 2 HAVING sum(m.cost) <> coalesce(sum(m.taken), 0)
"""

ALL = (
    ("AST-W1", "在建工程各资金来源的余额不小于零", GATHERED),
    ("AST-W2", "工程支出与总账在建工程一致", LEDGER),
    ("AST-W3", "转固卡片的入账原值等于转出的工程成本", CARDS),
)


def register_all() -> None:
    for code, title, statement in ALL:
        register(Invariant(id=code, module="assets", title=title, sql=statement))
