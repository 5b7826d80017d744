"""Invariants of fixed assets (资产 J1-J9), as queries that must return no row. Rooms above register theirs beside them."""

from __future__ import annotations

from hrp.platform.base.health import Invariant, register

# value per line: what moved and what was depreciated
_STANDING = """
WITH moved AS (SELECT line_id, sum(cost) AS cost, sum(accumulated) AS accumulated FROM assets_move GROUP BY 1),
worn AS (SELECT line_id, sum(amount) AS amount FROM assets_depreciation GROUP BY 1),
standing AS (
    SELECT m.line_id, l.asset_id, m.cost, m.accumulated + coalesce(w.amount, 0) AS accumulated
    FROM moved m JOIN assets_funding l ON l.id = m.line_id LEFT JOIN worn w ON w.line_id = m.line_id
), newest AS (SELECT DISTINCT ON (line_id) * FROM assets_plan ORDER BY line_id, id DESC)
"""

SCHEDULE = (
    _STANDING  # noqa: S608 - our own text
    + """
SELECT a.number AS asset, n.line_id AS line, n.before + n.base + n.residual AS planned, s.cost
FROM newest n JOIN standing s ON s.line_id = n.line_id JOIN assets_asset a ON a.id = s.asset_id
WHERE n.before + n.base + n.residual <> s.cost
UNION ALL
-- and what was booked is what the plan in force in the last month that was run says, to the fen
SELECT a.number, p.line_id, p.before + CASE WHEN r.month < p.first THEN 0 WHEN r.month - p.first + 1 >= p.months THEN p.base
       ELSE least(p.monthly * (r.month - p.first + 1), p.base) END, s.accumulated
FROM (SELECT hospital_id, max(month) AS month FROM assets_run WHERE state = 'posted' GROUP BY 1) r
JOIN org_campus c ON c.hospital_id = r.hospital_id JOIN assets_asset a ON a.campus_id = c.id AND a.status NOT IN ('draft', 'disposed')
JOIN standing s ON s.asset_id = a.id
JOIN LATERAL (SELECT * FROM assets_plan WHERE line_id = s.line_id AND effective <= r.month ORDER BY id DESC LIMIT 1) p ON p.units IS NULL
WHERE s.accumulated <> p.before + CASE WHEN r.month < p.first THEN 0 WHEN r.month - p.first + 1 >= p.months THEN p.base
      ELSE least(p.monthly * (r.month - p.first + 1), p.base) END
"""
)

WITHIN_COST = (
    _STANDING
    + """
SELECT a.number AS asset, s.line_id AS line, s.cost, s.accumulated
FROM standing s JOIN assets_asset a ON a.id = s.asset_id WHERE s.accumulated < 0 OR s.accumulated > s.cost
"""
)

LEDGER = """
WITH cards AS (
    SELECT account_id, sum(cost) AS amount FROM assets_move GROUP BY 1
    UNION ALL
    SELECT k.depreciation_account_id, -sum(x.amount) FROM (
        SELECT line_id, accumulated AS amount FROM assets_move
        UNION ALL SELECT line_id, amount FROM assets_depreciation) x
    JOIN assets_funding l ON l.id = x.line_id JOIN assets_asset a ON a.id = l.asset_id
    JOIN assets_class k ON k.id = a.asset_class_id WHERE k.depreciation_account_id IS NOT NULL GROUP BY 1
), mine AS (SELECT account_id, sum(amount) AS amount FROM cards GROUP BY 1),
books AS (
    SELECT l.account_id, sum(l.amount) AS amount FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id
    WHERE e.source LIKE 'assets.%' AND l.account_id IN (
        SELECT asset_account_id FROM assets_class UNION SELECT depreciation_account_id FROM assets_class) GROUP BY 1
)
SELECT k.code AS account, m.amount AS cards, b.amount AS ledger FROM mine m FULL JOIN books b USING (account_id)
JOIN ledger_account k ON k.id = account_id WHERE coalesce(m.amount, 0) <> coalesce(b.amount, 0)
"""

CARDS = """
SELECT a.number AS asset, a.cost AS card, f.cost AS funding, coalesce(m.cost, 0) AS moved
FROM assets_asset a
LEFT JOIN (SELECT asset_id, sum(cost) AS cost FROM assets_funding GROUP BY 1) f ON f.asset_id = a.id
LEFT JOIN (SELECT asset_id, sum(cost) AS cost FROM assets_move GROUP BY 1) m ON m.asset_id = a.id
WHERE (a.status NOT IN ('draft', 'disposed') AND (a.cost <> coalesce(f.cost, 0) OR a.cost <> coalesce(m.cost, 0)))
   OR (a.status IN ('draft', 'disposed') AND coalesce(m.cost, 0) <> 0)
"""

