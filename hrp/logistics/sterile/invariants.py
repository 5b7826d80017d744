"""Invariants of sterile supply, as queries that must return no row."""

from __future__ import annotations

from hrp.platform.base.health import Invariant, register

PROJECTION = """
SELECT p.id, p.barcode, p.state, s.to_state, p.round, s.round AS step_round FROM logistics_pack p
LEFT JOIN LATERAL (SELECT to_state, round FROM logistics_pack_step s WHERE s.pack_id = p.id ORDER BY id DESC LIMIT 1) s ON true
WHERE p.state <> coalesce(s.to_state, 'new') OR p.round <> coalesce(s.round, 0)
"""

# a pack that was released had its monitors read; one with an implant its biological monitor, or an exception
RELEASED = """
SELECT s.id, s.pack_id, s.load_id FROM logistics_pack_step s JOIN logistics_pack p ON p.id = s.pack_id
JOIN logistics_pack_type t ON t.id = p.pack_type_id LEFT JOIN logistics_foreign_set f ON f.id = p.foreign_set_id
WHERE s.step = 'release' AND (
    (SELECT count(*) FROM logistics_sterile_result r WHERE r.load_id = s.load_id AND r.passed AND r.at <= s.at
       AND r.kind IN ('physical', 'chemical')) < 2
    OR ((t.implant OR f.has_implant) AND NOT EXISTS (SELECT FROM logistics_sterile_result r WHERE r.load_id = s.load_id
            AND r.kind = 'biological' AND r.passed AND r.at <= s.at)
        AND NOT EXISTS (SELECT FROM logistics_emergency_release e WHERE e.load_id = s.load_id AND e.pack_id = s.pack_id)))
"""

HAZARD = """
SELECT store_id, item_id, sum(CASE kind WHEN 'in' THEN quantity WHEN 'out' THEN -quantity ELSE 0 END) AS entries,
       (array_agg(balance ORDER BY second_at DESC, id DESC))[1] AS balance
FROM logistics_hazard_entry WHERE second_id IS NOT NULL GROUP BY 1, 2
HAVING sum(CASE kind WHEN 'in' THEN quantity WHEN 'out' THEN -quantity ELSE 0 END)
    <> (array_agg(balance ORDER BY second_at DESC, id DESC))[1]
"""

WAY_OUT = "请打开所列消毒包、锅次或危化品登记核对，监测未读的先停用并召回；登记无误而仍不符的，请由运维查明。"
ALL = (
    ("LOG-ST1", "消毒包的状态与循环等于其最后一步", PROJECTION),
    ("LOG-ST2", "放行的包监测合格，植入物有生物监测或紧急放行", RELEASED),
    ("LOG-ST3", "危化品结存等于双人登记的入减出", HAZARD),
)


def register_all() -> None:
    for code, title, sql in ALL:
        register(Invariant(id=code, module="logistics", title=title, sql=sql, way_out=WAY_OUT))
