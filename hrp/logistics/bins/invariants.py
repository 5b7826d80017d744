"""Invariants of bins, as queries that must return no row."""

from __future__ import annotations

from hrp.platform.base.health import Invariant, register

CLOSED = """
SELECT n.code, p.batch_id, b.quantity FROM logistics_bin n JOIN logistics_placement p ON p.bin_id = n.id AND p.ended_at IS NULL
JOIN logistics_balance b ON b.store_id = p.store_id AND b.batch_id = p.batch_id
WHERE NOT n.is_active AND b.quantity > 0
"""

ELSEWHERE = """
SELECT p.id, p.store_id, p.batch_id FROM logistics_placement p
WHERE NOT EXISTS (SELECT 1 FROM logistics_move m WHERE m.store_id = p.store_id AND m.batch_id = p.batch_id)
"""

WAY_OUT = "请在货位库存中把所列批次移到启用的货位；页面无误而仍不符的，请由运维查明。"
ALL = (
    ("LOG-I41", "停用的货位上没有库存", CLOSED),
    ("LOG-I42", "上架的批次都到过这个库房", ELSEWHERE),
)


def register_all() -> None:
    for code, title, sql in ALL:
        register(Invariant(id=code, module="logistics", title=title, sql=sql, way_out=WAY_OUT))
