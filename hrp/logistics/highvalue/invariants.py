"""Invariants of high-value goods (LOG-I7, LOG-I11 and what is charged), as queries that must return no row."""

from __future__ import annotations

from hrp.logistics.highvalue import selectors
from hrp.platform.base.health import Invariant, Rows, register

# the living pieces of the hospital in a store are the quantity on its balances
PLACES = """
SELECT coalesce(h.store_id, u.store_id) AS store, coalesce(h.batch_id, u.batch_id) AS batch, h.quantity, u.pieces
FROM (SELECT b.store_id, b.batch_id, b.quantity FROM logistics_balance b JOIN logistics_item i ON i.id = b.item_id
      WHERE i.trace_mode = 'unit' AND b.quantity <> 0) h
FULL JOIN (SELECT store_id, batch_id, count(*) AS pieces FROM logistics_unit
           WHERE owner = 'hospital' AND store_id IS NOT NULL GROUP BY 1, 2) u USING (store_id, batch_id)
WHERE coalesce(h.quantity, 0) <> coalesce(u.pieces, 0)
"""

# state and place of a piece are those of its last event
PROJECTION = """
SELECT u.id, u.uid, u.state, e.to_state, u.store_id, e.store_id AS event_store FROM logistics_unit u
LEFT JOIN LATERAL (SELECT to_state, store_id FROM logistics_unit_event e WHERE e.unit_id = u.id ORDER BY id DESC LIMIT 1) e ON true
WHERE u.state <> coalesce(e.to_state, 'labelled') OR u.store_id IS DISTINCT FROM e.store_id
"""

# a piece has one living use at most, and has one exactly when its state says so
USES = """
SELECT u.id, u.uid, u.state, count(p.id) AS uses FROM logistics_unit u
LEFT JOIN logistics_patient_use p ON p.unit_id = u.id AND NOT EXISTS (SELECT FROM logistics_use_cancel c WHERE c.use_id = p.id)
GROUP BY u.id HAVING count(p.id) <> (u.state IN ('used', 'booked', 'settled', 'invoiced'))::int
"""

# the memo ledger is the pieces of suppliers that lie in cabinets
MEMO = """
SELECT coalesce(m.store_id, u.store_id) AS store, coalesce(m.batch_id, u.batch_id) AS batch, m.quantity, u.pieces
FROM (SELECT store_id, batch_id, sum(quantity) AS quantity FROM logistics_consign_move GROUP BY 1, 2 HAVING sum(quantity) <> 0) m
FULL JOIN (SELECT store_id, batch_id, count(*) AS pieces FROM logistics_unit
           WHERE owner = 'supplier' AND store_id IS NOT NULL GROUP BY 1, 2) u USING (store_id, batch_id)
WHERE coalesce(m.quantity, 0) <> coalesce(u.pieces, 0)
"""

# what a supplier stated is what we held that day, or the line says why not
STATEMENTS = """
SELECT d.number, l.position, l.stated, l.ours FROM logistics_consign_statement d
JOIN logistics_consign_statement_line l ON l.document_id = d.id
WHERE d.state = 'posted' AND l.stated <> l.ours AND l.explanation = ''
"""

# what is owed for consigned goods used is what was booked and not yet settled
OWED = """
SELECT g.amount AS ledger, b.amount AS booked FROM
    (SELECT coalesce(-sum(l.amount), 0) AS amount FROM ledger_line l JOIN ledger_account a ON a.id = l.account_id
     WHERE a.code = '2302.03') g,
    (SELECT coalesce(sum(l.amount), 0) AS amount FROM logistics_use_booking_line l
     JOIN logistics_use_booking d ON d.id = l.document_id AND d.state = 'posted'
     JOIN logistics_patient_use p ON p.id = l.use_id JOIN logistics_unit u ON u.id = p.unit_id
     WHERE u.owner = 'supplier' AND u.state = 'booked') b
WHERE g.amount <> b.amount
"""

# each booked line of a supplier's piece made one piece in and one piece out of the same amount (ACC-02)
PAIRS = """
SELECT d.number, l.position, l.amount, count(m.id) AS moves, sum(m.quantity) AS quantity, sum(m.amount) AS moved
FROM logistics_use_booking d JOIN logistics_use_booking_line l ON l.document_id = d.id
JOIN logistics_patient_use p ON p.id = l.use_id JOIN logistics_unit u ON u.id = p.unit_id
LEFT JOIN logistics_move m ON m.source = 'logistics.use_booking:' || d.id AND m.line_position = l.position AND m.reverses_id IS NULL
WHERE d.state IN ('posted', 'reversed')
GROUP BY d.id, l.id, u.owner
HAVING CASE u.owner WHEN 'supplier' THEN count(m.id) <> 2 OR sum(m.quantity) <> 0 OR sum(m.amount) <> 0
       ELSE count(m.id) <> 1 OR sum(m.quantity) <> -1 OR sum(m.amount) <> -l.amount END
"""

# a batch is held exactly as strongly as the freezes that stand
HOLDS = """
SELECT t.id, t.lot, t.hold, max(f.kind) AS frozen FROM logistics_batch t
JOIN logistics_freeze_batch b ON b.batch_id = t.id JOIN logistics_freeze f ON f.id = b.freeze_id AND f.released_at IS NULL
GROUP BY t.id HAVING t.hold < max(f.kind)
"""


def _used_not_charged() -> Rows:
    """Only what belongs into the month that closes next."""
    return [
        {"use": row.use_id, "uid": row.use.unit.uid, "visit": row.use.visit_no, "state": row.state}
        for row in selectors.used_not_charged(upto=selectors.closing_day())[:100]
    ]


def _charged_not_used() -> Rows:
    return [
        {"charge": row.charge_no, "uid": row.uid, "visit": row.visit_no}
        for row in selectors.charged_not_used(upto=selectors.closing_day())[:100]
    ]


SQL = (
    ("LOG-I7", "一物一码：在库件数等于库存余额，每件只在一处", PLACES),
    ("LOG-I7P", "唯一码的状态与位置等于其最后一个事件", PROJECTION),
    ("LOG-I7U", "每件至多一次有效使用", USES),
    ("LOG-I11", "寄售备查数量等于在柜件数", MEMO),
    ("LOG-I11S", "寄售对账单相符或已说明差异", STATEMENTS),
    ("LOG-HV1", "寄售使用应付等于已入账未结算", OWED),
    ("LOG-HV2", "高值使用入出库与唯一码一一对应", PAIRS),
    ("LOG-HV3", "批次限制不弱于仍有效的冻结", HOLDS),
)


WAY_OUT = "请扫码核对所列唯一码或寄售柜实物，按单据补办或红冲；账面无误而仍不符的，请由运维查明。"
CHARGES = "请在 高值耗材 → 收费对账 中逐项补收、退费或写明原因。"


def register_all() -> None:
    for code, title, sql in SQL:
        register(Invariant(id=code, module="logistics", title=title, sql=sql, way_out=WAY_OUT))
    for code, title, check in (
        ("LOG-HV4", "已使用的均已收费或已说明", _used_not_charged),
        ("LOG-HV5", "已收费的均有使用登记或已说明", _charged_not_used),
    ):
        register(Invariant(code, "logistics", title, check=check, way_out=CHARGES))
