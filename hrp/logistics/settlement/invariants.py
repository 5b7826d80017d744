"""Invariants of settlement and closing (物流 I1, I9, I10, I13), as queries that must return no row."""

from __future__ import annotations

from hrp.platform.base.health import Column, Invariant, call, register

# what a closed month says moved is what moved in it
PERIODS = """
SELECT coalesce(s.period_id, m.period_id) AS period, coalesce(s.store_id, m.store_id) AS store,
       coalesce(s.item_id, m.item_id) AS item, coalesce(s.batch_id, m.batch_id) AS batch,
       s.quantity, m.quantity AS moves_quantity, s.amount, m.amount AS moves_amount
FROM (SELECT c.period_id, b.store_id, b.item_id, b.batch_id, b.closing_quantity - b.opening_quantity AS quantity,
             b.closing_amount - b.opening_amount AS amount
      FROM logistics_period_balance b JOIN logistics_close c ON c.id = b.close_id AND c.reopened_at IS NULL) s
FULL JOIN (SELECT m.period_id, m.store_id, m.item_id, m.batch_id, sum(m.quantity) AS quantity, sum(m.amount) AS amount
           FROM logistics_move m JOIN logistics_close c ON c.period_id = m.period_id AND c.reopened_at IS NULL
           GROUP BY 1, 2, 3, 4) m USING (period_id, store_id, item_id, batch_id)
WHERE coalesce(s.quantity, 0) <> coalesce(m.quantity, 0) OR coalesce(s.amount, 0) <> coalesce(m.amount, 0)
"""

# each opening is the closing before it; where no month just before was closed, all that moved before
OPENINGS = """
WITH live AS (
    SELECT c.id, c.book_id, p.first_day, lag(c.id) OVER w AS before, lag(p.last_day) OVER w + 1 = p.first_day AS follows
    FROM logistics_close c JOIN ledger_period p ON p.id = c.period_id WHERE c.reopened_at IS NULL
    WINDOW w AS (PARTITION BY c.book_id ORDER BY p.first_day)
), expected AS (
    SELECT l.id, b.store_id, b.item_id, b.batch_id, b.closing_quantity AS quantity, b.closing_amount AS amount
    FROM live l JOIN logistics_period_balance b ON b.close_id = l.before WHERE l.follows
    UNION ALL
    SELECT l.id, m.store_id, m.item_id, m.batch_id, sum(m.quantity), sum(m.amount)
    FROM live l JOIN ledger_period p ON p.book_id = l.book_id AND p.first_day < l.first_day
    JOIN logistics_move m ON m.period_id = p.id WHERE l.follows IS NOT TRUE GROUP BY 1, 2, 3, 4
), held AS (
    SELECT b.close_id AS id, b.store_id, b.item_id, b.batch_id, b.opening_quantity AS quantity, b.opening_amount AS amount
    FROM live l JOIN logistics_period_balance b ON b.close_id = l.id
)
SELECT id AS close, store_id AS store, item_id AS item, batch_id AS batch, e.quantity AS expected, h.quantity AS opening,
       e.amount AS expected_amount, h.amount AS opening_amount
FROM expected e FULL JOIN held h USING (id, store_id, item_id, batch_id)
WHERE coalesce(e.quantity, 0) <> coalesce(h.quantity, 0) OR coalesce(e.amount, 0) <> coalesce(h.amount, 0)
"""

ESTIMATES = """
SELECT source, coalesce(e.amount, 0) AS estimates, coalesce(g.amount, 0) AS ledger
FROM (SELECT source, sum(amount) AS amount FROM logistics_estimate GROUP BY 1) e
FULL JOIN (SELECT e.source, -sum(l.amount) AS amount FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id
           JOIN ledger_account a ON a.id = l.account_id AND a.code = '2302.02' GROUP BY 1) g USING (source)
WHERE coalesce(e.amount, 0) <> coalesce(g.amount, 0)
"""

PAYABLES = """
SELECT source, coalesce(p.amount, 0) AS payables, coalesce(g.amount, 0) AS ledger
FROM (SELECT source, sum(amount) AS amount FROM logistics_payable GROUP BY 1) p
FULL JOIN (SELECT e.source, -sum(l.amount) AS amount FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id
           JOIN ledger_account a ON a.id = l.account_id AND a.code = '2302'
           WHERE e.source LIKE 'logistics.%' GROUP BY 1) g USING (source)
WHERE coalesce(p.amount, 0) <> coalesce(g.amount, 0)
"""

