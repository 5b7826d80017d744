"""Invariants of the catalogue, as queries that must return no row."""

from __future__ import annotations

from hrp.platform.base.health import Invariant, register

ONE_OFF = """
SELECT o.id, o.used, coalesce(u.quantity, 0) AS counted FROM logistics_one_off o
LEFT JOIN (SELECT one_off_id, sum(quantity) AS quantity FROM logistics_one_off_use GROUP BY 1) u ON u.one_off_id = o.id
WHERE o.used <> coalesce(u.quantity, 0)
"""

SEARCH = """
SELECT i.id AS item, i.code FROM logistics_item i LEFT JOIN logistics_item_search s ON s.item_id = i.id
WHERE s.item_id IS NULL OR lower(left(i.code, 24)) <> ALL (tsvector_to_array(s.vector))
"""

ALIASES = """
SELECT a.item_id AS item, a.into_id AS kept FROM logistics_item_alias a JOIN logistics_item i ON i.id = a.item_id
WHERE i.status <> 'retired'
"""

LIFE = """
SELECT i.id AS item, i.status, d.after FROM logistics_item i
JOIN LATERAL (SELECT after FROM logistics_item_decision WHERE item_id = i.id ORDER BY id DESC LIMIT 1) d ON true
WHERE i.status <> CASE WHEN d.after IN ('qualification', 'committee') THEN 'draft' ELSE d.after END
"""

# a posted adjustment stands for exactly its prices; one reversed or not yet posted for none
SALE_PRICES = """
SELECT d.id AS adjustment, d.state, l.item_id AS item, l.new_price, p.price FROM logistics_price_adjustment d
JOIN logistics_price_adjustment_line l ON l.document_id = d.id
LEFT JOIN logistics_sale_price p ON p.source = 'logistics.price_adjustment:' || d.id AND p.item_id = l.item_id
    AND p.reverses_id IS NULL AND NOT EXISTS (SELECT FROM logistics_sale_price r WHERE r.reverses_id = p.id)
WHERE (d.state = 'posted' AND (p.price IS NULL OR p.price <> l.new_price OR p.valid_from <> d.effective_on))
   OR (d.state <> 'posted' AND p.price IS NOT NULL)
"""

TAKEN_OVER = """
SELECT e.source, e.difference, coalesce(sum(t.difference), 0) AS lines FROM logistics_price_effect e
LEFT JOIN logistics_price_take_over t ON t.effect_id = e.id GROUP BY e.id
HAVING e.difference <> coalesce(sum(t.difference), 0)
"""

WAY_OUT = "请在 基础资料 中核对所列物资；页面无误而仍不符的，请由运维查明。"
ALL = (
    ("LOG-C1", "临时采购已用数量等于其使用记录合计", ONE_OFF),
    ("LOG-C2", "每个物资都能按编码检索到", SEARCH),
    ("LOG-C3", "已合并的重复物资不再使用", ALIASES),
    ("LOG-C4", "物资状态与最近一次办理一致", LIFE),
    ("LOG-C5", "销售价格等于已过账的调价单", SALE_PRICES),
    ("LOG-C6", "调价库存差额等于交接清单合计", TAKEN_OVER),
)


def register_all() -> None:
    for code, title, sql in ALL:
        register(Invariant(id=code, module="logistics", title=title, sql=sql, way_out=WAY_OUT))
