"""Invariants of stocktaking, as queries that must return no row."""

from __future__ import annotations

from hrp.platform.base.health import Invariant, register

PENDING = """
WITH mine AS (SELECT fund_id, -sum(amount - settled) AS amount FROM assets_pending_loss WHERE NOT is_undone GROUP BY 1),
books AS (
    SELECT l.fund_id, sum(l.amount) AS amount FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id
    JOIN ledger_account a ON a.id = l.account_id
    WHERE a.code = '1902' AND (e.source LIKE 'assets.write_off:%' OR e.source LIKE 'assets.booking:%'
                               OR e.source LIKE 'assets.loss_decision:%') GROUP BY 1)
SELECT f.code AS fund, m.amount AS pending, b.amount AS ledger FROM mine m FULL JOIN books b USING (fund_id)
JOIN ledger_fund f ON f.id = fund_id WHERE coalesce(m.amount, 0) <> coalesce(b.amount, 0)
"""

SETTLED = """
SELECT p.id, p.settled, s.amount FROM assets_pending_loss p LEFT JOIN (
    SELECT l.pending_id, sum(l.amount) AS amount FROM assets_loss_decision d
    JOIN assets_loss_decision_line l ON l.document_id = d.id WHERE d.state = 'posted' GROUP BY 1) s ON s.pending_id = p.id
WHERE abs(p.settled) <> coalesce(s.amount, 0)
"""

RESULTS = """
SELECT p.name AS plan, l.id AS line, r.kind, f.kind AS found FROM assets_stocktake_plan p
JOIN assets_stocktake_task t ON t.plan_id = p.id JOIN assets_stocktake_line l ON l.task_id = t.id
LEFT JOIN assets_stocktake_result r ON r.line_id = l.id LEFT JOIN assets_stocktake_finding f ON f.id = r.finding_id
WHERE p.state IN ('reconciled', 'approved')
  AND (r.id IS NULL OR f.kind IS DISTINCT FROM nullif(r.kind, 'not_found') OR (f.id IS NOT NULL AND f.line_id <> l.id))
"""

WAY_OUT = "请核对所列盘点、核销单与盘亏盘盈处理单，多记的先红冲；单据无误而仍不符的，请由运维查明。"
ALL = (
    ("AST-S1", "待处理资产损溢等于总账待处理财产损溢（资产）", PENDING),
    ("AST-S2", "资产损溢已处理金额等于处理单合计", SETTLED),
    ("AST-S3", "对账后的盘点每项都有结果，且与所采用的发现一致", RESULTS),
)


def register_all() -> None:
    for code, title, sql in ALL:
        register(Invariant(id=code, module="assets", title=title, sql=sql, way_out=WAY_OUT))
