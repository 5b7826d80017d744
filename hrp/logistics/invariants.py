"""Invariants of stock (物流 I2-I6, I8, I12), as queries that must return no row. Rooms above register theirs beside them."""

from __future__ import annotations

from hrp.platform.base.health import Column, Invariant, call, register
from hrp.platform.documents.invariants import NUMBERS_WAY_OUT, number_gaps

# what rows of materials name, in every room
COLUMNS = {
    "store": Column("库房", "SELECT id, code || ' ' || name FROM logistics_store WHERE id = ANY(%s)"),
    "item": Column(
        "物资", "SELECT id, trim(code || ' ' || name || ' ' || spec) FROM logistics_item WHERE id = ANY(%s)"
    ),
    "batch": Column(
        "批次",
        "SELECT id, coalesce(nullif(lot, ''), '无批号') || CASE WHEN expiry < '9999-01-01' THEN '（有效期至 ' || expiry || '）'"
        " ELSE '' END FROM logistics_batch WHERE id = ANY(%s)",
    ),
    "account": Column("科目", "SELECT id, code || ' ' || name FROM ledger_account WHERE id = ANY(%s)"),
    "unit": Column("科室", "SELECT id, code || ' ' || name FROM org_unit WHERE id = ANY(%s)"),
    "period": Column(
        "月份", "SELECT id, to_char(first_day, 'YYYY-MM') FROM ledger_period WHERE id = ANY(%s)"
    ),
    "transfer": Column("调拨单", "SELECT id, number FROM logistics_transfer WHERE id = ANY(%s)"),
    "of": Column("表"),
    "source": Column("单据"),
    "position": Column("行"),
    "quantity": Column("数量"),
    "amount": Column("金额"),
    "mirrored_quantity": Column("红冲数量"),
    "mirrored_amount": Column("红冲金额"),
    "moves_quantity": Column("流水数量"),
    "moves_amount": Column("流水金额"),
    "layers_quantity": Column("各层数量"),
    "layers_amount": Column("各层金额"),
    "stock": Column("库存金额"),
    "ledger": Column("总账金额"),
    "pieces": Column("唯一码件数"),
    "uid": Column("唯一码"),
    "state": Column("状态"),
    "expected": Column("应有数量"),
    "opening": Column("期初数量"),
    "expected_amount": Column("应有金额"),
    "opening_amount": Column("期初金额"),
    "estimates": Column("暂估"),
    "payables": Column("应付"),
    "materials": Column("领用金额"),
    "costing": Column("费用金额"),
    "cost": Column("出库成本"),
    "counter": Column("应有"),
    "documents": Column("实有"),
    "highest": Column("最大单号"),
    "kind": Column("类别"),
    "month": Column("月份"),
    "date": Column("日期"),
    "expiry": Column("有效期"),
}

AROUND = "余额、流水与单据只由过账写入，不符即有人绕过系统改动了数据：请停止该物资收发，保留现场，由运维对照备份与操作日志查明。"

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
SELECT '库存余额' AS of, store_id AS store, item_id AS item, batch_id AS batch, quantity, amount FROM logistics_balance
    WHERE quantity < 0 OR amount < 0 OR (quantity = 0 AND amount <> 0)
UNION ALL SELECT '库存价值', store_id, item_id, NULL, quantity, amount FROM logistics_valuation
    WHERE quantity < 0 OR amount < 0 OR (quantity = 0 AND amount <> 0)
UNION ALL SELECT '先进先出层', store_id, item_id, NULL, quantity, amount FROM logistics_layer
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

# a mirror is the opposite of its move, and a document that was reversed has every move mirrored
MIRRORS = """
SELECT o.source, o.store_id AS store, o.item_id AS item, o.batch_id AS batch, o.quantity, o.amount,
       r.quantity AS mirrored_quantity, r.amount AS mirrored_amount
FROM logistics_move r JOIN logistics_move o ON o.id = r.reverses_id
WHERE r.quantity + o.quantity <> 0 OR r.amount + o.amount <> 0 OR r.item_id <> o.item_id
   OR r.batch_id <> o.batch_id OR r.store_id <> o.store_id OR r.source <> o.source
UNION ALL
SELECT o.source, o.store_id, o.item_id, o.batch_id, o.quantity, o.amount, NULL, NULL
FROM documents_reversal d JOIN logistics_move o ON o.source = d.kind || ':' || d.document_id AND o.reverses_id IS NULL
WHERE d.kind LIKE 'logistics.%' AND NOT EXISTS (SELECT FROM logistics_move r WHERE r.reverses_id = o.id)
"""

# in months that can still be put right: what a department was given could be used that day
EXPIRED = """
SELECT m.source, m.store_id AS store, m.item_id AS item, m.batch_id AS batch, m.quantity, m.date, t.expiry
FROM logistics_move m JOIN ledger_period p ON p.id = m.period_id AND p.state = 'open'
JOIN logistics_batch t ON t.id = m.batch_id AND t.expiry < m.date
WHERE m.kind = 'issue' AND NOT EXISTS (SELECT FROM logistics_move r WHERE r.reverses_id = m.id)
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
    ("LOG-I2", "库存余额等于流水合计（数量与金额）", BALANCES, AROUND),
    ("LOG-I2V", "按平均或先进先出计价的价值等于流水合计", VALUATIONS, AROUND),
    ("LOG-I3", "库存数量与金额不为负，数量为零则金额为零", NOT_NEGATIVE, AROUND),
    ("LOG-I4", "先进先出各层之和等于库存价值，每层等于其入库减领用", LAYERS, AROUND),
    ("LOG-I5", "在途等于已发出未收货的调拨", TRANSIT, "请打开所列调拨单，核对其收货单；数量已收齐而在途仍有余数的，请由运维查明。"),
    ("LOG-I5T", "调拨不改变全院的数量与金额", TRANSFERS, "请红冲所列单据后重做；红冲不了的，请由运维查明。"),
    ("LOG-I6", "红冲流水与原流水相反、完整且至多一次", MIRRORS, AROUND),
    ("LOG-I8", "存货余额等于总账存货科目余额", LEDGER, "请先看该科目有无手工凭证：有则红冲，改由物资单据记账；没有则由运维查明。"),
    ("LOG-I19", "发给科室的批次出库当日未过期", EXPIRED, "请立即追回并红冲所列出库单，把过期批次移入不合格品库。"),
)  # fmt: skip


def register_all() -> None:
    call("logistics", **COLUMNS)
    for code, title, sql, way_out in ALL:
        register(Invariant(id=code, module="logistics", title=title, sql=sql, way_out=way_out))
    register(
        Invariant(
            "LOG-I12", "logistics", "物资单据与红冲编号连续无缺号", check=lambda: number_gaps("logistics"),
            way_out=NUMBERS_WAY_OUT,
        )
    )  # fmt: skip
