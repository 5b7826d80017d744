"""Invariants of 资产变更, as queries that must return no row."""

from __future__ import annotations

from hrp.platform.base.health import Invariant, register

CONSERVED = """
SELECT m.source, f.code AS fund, sum(m.cost) AS cost, sum(m.accumulated) AS accumulated
FROM assets_move m JOIN assets_funding l ON l.id = m.line_id JOIN assets_source s ON s.id = l.source_id JOIN ledger_fund f ON f.id = s.fund_id
WHERE m.kind IN ('split', 'split_reversal', 'merge', 'merge_reversal', 'reclass', 'reclass_reversal')
GROUP BY m.source, f.code HAVING sum(m.cost) <> 0 OR sum(m.accumulated) <> 0
"""

# the plans that began and those that ended with a split or merge leave as much to be depreciated as there was
SCHEDULED = """
WITH ended AS (
    SELECT p.source, sum(before.base - CASE WHEN p.effective - before.first >= before.months THEN before.base
        ELSE least(before.monthly * greatest(p.effective - before.first, 0), before.base) END) AS base
    FROM assets_plan p JOIN assets_funding l ON l.id = p.line_id
    JOIN assets_card_event e ON e.asset_id = l.asset_id AND e.source = p.source AND e.kind IN ('split', 'merged')
    JOIN LATERAL (SELECT * FROM assets_plan b WHERE b.line_id = p.line_id AND b.id < p.id AND b.effective <= p.effective
                  ORDER BY b.id DESC LIMIT 1) before ON true
    WHERE p.base = 0 AND NOT EXISTS (SELECT FROM assets_card_event u WHERE u.asset_id = e.asset_id AND u.source = e.source AND u.kind LIKE 'un-%')
    GROUP BY p.source
), begun AS (
    SELECT p.source, sum(p.base) AS base FROM assets_plan p JOIN assets_funding l ON l.id = p.line_id
    JOIN assets_card_event e ON e.asset_id = l.asset_id AND e.source = p.source AND e.kind = 'booked'
    WHERE (p.source LIKE 'assets.split:%' OR p.source LIKE 'assets.merge:%')
      AND NOT EXISTS (SELECT FROM assets_card_event u WHERE u.asset_id = e.asset_id AND u.source = e.source AND u.kind LIKE 'un-%')
    GROUP BY p.source
)
SELECT coalesce(a.source, b.source) AS source, a.base AS ended, b.base AS begun FROM ended a FULL JOIN begun b USING (source)
WHERE coalesce(a.base, 0) <> coalesce(b.base, 0)
"""

ALL = (
    ("AST-C1", "拆分、合并、分类变更不增减原值与累计折旧", CONSERVED),
    ("AST-C2", "拆分、合并前后待提折旧相等", SCHEDULED),
)


def register_all() -> None:
    for code, title, statement in ALL:
        register(Invariant(id=code, module="assets", title=title, sql=statement))
