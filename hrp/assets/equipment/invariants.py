"""Invariants of equipment, as queries that must return no row."""

from __future__ import annotations

from hrp.platform.base.health import Invariant, register

REPAIR_STATE = """
SELECT r.number AS repair, r.state, e.to_state AS said FROM assets_repair r
JOIN (SELECT DISTINCT ON (order_id) order_id, to_state FROM assets_repair_act ORDER BY order_id, id DESC) e ON e.order_id = r.id
WHERE r.state <> e.to_state
UNION ALL
SELECT r.number, r.state, NULL FROM assets_repair r WHERE NOT EXISTS (SELECT FROM assets_repair_act e WHERE e.order_id = r.id)
"""

CARD_FOLLOWS = """
SELECT a.number AS asset, a.status, r.number AS repair FROM assets_repair r JOIN assets_asset a ON a.id = r.asset_id
WHERE r.is_down AND r.state NOT IN ('accepted', 'stopped', 'cancelled') AND a.status NOT IN ('repair', 'stopped', 'pending', 'disposed')
UNION ALL
SELECT a.number, a.status, NULL FROM assets_asset a WHERE a.status = 'repair' AND NOT EXISTS (
    SELECT FROM assets_repair r WHERE r.asset_id = a.id AND r.is_down AND r.state NOT IN ('accepted', 'stopped', 'cancelled'))
"""

TAG_STOPS = """
SELECT a.number AS asset, a.status, t.reason, t.text FROM assets_stop_tag t JOIN assets_asset a ON a.id = t.asset_id
WHERE t.state = 'hung' AND a.status NOT IN ('stopped', 'pending', 'disposed')
"""

OWN_ACCEPTANCE = """
SELECT r.number AS repair, e.actor_id AS actor FROM assets_repair_act e JOIN assets_repair r ON r.id = e.order_id
JOIN assets_repair_act f ON f.order_id = e.order_id AND f.act = 'fix' AND f.actor_id = e.actor_id AND f.id < e.id
WHERE e.act = 'accept'
"""

CONTROL_STOPS = """
SELECT k.id AS task, a.number AS asset, t.name AS template FROM assets_care_task k JOIN assets_care_template t ON t.id = k.template_id
JOIN assets_asset a ON a.id = k.asset_id
WHERE k.state = 'failed' AND t.kind IN ('qc', 'safety')
  AND NOT EXISTS (SELECT FROM assets_stop_tag g WHERE g.asset_id = k.asset_id AND g.reason = 'control' AND g.made_at::date >= k.done_on - 1)
  AND NOT EXISTS (SELECT FROM assets_stop_tag g WHERE g.asset_id = k.asset_id AND g.reason = 'control' AND g.state = 'hung')
  AND NOT EXISTS (SELECT FROM assets_repair r WHERE r.origin = 'assets.task:' || k.id)
"""

RESULTS = """
SELECT k.id AS task, k.state, count(r.id) AS results, count(r.id) FILTER (WHERE NOT r.passed) AS failed
FROM assets_care_task k LEFT JOIN assets_care_result r ON r.task_id = k.id
WHERE k.state IN ('passed', 'failed')
GROUP BY k.id HAVING count(r.id) = 0 OR (k.state = 'passed') <> (count(r.id) FILTER (WHERE NOT r.passed) = 0)
"""

LOAN_STANDS = """
SELECT a.number AS asset, a.status, l.out_at FROM assets_pool_loan l JOIN assets_asset a ON a.id = l.asset_id
WHERE l.back_at IS NULL AND a.status NOT IN ('lent', 'repair', 'stopped', 'pending')
"""

ALL = (
    ("AST-E1", "维修单状态等于最后一条维修过程", REPAIR_STATE),
    ("AST-E2", "停机维修的设备卡片为“维修”", CARD_FOLLOWS),
    ("AST-E3", "挂停用标签的设备卡片为“停用”", TAG_STOPS),
    ("AST-E4", "维修人不验收自己修的设备", OWN_ACCEPTANCE),
    ("AST-E5", "质控不合格的设备已挂停用标签", CONTROL_STOPS),
    ("AST-E6", "维护任务的结论与逐项结果一致", RESULTS),
    ("AST-E7", "借出未还的设备卡片为“外借”（或维修、停用、待处置）", LOAN_STANDS),
)


def register_all() -> None:
    for code, title, statement in ALL:
        register(Invariant(id=code, module="assets", title=title, sql=statement))
