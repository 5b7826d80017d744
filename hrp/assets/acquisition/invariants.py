"""Invariants of acquisition, as queries that must return no row."""

from __future__ import annotations

from hrp.platform.base.health import Invariant, register

BUDGET = """
SELECT c.hospital_id AS hospital, d.year, s.name AS source, l.project, sum(l.amount) AS planned, coalesce(max(b.amount), 0) AS budget
FROM assets_acquisition_plan_line l JOIN assets_acquisition_plan d ON d.id = l.document_id AND d.state = 'posted'
JOIN org_campus c ON c.id = d.campus_id JOIN assets_source s ON s.id = l.source_id
LEFT JOIN assets_acquisition_budget b ON b.hospital_id = c.hospital_id AND b.year = d.year AND b.source_id = l.source_id
    AND b.project = l.project
GROUP BY 1, 2, s.id, s.name, l.project HAVING sum(l.amount) > coalesce(max(b.amount), 0)
"""

DECIDED = """
SELECT d.number AS request, o.agrees AS office, o.by_id = d.maker_id AS by_maker FROM assets_acquisition_request d
LEFT JOIN LATERAL (SELECT agrees, by_id FROM assets_acquisition_opinion o WHERE o.request_id = d.id AND o.step = 'office'
                   AND o.at >= d.submitted_at ORDER BY o.id DESC LIMIT 1) o ON true
WHERE d.state = 'posted' AND (o.agrees IS DISTINCT FROM true OR o.by_id = d.maker_id
    OR NOT EXISTS (SELECT FROM assets_acquisition_statement s WHERE s.request_id = d.id AND s.by_id = d.maker_id)
    OR EXISTS (SELECT FROM (SELECT DISTINCT ON (step) agrees FROM assets_acquisition_opinion x
               WHERE x.request_id = d.id AND x.at >= d.submitted_at ORDER BY step, id DESC) y WHERE NOT y.agrees))
"""

CONTRACTS = """
SELECT d.number AS contract, d.total, m.amount AS milestones, a.price AS award FROM assets_acquisition_contract d
LEFT JOIN (SELECT contract_id, sum(amount) AS amount FROM assets_acquisition_milestone GROUP BY 1) m ON m.contract_id = d.id
LEFT JOIN LATERAL (SELECT b.price FROM assets_acquisition_award w JOIN assets_acquisition_bid b ON b.id = w.bid_id
                   WHERE w.purchase_id = d.purchase_id ORDER BY w.id DESC LIMIT 1) a ON true
WHERE d.state = 'posted' AND (d.total IS DISTINCT FROM m.amount OR d.total IS DISTINCT FROM a.price)
"""

PAYMENTS = """
SELECT m.id AS milestone, m.amount, sum(p.amount) AS paid FROM assets_acquisition_milestone m
JOIN assets_acquisition_payment p ON p.milestone_id = m.id AND p.state = 'posted'
GROUP BY m.id, m.amount HAVING sum(p.amount) > m.amount
"""

SIGNED = """
SELECT d.number AS acceptance, count(s.id) AS stages,
       count(DISTINCT s.by_id) FILTER (WHERE s.stage IN ('technical', 'clinical', 'final')) AS signers,
       (SELECT count(*) FROM assets_acquisition_defect f WHERE f.acceptance_id = d.id
        AND NOT EXISTS (SELECT FROM assets_acquisition_defect_end e WHERE e.defect_id = f.id)) AS defects
FROM assets_acquisition_acceptance d
LEFT JOIN assets_acquisition_step s ON s.acceptance_id = d.id AND s.submission = d.submitted_at
WHERE d.state = 'posted' GROUP BY d.id, d.number
HAVING count(s.id) <> 7 OR count(DISTINCT s.by_id) FILTER (WHERE s.stage IN ('technical', 'clinical', 'final')) <> 3
    OR EXISTS (SELECT FROM assets_acquisition_defect f WHERE f.acceptance_id = d.id
               AND NOT EXISTS (SELECT FROM assets_acquisition_defect_end e WHERE e.defect_id = f.id))
"""

