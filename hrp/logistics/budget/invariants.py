"""Invariants of the budget (物流 I14), as queries that must return no row."""

from __future__ import annotations

from hrp.platform.base.health import Column, Invariant, call, register

STATES = """
SELECT line_id AS line, source, state, sum(amount) AS amount FROM logistics_budget_entry WHERE state <> 'carried'
GROUP BY 1, 2, 3 HAVING sum(amount) < 0
"""

CARRIED = """
SELECT source, sum(amount) AS amount FROM logistics_budget_entry WHERE state = 'carried' GROUP BY 1 HAVING sum(amount) <> 0
"""

# what a budget shows as spent by an issue is what the goods cost; nothing of it after a reversal
ACTUAL = """
SELECT e.line_id AS line, e.source, e.amount, coalesce(m.amount, 0) AS cost
FROM (SELECT line_id, source, sum(amount) AS amount FROM logistics_budget_entry
      WHERE state = 'actual' AND by = source AND source LIKE 'logistics.stock_issue:%' GROUP BY 1, 2) e
JOIN logistics_budget_line b ON b.id = e.line_id AND b.material_class_id IS NOT NULL
LEFT JOIN LATERAL (
    SELECT -sum(m.amount) AS amount FROM logistics_move m JOIN logistics_item i ON i.id = m.item_id
    WHERE m.source = e.source AND i.material_class_id = b.material_class_id) m ON true
WHERE e.amount <> coalesce(m.amount, 0)
"""

# and by a receipt what was paid for them
BOUGHT = """
SELECT e.line_id AS line, e.source, e.amount, coalesce(m.amount, 0) AS paid
FROM (SELECT line_id, source, sum(amount) AS amount FROM logistics_budget_entry
      WHERE state = 'actual' AND by = source AND source LIKE 'logistics.stock_receipt:%' GROUP BY 1, 2) e
JOIN logistics_budget_line b ON b.id = e.line_id AND b.material_class_id IS NOT NULL
LEFT JOIN LATERAL (
    SELECT sum(m.amount) AS amount FROM logistics_move m JOIN logistics_item i ON i.id = m.item_id
    WHERE m.source = e.source AND m.kind IN ('receipt', 'receipt_reversal') AND i.material_class_id = b.material_class_id) m ON true
WHERE e.amount <> coalesce(m.amount, 0)
"""

WAY_OUT = "请打开所列单据核对其预算占用；重复计入的先红冲该单据再重做，红冲不了的请由运维查明。"
ALL = (
    ("LOG-I14", "预算占用、承诺、执行按单据均不为负", STATES),
    ("LOG-I14A", "预算执行数等于出库成本", ACTUAL),
    ("LOG-I14B", "采购预算执行数等于入库金额", BOUGHT),
    ("LOG-I14C", "预算结转一出一进", CARRIED),
)
LINE = (
    "SELECT b.id, u.name || ' ' || coalesce(c.name, '全部') FROM logistics_budget_line b JOIN org_unit u ON u.id = b.org_unit_id"
    " LEFT JOIN logistics_class c ON c.id = b.material_class_id WHERE b.id = ANY(%s)"
)


def register_all() -> None:
    call("logistics", line=Column("预算", LINE))
    for code, title, statement in ALL:
        register(Invariant(id=code, module="logistics", title=title, sql=statement, way_out=WAY_OUT))
