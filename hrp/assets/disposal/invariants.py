"""Invariants of disposal, as queries that must return no row."""

from __future__ import annotations

from hrp.platform.base.health import Invariant, register

PENDING = """
SELECT a.number AS asset, a.status, d.number AS request FROM assets_disposal_request d
JOIN assets_disposal_request_line l ON l.document_id = d.id JOIN assets_asset a ON a.id = l.asset_id
WHERE d.state = 'posted' AND a.status NOT IN ('pending', 'disposed')
"""

OPINIONS = """
SELECT d.number AS request, s.stage FROM assets_disposal_request d CROSS JOIN (VALUES ('appraisal'), ('office'), ('finance'), ('committee')) s(stage)
LEFT JOIN LATERAL (SELECT agrees FROM assets_disposal_step t WHERE t.request_id = d.id AND t.stage = s.stage AND t.at >= d.submitted_at
                   ORDER BY t.id DESC LIMIT 1) t ON true
WHERE d.state = 'posted' AND t.agrees IS DISTINCT FROM true
"""

CLEARED = """
SELECT d.number AS request, a.number AS asset FROM assets_disposal_execution e JOIN assets_disposal_request d ON d.id = e.request_id
JOIN assets_disposal_request_line l ON l.document_id = d.id JOIN assets_asset a ON a.id = l.asset_id
WHERE (l.has_storage AND NOT EXISTS (SELECT FROM assets_disposal_clearance c WHERE c.request_id = d.id AND c.asset_id = a.id AND c.kind = 'wipe'))
   OR (l.is_radioactive AND NOT EXISTS (SELECT FROM assets_disposal_clearance c WHERE c.request_id = d.id AND c.asset_id = a.id AND c.kind = 'radioactive'))
"""

ALL = (
    ("AST-P1", "批准处置的资产处于待处置或已处置", PENDING),
    ("AST-P2", "批准的处置申请意见齐全且同意", OPINIONS),
    ("AST-P3", "执行处置前已清除数据、移交放射源", CLEARED),
)


def register_all() -> None:
    for code, title, sql in ALL:
        register(Invariant(id=code, module="assets", title=title, sql=sql))