PIECES = """
SELECT d.number AS acceptance, d.total, coalesce(sum(p.amount), 0) AS pieces FROM assets_acquisition_acceptance d
LEFT JOIN assets_acquisition_piece p ON p.acceptance_id = d.id
WHERE d.state = 'posted' GROUP BY d.id, d.number, d.total HAVING d.total <> coalesce(sum(p.amount), 0)
UNION ALL
SELECT l.name, l.quantity, sum(p.quantity) FROM assets_acquisition_contract_line l
JOIN assets_acquisition_piece p ON p.contract_line_id = l.id
JOIN assets_acquisition_acceptance d ON d.id = p.acceptance_id AND d.state = 'posted'
GROUP BY l.id, l.name, l.quantity HAVING sum(p.quantity) > l.quantity
"""

CARDS = """
SELECT d.number AS acceptance, p.position, p.serial_number AS serial FROM assets_acquisition_piece p
JOIN assets_acquisition_acceptance d ON d.id = p.acceptance_id AND d.state = 'posted'
WHERE p.outcome = 'card' AND NOT EXISTS (
    SELECT FROM assets_asset a WHERE a.origin = 'assets.acquisition_acceptance:' || d.id || '/' || p.position)
UNION ALL
SELECT a.origin, NULL, a.serial_number FROM assets_asset a
WHERE a.origin LIKE 'assets.acquisition\\_acceptance:%' AND NOT EXISTS (
    SELECT FROM assets_acquisition_acceptance d WHERE d.state = 'posted'
    AND a.origin LIKE 'assets.acquisition\\_acceptance:' || d.id || '/%')
"""

LICENCES = """
SELECT c.hospital_id AS hospital, k.code AS large_class, sum(l.quantity) AS machines, coalesce(max(q.quota), 0) AS quota
FROM assets_acquisition_request_line l JOIN assets_acquisition_request d ON d.id = l.document_id AND d.state = 'posted'
JOIN org_campus c ON c.id = d.campus_id JOIN assets_large_class k ON k.id = l.large_class_id
LEFT JOIN (SELECT x.hospital_id, y.code, sum(x.quota - x.occupied) AS quota FROM assets_large_licence x
           JOIN assets_large_class y ON y.id = x.large_class_id GROUP BY 1, 2) q
    ON q.hospital_id = c.hospital_id AND q.code = k.code
GROUP BY 1, 2 HAVING sum(l.quantity) > coalesce(max(q.quota), 0)
"""

ALL = (
    ("AST-B1", "购置计划不超过各来源预算", BUDGET, "请核减计划，或追加预算。"),
    ("AST-B2", "批准的申购单有声明、有归口意见且无人反对", DECIDED, "请查该申购单的意见与审计日志。"),
    ("AST-B3", "合同金额等于中标价，也等于付款节点合计", CONTRACTS, "请核对合同与定标记录。"),
    ("AST-B4", "付款不超过付款节点", PAYMENTS, "请红冲多付的申请。"),
    ("AST-B5", "终验有七个环节、三人签字，没有未处理的缺陷", SIGNED, "请查该验收单的环节与缺陷。"),
    ("AST-B6", "验收结果等于验收金额，不超过合同数量", PIECES, "请核对验收单与合同数量。"),
    ("AST-B7", "验收建卡的每件都有卡片，卡片都有验收单", CARDS, "请红冲验收单后重新终验。"),
    ("AST-B8", "批准的大型设备不超过配置证台数", LICENCES, "请核对大型设备配置证的许可台数。"),
)


def register_all() -> None:
    for code, title, sql, way_out in ALL:
        register(Invariant(id=code, module="assets", title=title, sql=sql, way_out=way_out))
