"""Invariants of purchasing, as queries that must return no row."""

from __future__ import annotations

from hrp.logistics.purchasing.positions import RECEIVED_SQL
from hrp.platform.base.health import Invariant, register

# more was received of an order line than ordered and allowed, by the version in force
OVER_RECEIVED = f"""
SELECT o.number, l.position, l.quantity, g.quantity AS received
FROM logistics_order_line l JOIN logistics_order o ON o.id = l.document_id AND o.state = 'posted'
JOIN logistics_item i ON i.id = l.item_id
JOIN ({RECEIVED_SQL} GROUP BY 1) g ON g.root = coalesce(l.root_id, l.id)
WHERE NOT EXISTS (SELECT FROM logistics_order v WHERE v.replaces_id = o.id AND v.state = 'posted')
  AND g.quantity > l.quantity * (100 + greatest(i.over_receive_percent, 0)) / 100
"""  # noqa: S608 - our own statement

NOT_AS_ORDERED = """
SELECT r.number, rl.position, rl.item_id, l.item_id AS ordered, r.supplier_id, o.supplier_id AS of
FROM logistics_receipt_line rl JOIN logistics_receipt r ON r.id = rl.document_id AND r.state = 'posted'
LEFT JOIN logistics_order_line l ON l.id = rl.order_line LEFT JOIN logistics_order o ON o.id = l.document_id
WHERE rl.order_line IS NOT NULL AND (l.id IS NULL OR l.item_id <> rl.item_id OR o.supplier_id <> r.supplier_id)
"""

# nothing comes into a store by an inspection that did not accept it
MORE_THAN_ACCEPTED = """
SELECT i.number, a.order_line_id, a.lot, a.accepted, b.received
FROM logistics_inspection i
JOIN LATERAL (SELECT l.order_line_id, l.lot, sum(l.accepted) AS accepted FROM logistics_inspection_line l
              WHERE l.document_id = i.id GROUP BY 1, 2) a ON true
JOIN LATERAL (SELECT sum(rl.quantity) AS received FROM logistics_inspection_receipt m
              JOIN logistics_receipt r ON r.id = m.receipt AND r.state = 'posted'
              JOIN logistics_store s ON s.id = r.store_id AND s.kind <> 'quarantine'
              JOIN logistics_receipt_line rl ON rl.document_id = r.id
                  AND rl.order_line IS NOT DISTINCT FROM a.order_line_id AND rl.lot = a.lot
              WHERE m.inspection_id = i.id) b ON true
WHERE a.order_line_id IS NOT NULL AND coalesce(b.received, 0) > coalesce(a.accepted, 0)
"""

RETURNED = """
SELECT d.receipt_id AS receipt, l.receipt_position AS position, sum(l.quantity) AS returned, max(r.quantity) AS received,
    sum(l.amount) AS amount, max(r.amount) AS paid
FROM logistics_supplier_return_line l JOIN logistics_supplier_return d ON d.id = l.document_id AND d.state = 'posted'
LEFT JOIN logistics_receipt_line r ON r.document_id = d.receipt_id AND r.position = l.receipt_position
GROUP BY 1, 2
HAVING max(r.quantity) IS NULL OR sum(l.quantity) > max(r.quantity) OR sum(l.amount) > max(r.amount)
    OR (sum(l.quantity) = max(r.quantity) AND sum(l.amount) <> max(r.amount))
"""

# what a return took out of stock is what its lines say
RETURN_MOVES = """
SELECT d.number, l.position, l.quantity, l.stock_amount, m.quantity AS moved, m.amount
FROM logistics_supplier_return_line l JOIN logistics_supplier_return d ON d.id = l.document_id AND d.state = 'posted'
LEFT JOIN (SELECT source, line_position, sum(quantity) AS quantity, sum(amount) AS amount FROM logistics_move
           WHERE reverses_id IS NULL AND source LIKE 'logistics.supplier_return:%' GROUP BY 1, 2) m
    ON m.source = 'logistics.supplier_return:' || d.id AND m.line_position = l.position
WHERE l.quantity + coalesce(m.quantity, 0) <> 0 OR l.stock_amount + coalesce(m.amount, 0) <> 0
"""

