"""Invariants of stock (物流 I2-I6, I8), as queries that must return no row. Rooms above register theirs beside them."""

from __future__ import annotations

from hrp.platform.base.health import Invariant, register

BALANCES = """
SELECT coalesce(b.store_id, m.store_id) AS store, coalesce(b.item_id, m.item_id) AS item,
       coalesce(b.batch_id, m.batch_id) AS batch, b.quantity, m.quantity AS moves_quantity, b.amount, m.amount AS moves_amount
FROM logistics_balance b
FULL JOIN (SELECT store_id, item_id, batch_id, sum(quantity) AS quantity, sum(amount) AS amount
           FROM logistics_move GROUP BY 1, 2, 3) m USING (store_id, item_id, batch_id)
JOIN logistics_item i ON i.id = coalesce(b.item_id, m.item_id)
WHERE coalesce(b.quantity, 0) <> coalesce(m.quantity, 0)
   OR coalesce(b.amount, 0) <> CASE WHEN i.cost_method = 'batch' THEN coalesce(m.amount, 0) ELSE 0 END
"""

VALUATIONS = """
SELECT coalesce(v.store_id, m.store_id) AS store, coalesce(v.item_id, m.item_id) AS item,
       v.quantity, m.quantity AS moves_quantity, v.amount, m.amount AS moves_amount
FROM logistics_valuation v
FULL JOIN (SELECT m.store_id, m.item_id, sum(m.quantity) AS quantity, sum(m.amount) AS amount
           FROM logistics_move m JOIN logistics_item i ON i.id = m.item_id
           WHERE i.cost_method <> 'batch' GROUP BY 1, 2) m USING (store_id, item_id)
WHERE coalesce(v.quantity, 0) <> coalesce(m.quantity, 0) OR coalesce(v.amount, 0) <> coalesce(m.amount, 0)
"""

NOT_NEGATIVE = """
SELECT 'balance' AS of, id, quantity, amount FROM logistics_balance
    WHERE quantity < 0 OR amount < 0 OR (quantity = 0 AND amount <> 0)
UNION ALL SELECT 'valuation', id, quantity, amount FROM logistics_valuation
    WHERE quantity < 0 OR amount < 0 OR (quantity = 0 AND amount <> 0)
UNION ALL SELECT 'layer', id, quantity, amount FROM logistics_layer
    WHERE quantity < 0 OR amount < 0 OR (quantity = 0 AND amount <> 0)
"""

LAYERS = """
SELECT v.store_id AS store, v.item_id AS item, v.quantity, l.quantity AS layers_quantity, v.amount, l.amount AS layers_amount
FROM logistics_valuation v JOIN logistics_item i ON i.id = v.item_id AND i.cost_method = 'fifo'
JOIN logistics_store s ON s.id = v.store_id AND s.kind <> 'transit'
LEFT JOIN (SELECT store_id, item_id, sum(quantity) AS quantity, sum(amount) AS amount FROM logistics_layer GROUP BY 1, 2) l
    USING (store_id, item_id)
WHERE v.quantity <> coalesce(l.quantity, 0) OR v.amount <> coalesce(l.amount, 0)
UNION ALL
SELECT l.store_id, l.item_id, l.quantity, m.quantity + coalesce(u.quantity, 0), l.amount, m.amount + coalesce(u.amount, 0)
FROM logistics_layer l JOIN logistics_move m ON m.id = l.move_id
LEFT JOIN (SELECT layer_id, sum(quantity) AS quantity, sum(amount) AS amount FROM logistics_layer_use GROUP BY 1) u
    ON u.layer_id = l.id
WHERE l.quantity <> m.quantity + coalesce(u.quantity, 0) OR l.amount <> m.amount + coalesce(u.amount, 0)
"""

# what is on its way belongs to transfers: dispatched less received, of each not less than nothing
TRANSIT = """
WITH way AS (
    SELECT coalesce(r.transfer_id, t.id) AS transfer, m.batch_id AS batch, m.quantity, m.amount
    FROM logistics_move m JOIN logistics_store s ON s.id = m.store_id AND s.kind = 'transit'
    LEFT JOIN logistics_transfer t ON m.source = 'logistics.stock_transfer:' || t.id
    LEFT JOIN logistics_transfer_receipt r ON m.source = 'logistics.transfer_receipt:' || r.id
)
SELECT transfer, batch, sum(quantity) AS quantity, sum(amount) AS amount FROM way GROUP BY 1, 2
HAVING transfer IS NULL OR sum(quantity) < 0 OR sum(amount) < 0 OR (sum(quantity) = 0 AND sum(amount) <> 0)
"""

# a transfer moves nothing in or out of the hospital
TRANSFERS = """
SELECT source, sum(quantity) AS quantity, sum(amount) AS amount FROM logistics_move
WHERE source LIKE 'logistics.stock_transfer:%' OR source LIKE 'logistics.transfer_receipt:%'
GROUP BY source HAVING sum(quantity) <> 0 OR sum(amount) <> 0
"""

MIRRORS = """
SELECT r.id, r.reverses_id FROM logistics_move r JOIN logistics_move o ON o.id = r.reverses_id
WHERE r.quantity + o.quantity <> 0 OR r.amount + o.amount <> 0 OR r.item_id <> o.item_id
   OR r.batch_id <> o.batch_id OR r.store_id <> o.store_id
"""

LEDGER = """
SELECT c.account, s.amount AS stock, g.amount AS ledger FROM
    (SELECT DISTINCT inventory_account_id AS account FROM logistics_class) c
LEFT JOIN (SELECT k.inventory_account_id AS account, sum(h.amount) AS amount FROM (
               SELECT item_id, amount FROM logistics_balance UNION ALL SELECT item_id, amount FROM logistics_valuation) h
           JOIN logistics_item i ON i.id = h.item_id JOIN logistics_class k ON k.id = i.material_class_id
           GROUP BY 1) s USING (account)
LEFT JOIN (SELECT account_id AS account, sum(amount) AS amount FROM ledger_line GROUP BY 1) g USING (account)
WHERE coalesce(s.amount, 0) <> coalesce(g.amount, 0)
"""

ALL = (
    ("LOG-I2", "库存余额等于流水合计（数量与金额）", BALANCES),
    ("LOG-I2V", "按平均或先进先出计价的价值等于流水合计", VALUATIONS),
    ("LOG-I3", "库存数量与金额不为负，数量为零则金额为零", NOT_NEGATIVE),
    ("LOG-I4", "先进先出各层之和等于库存价值，每层等于其入库减领用", LAYERS),
    ("LOG-I5", "在途等于已发出未收货的调拨", TRANSIT),
    ("LOG-I5T", "调拨不改变全院的数量与金额", TRANSFERS),
    ("LOG-I6", "红冲流水与原流水相反且至多一次", MIRRORS),
    ("LOG-I8", "存货余额等于总账存货科目余额", LEDGER),
)


def register_all() -> None:
    for code, title, sql in ALL:
        register(Invariant(id=code, module="logistics", title=title, sql=sql))
