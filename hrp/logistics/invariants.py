"""Invariants of stock, as queries that must return no row."""

from __future__ import annotations

from hrp.platform.base.health import Invariant, register


def register_all() -> None:
    register(Invariant(
        id="LOG-I2", module="logistics", title="库存余额等于流水合计（数量与金额）",
        sql="""
        SELECT coalesce(b.store_id, m.store_id) AS store, coalesce(b.item_id, m.item_id) AS item,
               coalesce(b.batch_id, m.batch_id) AS batch, b.quantity, m.quantity AS moves_quantity, b.amount, m.amount AS moves_amount
        FROM logistics_balance b
        FULL JOIN (SELECT store_id, item_id, batch_id, sum(quantity) AS quantity, sum(amount) AS amount
                   FROM logistics_move GROUP BY 1, 2, 3) m USING (store_id, item_id, batch_id)
        WHERE coalesce(b.quantity, 0) <> coalesce(m.quantity, 0) OR coalesce(b.amount, 0) <> coalesce(m.amount, 0)
        """,
    ))  # fmt: skip
    register(Invariant(
        id="LOG-I3", module="logistics", title="库存数量与金额不为负，数量为零则金额为零",
        sql="SELECT id, quantity, amount FROM logistics_balance"
            " WHERE quantity < 0 OR amount < 0 OR (quantity = 0 AND amount <> 0)",
    ))  # fmt: skip
    register(Invariant(
        id="LOG-I6", module="logistics", title="红冲流水与原流水相反且至多一次",
        sql="""
        SELECT r.id, r.reverses_id FROM logistics_move r JOIN logistics_move o ON o.id = r.reverses_id
        WHERE r.quantity + o.quantity <> 0 OR r.amount + o.amount <> 0 OR r.item_id <> o.item_id
           OR r.batch_id <> o.batch_id OR r.store_id <> o.store_id
        """,
    ))  # fmt: skip
    register(Invariant(
        id="LOG-I8", module="logistics", title="存货余额等于总账存货科目余额",
        sql="""
        SELECT c.account, s.amount AS stock, g.amount AS ledger FROM
            (SELECT DISTINCT inventory_account_id AS account FROM logistics_class) c
        LEFT JOIN (SELECT k.inventory_account_id AS account, sum(b.amount) AS amount FROM logistics_balance b
                   JOIN logistics_item i ON i.id = b.item_id JOIN logistics_class k ON k.id = i.material_class_id
                   GROUP BY 1) s USING (account)
        LEFT JOIN (SELECT account_id AS account, sum(amount) AS amount FROM ledger_line GROUP BY 1) g USING (account)
        WHERE coalesce(s.amount, 0) <> coalesce(g.amount, 0)
        """,
    ))  # fmt: skip