# what plans and orders hold of a budget is what stands in no order, and what has not come
PLANNED = """
SELECT e.source, e.line_id AS line, e.amount AS held, coalesce(o.amount, 0) AS open
FROM (SELECT source, line_id, sum(amount) AS amount, split_part(source, ':', 2)::bigint AS id FROM logistics_budget_entry
      WHERE state = 'reserved' AND source LIKE 'logistics.purchase_plan:%' GROUP BY 1, 2) e
JOIN logistics_budget_line b ON b.id = e.line_id AND b.material_class_id IS NOT NULL
LEFT JOIN LATERAL (
    SELECT sum(l.amount) AS amount FROM logistics_plan p JOIN logistics_plan_line l ON l.document_id = p.id AND l.amount > 0
    JOIN logistics_item i ON i.id = l.item_id AND i.material_class_id = b.material_class_id
    WHERE p.id = e.id AND p.state = 'posted' AND NOT EXISTS (SELECT FROM logistics_plan_closing c WHERE c.plan_id = p.id)
      AND NOT EXISTS (SELECT FROM logistics_order_line x JOIN logistics_order o ON o.id = x.document_id
                      WHERE x.plan_line_id = l.id AND o.state = 'posted')) o ON true
WHERE e.amount <> coalesce(o.amount, 0)
"""

COMMITTED = f"""
SELECT e.source, e.line_id AS line, e.amount AS held, coalesce(o.amount, 0) AS open
FROM (SELECT source, line_id, sum(amount) AS amount, split_part(source, ':', 2)::bigint AS id FROM logistics_budget_entry
      WHERE state = 'committed' AND source LIKE 'logistics.purchase_order:%' GROUP BY 1, 2) e
JOIN logistics_budget_line b ON b.id = e.line_id AND b.material_class_id IS NOT NULL
LEFT JOIN LATERAL (
    SELECT sum(round(l.amount * greatest(l.quantity - coalesce(g.quantity, 0), 0) / l.quantity, 2)) AS amount
    FROM logistics_order o JOIN logistics_order_line l ON l.document_id = o.id AND l.quantity > 0
    JOIN logistics_item i ON i.id = l.item_id AND i.material_class_id = b.material_class_id
    LEFT JOIN ({RECEIVED_SQL} GROUP BY 1) g ON g.root = coalesce(l.root_id, l.id)
    WHERE o.id = e.id AND o.state = 'posted'
      AND NOT EXISTS (SELECT FROM logistics_order_event v WHERE v.order_id = o.id AND v.kind = 'closed')
      AND NOT EXISTS (SELECT FROM logistics_order v WHERE v.replaces_id = o.id AND v.state = 'posted')) o ON true
WHERE e.amount <> coalesce(o.amount, 0)
"""  # noqa: S608 - our own statement

SIGNATURES = """
SELECT d.number, count(DISTINCT s.signer_id) AS signers FROM logistics_inspection d
LEFT JOIN logistics_inspection_signature s ON s.inspection_id = d.id
WHERE d.state = 'posted' GROUP BY d.id, d.number HAVING count(DISTINCT s.signer_id) = 0
"""

BUYERS = """
SELECT d.number, o.number AS ordered, s.signer_id FROM logistics_inspection_signature s
JOIN logistics_inspection d ON d.id = s.inspection_id AND d.state = 'posted'
JOIN logistics_inspection_line l ON l.document_id = d.id JOIN logistics_order_line x ON x.id = l.order_line_id
JOIN logistics_order o ON o.id = x.document_id WHERE o.maker_id = s.signer_id
"""

WAY_OUT = "请核对所列订单、验收单、入库单与退货单，多记的先红冲；单据无误而仍不符的，请由运维查明。"
ALL = (
    ("LOG-I15", "订单行收货不超过订货与允许超收", OVER_RECEIVED),
    ("LOG-I15L", "入库的订单行与物资、供应商一致", NOT_AS_ORDERED),
    ("LOG-I16", "入库不多于验收合格数量", MORE_THAN_ACCEPTED),
    ("LOG-I17", "退货不多于原入库，全退则金额相等", RETURNED),
    ("LOG-I17M", "退货单与其库存流水相符", RETURN_MOVES),
    ("LOG-I18", "已过账的验收单有人签字", SIGNATURES),
    ("LOG-I18B", "采购人不在自己订单的验收单上签字", BUYERS),
    ("LOG-I14P", "采购计划占用的预算等于未下单的金额", PLANNED),
    ("LOG-I14O", "采购订单承诺的预算等于未到货的金额", COMMITTED),
)


def register_all() -> None:
    for code, title, sql in ALL:
        register(Invariant(id=code, module="logistics", title=title, sql=sql, way_out=WAY_OUT))
