"""Invariants of counting, as queries that must return no row."""

from __future__ import annotations

from hrp.platform.base.health import Invariant, register

PENDING = """
SELECT p.amount AS pending, g.amount AS ledger FROM
    (SELECT -coalesce(sum(amount - settled), 0) AS amount FROM logistics_pending_loss WHERE NOT is_undone) p,
    (SELECT coalesce(sum(l.amount), 0) AS amount FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id
     JOIN ledger_account a ON a.id = l.account_id
     WHERE a.code = '1902' AND (e.source LIKE 'logistics.stocktake:%' OR e.source LIKE 'logistics.scrap:%'
                                OR e.source LIKE 'logistics.loss_settlement:%')) g
WHERE p.amount <> g.amount
"""

SETTLED = """
SELECT p.id, p.settled, s.amount FROM logistics_pending_loss p LEFT JOIN (
    SELECT l.pending_id, sum(l.amount) AS amount FROM logistics_loss_settlement d
    JOIN logistics_loss_settlement_line l ON l.document_id = d.id WHERE d.state = 'posted' GROUP BY 1) s ON s.pending_id = p.id
WHERE abs(p.settled) <> coalesce(s.amount, 0)
"""

RESULTS = """
SELECT l.document_id, l.position, l.difference, r.difference AS found FROM logistics_stocktake d
JOIN logistics_stocktake_line l ON l.document_id = d.id
LEFT JOIN logistics_count_line c ON c.task_id = d.task_id AND c.batch_id = l.batch_id
LEFT JOIN logistics_count_result r ON r.line_id = c.id
WHERE d.state = 'posted' AND (r.id IS NULL OR l.counted <> r.counted OR l.moved <> r.moved OR l.book <> c.book)
UNION ALL
SELECT m.source_id, m.line_position, m.quantity, l.difference FROM (
    SELECT split_part(source, ':', 2)::bigint AS source_id, line_position, sum(quantity) AS quantity FROM logistics_move
    WHERE source LIKE 'logistics.stocktake:%' AND reverses_id IS NULL GROUP BY 1, 2) m
JOIN logistics_stocktake_line l ON l.document_id = m.source_id AND l.position = m.line_position
WHERE m.quantity <> l.difference
"""

ONCE = """
SELECT task_id, count(*) AS posted FROM logistics_stocktake WHERE state = 'posted' GROUP BY 1 HAVING count(*) > 1
"""

WAY_OUT = "请核对所列盘点单、报损单与损溢处理单，多记的先红冲；单据无误而仍不符的，请由运维查明。"
ALL = (
    ("LOG-I31", "待处理损溢等于总账待处理财产损溢（物资）", PENDING),
    ("LOG-I32", "损溢已处理金额等于处理单合计", SETTLED),
    ("LOG-I33", "盘点单与盘点结果、库存流水一致", RESULTS),
    ("LOG-I34", "一次盘点只入账一次", ONCE),
)


def register_all() -> None:
    for code, title, sql in ALL:
        register(Invariant(id=code, module="logistics", title=title, sql=sql, way_out=WAY_OUT))