RUNS = """
SELECT r.number AS run, r.total, d.amount AS departments, e.amount AS ledger FROM assets_run r
LEFT JOIN (SELECT run_id, sum(amount) AS amount FROM assets_depreciation WHERE NOT mirror GROUP BY 1) d ON d.run_id = r.id
LEFT JOIN (SELECT e.source, sum(l.amount) AS amount FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id
           WHERE e.source LIKE 'assets.depreciation_run:%' AND l.amount > 0 AND l.org_unit_id IS NOT NULL GROUP BY 1) e
    ON e.source = 'assets.depreciation_run:' || r.id
WHERE r.state = 'posted' AND (r.total <> coalesce(d.amount, 0) OR r.total <> coalesce(e.amount, 0))
UNION ALL
SELECT r.number, r.total, sum(d.amount), NULL FROM assets_run r JOIN assets_depreciation d ON d.run_id = r.id
WHERE r.state = 'reversed' GROUP BY r.id, r.number, r.total HAVING sum(d.amount) <> 0
"""

# the plan of nothing that stopped a line says from which month on it must bear nothing
AFTER_LEAVING = """
SELECT a.number AS asset, d.line_id AS line, d.month, a.disposed_on, sum(d.amount) AS amount
FROM assets_depreciation d JOIN assets_funding l ON l.id = d.line_id
JOIN assets_asset a ON a.id = l.asset_id AND a.status = 'disposed'
JOIN (SELECT DISTINCT ON (line_id) line_id, effective FROM assets_plan ORDER BY line_id, id DESC) p ON p.line_id = d.line_id
WHERE d.month >= p.effective GROUP BY a.number, d.line_id, d.month, a.disposed_on HAVING sum(d.amount) <> 0
"""

GAPS = """
WITH run AS (SELECT hospital_id, month, lag(month) OVER (PARTITION BY hospital_id ORDER BY month) AS before
             FROM assets_run WHERE state = 'posted')
SELECT hospital_id AS hospital, before / 12 || '-' || lpad((before % 12 + 1)::text, 2, '0') AS after,
       month / 12 || '-' || lpad((month % 12 + 1)::text, 2, '0') AS run FROM run WHERE month <> before + 1
"""

NOTHING_LEFT = (
    _STANDING
    + """
SELECT a.number AS asset, s.cost, s.accumulated FROM standing s JOIN assets_asset a ON a.id = s.asset_id
WHERE a.status = 'disposed' AND (s.cost <> 0 OR s.accumulated <> 0)
"""
)

FUNDS = """
WITH cards AS (
    SELECT s.fund_id, sum(x.cost) AS cost FROM (
        SELECT line_id, cost - accumulated AS cost FROM assets_move
        UNION ALL SELECT line_id, -amount FROM assets_depreciation) x
    JOIN assets_funding l ON l.id = x.line_id JOIN assets_source s ON s.id = l.source_id GROUP BY 1
), books AS (
    SELECT l.fund_id, sum(l.amount) AS cost FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id
    WHERE e.source LIKE 'assets.%' AND l.account_id IN (
        SELECT asset_account_id FROM assets_class UNION SELECT depreciation_account_id FROM assets_class) GROUP BY 1
)
SELECT f.code AS fund, c.cost AS cards, b.cost AS ledger FROM cards c FULL JOIN books b USING (fund_id)
JOIN ledger_fund f ON f.id = fund_id WHERE coalesce(c.cost, 0) <> coalesce(b.cost, 0)
"""

ALL = (
    ("AST-J1", "每条资金构成的折旧计划合计等于原值", SCHEDULE),
    ("AST-J2", "累计折旧不小于零、不超过原值", WITHIN_COST),
    ("AST-J3", "资产台账按科目等于总账（原值与累计折旧）", LEDGER),
    ("AST-J4", "卡片原值等于资金构成与价值变动合计", CARDS),
    ("AST-J5", "科室折旧合计等于计提单与总账", RUNS),
    ("AST-J6", "处置之后没有折旧", AFTER_LEAVING),
    ("AST-J7", "折旧按月连续，一月一次", GAPS),
    ("AST-J8", "已处置资产账面为零", NOTHING_LEFT),
    ("AST-J9", "各经费性质的净值与总账一致", FUNDS),
)


def register_all() -> None:
    for code, title, statement in ALL:
        register(Invariant(id=code, module="assets", title=title, sql=statement))
