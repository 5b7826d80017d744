"""Invariants of requesting, as queries that must return no row."""

from __future__ import annotations

from hrp.platform.base.health import Invariant, register

# what a request promises is what was granted less what was served, while it is open
PROMISES = """
SELECT coalesce(o.source, r.source) AS source, coalesce(o.position, r.line_position) AS position, o.left_over, r.quantity
FROM (SELECT 'logistics.requisition:' || d.id AS source, l.position, l.granted - coalesce(s.served, 0) AS left_over
      FROM logistics_requisition d JOIN logistics_requisition_line l ON l.document_id = d.id
      LEFT JOIN logistics_requisition_closing c ON c.requisition_id = d.id
      LEFT JOIN (SELECT requisition_id, line_position, sum(quantity) AS served FROM logistics_requisition_serving
                 GROUP BY 1, 2) s ON s.requisition_id = d.id AND s.line_position = l.position
      WHERE d.state = 'posted' AND c.id IS NULL AND l.granted - coalesce(s.served, 0) <> 0) o
FULL JOIN (SELECT source, line_position, quantity FROM logistics_reservation
           WHERE source LIKE 'logistics.requisition:%') r ON r.source = o.source AND r.line_position = o.position
WHERE o.left_over IS DISTINCT FROM r.quantity
"""

SERVED = """
SELECT s.requisition_id, s.line_position, l.granted, sum(s.quantity) AS served FROM logistics_requisition_serving s
JOIN logistics_requisition_line l ON l.document_id = s.requisition_id AND l.position = s.line_position
GROUP BY 1, 2, 3 HAVING sum(s.quantity) < 0 OR sum(s.quantity) > l.granted
"""

RETURNED = """
SELECT r.issue_id, r.issue_position, r.batch_id, r.quantity AS returned, m.quantity AS issued, r.amount, m.amount AS cost
FROM (SELECT d.issue_id, l.issue_position, l.batch_id, sum(l.quantity) AS quantity, sum(l.amount) AS amount
      FROM logistics_department_return d JOIN logistics_department_return_line l ON l.document_id = d.id
      WHERE d.state = 'posted' GROUP BY 1, 2, 3) r
LEFT JOIN (SELECT source, line_position, batch_id, -sum(quantity) AS quantity, -sum(amount) AS amount
           FROM logistics_move WHERE source LIKE 'logistics.stock_issue:%' GROUP BY 1, 2, 3) m
    ON m.source = 'logistics.stock_issue:' || r.issue_id AND m.line_position = r.issue_position AND m.batch_id = r.batch_id
WHERE r.quantity > coalesce(m.quantity, 0) OR r.amount > coalesce(m.amount, 0)
   OR (r.quantity = m.quantity AND r.amount <> m.amount)
"""

DURABLES = """
SELECT d.id, d.quantity, u.quantity AS uses_quantity, d.cost, u.cost AS uses_cost, d.expensed, u.expensed AS uses_expensed
FROM logistics_durable d LEFT JOIN (SELECT durable_id, sum(quantity) AS quantity, sum(cost) AS cost, sum(expensed) AS expensed
    FROM logistics_durable_use GROUP BY 1) u ON u.durable_id = d.id
WHERE d.quantity <> coalesce(u.quantity, 0) OR d.cost <> coalesce(u.cost, 0) OR d.expensed <> coalesce(u.expensed, 0)
"""

CARRIED = """
SELECT d.carried, g.amount AS ledger FROM (SELECT coalesce(sum(cost - expensed), 0) AS carried FROM logistics_durable) d,
    (SELECT coalesce(sum(l.amount), 0) AS amount FROM ledger_line l JOIN ledger_account a ON a.id = l.account_id
     WHERE a.code = '1302.09') g
WHERE d.carried <> g.amount
"""

# what a request holds of a budget is the estimate of what it was granted and has not been served
HELD = """
SELECT e.source, e.line_id AS line, e.amount AS held, coalesce(o.amount, 0) AS open
FROM (SELECT source, line_id, sum(amount) AS amount, split_part(source, ':', 2)::bigint AS id FROM logistics_budget_entry
      WHERE state = 'reserved' AND source LIKE 'logistics.requisition:%' GROUP BY 1, 2) e
JOIN logistics_budget_line b ON b.id = e.line_id AND b.material_class_id IS NOT NULL
LEFT JOIN LATERAL (
    SELECT sum(round(l.amount * (l.granted - coalesce(s.served, 0)) / l.quantity, 2)) AS amount
    FROM logistics_requisition d JOIN logistics_requisition_line l ON l.document_id = d.id
    JOIN logistics_item i ON i.id = coalesce(l.substitute_id, l.item_id) AND i.material_class_id = b.material_class_id
    LEFT JOIN (SELECT requisition_id, line_position, sum(quantity) AS served FROM logistics_requisition_serving GROUP BY 1, 2) s
        ON s.requisition_id = d.id AND s.line_position = l.position
    WHERE d.id = e.id AND d.state = 'posted' AND NOT EXISTS (SELECT FROM logistics_requisition_closing c WHERE c.requisition_id = d.id)
) o ON true
WHERE e.amount <> coalesce(o.amount, 0)
"""

WAY_OUT = "请核对所列申领单及其出库、退库单，多记的先红冲；单据无误而仍不符的，请由运维查明。"
ALL = (
    ("LOG-I21", "库存占用等于申领核发未领的数量", PROMISES),
    ("LOG-I22", "申领已领数量不超过核发数量", SERVED),
    ("LOG-I23", "退库数量与金额不超过原领用，退完则金额相等", RETURNED),
    ("LOG-I24", "在用低值易耗品等于其变动合计", DURABLES),
    ("LOG-I25", "在用低值易耗品待摊销等于总账余额", CARRIED),
    ("LOG-I14R", "申领占用的预算等于核发未领的估计金额", HELD),
)


def register_all() -> None:
    for code, title, sql in ALL:
        register(Invariant(id=code, module="logistics", title=title, sql=sql, way_out=WAY_OUT))