OPEN_ITEMS = """
SELECT '应付' AS of, p.source, p.amount, sum(s.amount) AS settled FROM logistics_payable p
JOIN logistics_payable s ON s.settles_id = p.id GROUP BY p.id, p.source, p.amount, p.settles_id
HAVING p.settles_id IS NOT NULL OR sign(sum(s.amount)) = sign(p.amount) OR abs(sum(s.amount)) > abs(p.amount)
UNION ALL
SELECT '暂估', min(source), sum(quantity), sum(amount) FROM logistics_estimate GROUP BY receipt_line_id
HAVING sum(quantity) < 0 OR sum(amount) < 0 OR (sum(quantity) = 0 AND sum(amount) <> 0)
"""

# What departments drew, and the differences of what they had drawn, is what the journal hands to costing under materials,
# or keeps as 在用低值易耗品 (1302.09) of the department until it is used up.
COSTS = """
SELECT coalesce(f.source, g.source) AS source, coalesce(f.unit, g.unit) AS unit, f.amount AS materials, g.amount AS costing
FROM (SELECT source, unit, period, sum(amount) AS amount FROM (
        SELECT m.source, d.org_unit_id AS unit, m.period_id AS period, -m.amount AS amount
        FROM logistics_move m JOIN logistics_issue d ON m.source = 'logistics.stock_issue:' || d.id
        UNION ALL SELECT source, org_unit_id, period_id, amount FROM logistics_consumed) x GROUP BY 1, 2, 3) f
FULL JOIN (
    SELECT e.source, l.org_unit_id AS unit, e.period_id AS period, sum(l.amount) AS amount
    FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id
    WHERE (e.source LIKE 'logistics.stock_issue:%' OR e.source LIKE 'logistics.supplier_invoice:%' OR e.source LIKE 'logistics.cost_adjustment:%')
      AND l.account_id IN (SELECT expense_account_id FROM logistics_class UNION SELECT admin_expense_account_id FROM logistics_class
                           UNION SELECT id FROM ledger_account WHERE code = '1302.09')
    GROUP BY 1, 2, 3) g ON g.source = f.source AND g.unit = f.unit AND g.period = f.period
WHERE coalesce(f.amount, 0) <> coalesce(g.amount, 0)
"""

# goods settled as they were used are invoiced once, at what was settled
SETTLED = """
SELECT p.source, p.amount, count(d.id) AS invoices, sum(l.amount) AS invoiced FROM logistics_payable p
JOIN logistics_supplier_invoice_line l ON l.payable_id = p.id JOIN logistics_supplier_invoice d ON d.id = l.document_id
WHERE d.state = 'posted' GROUP BY p.id HAVING count(d.id) > 1 OR sum(l.amount) <> p.amount OR p.kind <> 'settlement'
    OR EXISTS (SELECT FROM logistics_payable r WHERE r.settles_id = p.id AND r.kind = 'reversal')
"""

CLOSED_MONTH = (
    "SELECT c.id, to_char(p.first_day, 'YYYY-MM') FROM logistics_close c JOIN ledger_period p ON p.id = c.period_id"
    " WHERE c.id = ANY(%s)"
)
LEDGER = "所列单据与总账不符：先看该科目有无手工凭证，有则红冲；没有则请由运维对照操作日志查明。"
SNAPSHOT = (
    "请另一位有权限的人反结账该月（先反结账其后各月），核对当月流水后重新月结；仍不符的，请由运维查明。"
)
ALL = (
    ("LOG-I1", "月结期初加收入减发出等于期末，且等于当月流水", PERIODS, SNAPSHOT),
    ("LOG-I9", "暂估等于总账应付账款-暂估（按单据）", ESTIMATES, LEDGER),
    ("LOG-I9P", "应付账款等于总账应付账款（按单据）", PAYABLES, LEDGER),
    (
        "LOG-I9S",
        "暂估与应付的核销不超过其金额",
        OPEN_ITEMS,
        "请核对所列单据的发票、退货与付款，多核销的先红冲。",
    ),
    (
        "LOG-I9U",
        "使用结算至多开一次发票，金额相符",
        SETTLED,
        "请核对所列使用结算单的采购发票，多开的先红冲。",
    ),
    ("LOG-I10", "科室领用与差价等于交给成本核算的费用", COSTS, LEDGER),
    ("LOG-I13", "本期期初等于上期期末", OPENINGS, SNAPSHOT),
)


def register_all() -> None:
    call("logistics", settled=Column("已核销"), close=Column("月份", CLOSED_MONTH))
    for code, title, statement, way_out in ALL:
        register(Invariant(id=code, module="logistics", title=title, sql=statement, way_out=way_out))
