"""Invariants of 租赁, as queries that must return no row."""

from __future__ import annotations

from hrp.platform.base.health import Invariant, register

OUTSIDE = """
SELECT a.number AS asset, a.status, d.number AS rent_out FROM assets_out_card o JOIN assets_asset a ON a.id = o.asset_id
JOIN assets_rent_out d ON d.id = o.document_id
WHERE o.back_on IS NULL AND a.status NOT IN ('lent', 'repair', 'stopped', 'pending') AND NOT (d.way = 'invest' AND a.status = 'disposed')
UNION ALL
SELECT a.number, a.status, d.number FROM assets_rent_out d JOIN assets_rent_out_line l ON l.document_id = d.id
JOIN assets_asset a ON a.id = l.asset_id
WHERE d.state = 'posted' AND NOT EXISTS (SELECT FROM assets_out_card o WHERE o.document_id = d.id AND o.asset_id = l.asset_id)
"""

RENT = """
SELECT d.number AS rent_out, i.due_on, d.rent, sum(i.received) AS received FROM assets_rent_income i
JOIN assets_rent_out d ON d.id = i.rent_out_id WHERE i.state = 'posted' GROUP BY d.id, i.due_on HAVING sum(i.received) > d.rent
UNION ALL
SELECT l.number, p.due_on, l.rent, sum(p.amount) FROM assets_lease_payment p JOIN assets_lease l ON l.id = p.lease_id
GROUP BY l.id, p.due_on HAVING sum(p.amount) > l.rent OR sum(p.amount) < 0
"""

WORTH = """
SELECT a.number AS asset, a.way, l.kind, a.value_kind FROM assets_lease_card c JOIN assets_lease l ON l.id = c.lease_id
JOIN assets_asset a ON a.id = c.asset_id
WHERE a.way <> CASE l.kind WHEN 'finance' THEN 'leased' WHEN 'operating' THEN 'rented' ELSE 'placed' END
   OR (l.kind <> 'finance' AND a.value_kind <> 'memo')
"""

MEMO = """
SELECT a.number AS asset, m.source, m.cost FROM assets_move m JOIN assets_asset a ON a.id = m.asset_id WHERE a.value_kind = 'memo'
"""

ALL = (
    ("AST-L1", "出租出借未收回的卡片为“外借”（或维修、停用、待处置）", OUTSIDE),
    ("AST-L2", "每期租金收付不超过应收应付", RENT),
    ("AST-L3", "租入合同与卡片的取得方式、价值类型一致", WORTH),
    ("AST-L4", "备查卡片没有价值变动", MEMO),
)


def register_all() -> None:
    for code, title, statement in ALL:
        register(Invariant(id=code, module="assets", title=title, sql=statement))
