"""The second judge: the same promises as SQL over the tables, written apart from the replay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

import psycopg

from tests.faults.load import Story
from tests.faults.replay import Finding

TOLD: LiteralString = """
CREATE TEMP TABLE told (mark text PRIMARY KEY, kind text, pk bigint, states text[], number text, total numeric);
CREATE TEMP TABLE told_line (mark text, position int, item text, lot text, quantity numeric);
CREATE TEMP TABLE told_act (mark text, source text, act text, key text);
CREATE TEMP VIEW document AS
    SELECT 'logistics.stock_issue' AS kind, 'logistics.stock_issue:' || id AS source, id, number, state, total, note,
           campus_id, business_date, org_unit_id, posted_version, version, -1 AS sign FROM logistics_issue
    UNION ALL
    SELECT 'logistics.stock_receipt', 'logistics.stock_receipt:' || id, id, number, state, total, note,
           campus_id, business_date, org_unit_id, posted_version, version, 1 FROM logistics_receipt;
CREATE TEMP VIEW document_line AS
    SELECT 'logistics.stock_issue:' || document_id AS source, position, item_id, lot, quantity, amount
    FROM logistics_issue_line
    UNION ALL
    SELECT 'logistics.stock_receipt:' || document_id, position, item_id, lot, quantity, amount FROM logistics_receipt_line;
"""

QUERIES: dict[str, tuple[str, LiteralString]] = {
    "acknowledged and not there as acknowledged": (
        "lost",
        """SELECT t.mark, t.number, d.source, d.state, d.number FROM told t LEFT JOIN document d ON d.note = t.mark
           WHERE (t.pk IS NOT NULL AND (d.id IS DISTINCT FROM t.pk OR d.kind <> t.kind))
              OR (d.id IS NOT NULL AND d.state <> ALL (t.states))
              OR (t.number IS NOT NULL AND (d.number IS DISTINCT FROM t.number OR d.total <> t.total))""",
    ),
    "more than one document of one request": (
        "doubled",
        """SELECT d.note, count(*) FROM document d LEFT JOIN told t ON t.mark = d.note
           WHERE d.note LIKE 'faults %' GROUP BY d.note HAVING count(*) > 1 OR count(t.mark) = 0""",
    ),
    "lines other than sent": (
        "half",
        """SELECT coalesce(s.mark, k.mark), s.position, k.position FROM told_line s
           FULL JOIN (SELECT d.note AS mark, l.position, i.code AS item, l.lot, l.quantity FROM document d
                      JOIN document_line l USING (source) JOIN logistics_item i ON i.id = l.item_id
                      WHERE d.note IN (SELECT mark FROM told)) k USING (mark, position, item, lot, quantity)
           WHERE (s.mark IS NULL OR k.mark IS NULL)
             AND coalesce(s.mark, k.mark) IN (SELECT note FROM document)""",
    ),
    "moved otherwise than the lines say": (
        "half",
        """SELECT coalesce(l.source, m.source), l.quantity, m.quantity, l.amount, m.amount
           FROM (SELECT l.*, d.sign FROM document_line l JOIN document d USING (source)
                 WHERE d.state IN ('posted', 'reversed')) l
           FULL JOIN (SELECT source, line_position AS position, sum(quantity) AS quantity, sum(amount) AS amount
                      FROM logistics_move WHERE reverses_id IS NULL GROUP BY 1, 2) m USING (source, position)
           WHERE l.quantity * l.sign IS DISTINCT FROM m.quantity OR l.amount * l.sign IS DISTINCT FROM m.amount""",
    ),
    "moved more often than once": (
        "doubled",
        """SELECT source, line_position, batch_id, count(*) FROM logistics_move WHERE reverses_id IS NULL
           GROUP BY 1, 2, 3 HAVING count(*) > 1""",
    ),
    "totals other than the lines": (
        "half",
        """SELECT d.source FROM document d JOIN document_line l USING (source) WHERE d.state IN ('posted', 'reversed')
           GROUP BY d.source, d.total HAVING sum(l.amount) IS DISTINCT FROM d.total""",
    ),
    "facts of documents that are not booked, or booked without number or version": (
        "half",
        """SELECT d.source, d.state FROM document d
           WHERE CASE WHEN d.state IN ('posted', 'reversed') THEN d.number IS NULL OR d.posted_version >= d.version
                 ELSE d.number IS NOT NULL OR d.posted_version IS NOT NULL
                      OR EXISTS (SELECT FROM logistics_move m WHERE m.source = d.source)
                      OR EXISTS (SELECT FROM ledger_entry e WHERE e.source = d.source) END""",
    ),
    "reversals without reversed document, or the other way round": (
        "reversal",
        """SELECT d.source, d.state, r.number FROM document d
           LEFT JOIN documents_reversal r ON r.kind = d.kind AND r.document_id = d.id
           WHERE (d.state = 'reversed') <> (r.id IS NOT NULL)""",
    ),
    "mirrors that do not mirror": (
        "reversal",
        """SELECT d.source, o.id, r.id FROM document d JOIN logistics_move o ON o.source = d.source AND o.reverses_id IS NULL
           LEFT JOIN logistics_move r ON r.reverses_id = o.id
           WHERE CASE WHEN d.state = 'reversed' THEN r.id IS NULL OR r.quantity + o.quantity <> 0 OR r.amount + o.amount <> 0
                      OR r.batch_id <> o.batch_id OR r.store_id <> o.store_id OR r.source <> o.source
                 ELSE r.id IS NOT NULL END""",
    ),
    "numbers with gaps, or given twice": (
        "number",
        """WITH given AS (
               SELECT kind, campus_id, to_char(business_date, 'YYYYMM') AS month, right(number, 5)::int AS n
               FROM document WHERE number IS NOT NULL
               UNION ALL
               SELECT r.kind || '/reversal', d.campus_id, to_char(r."on", 'YYYYMM'), right(r.number, 5)::int
               FROM documents_reversal r JOIN document d ON d.kind = r.kind AND d.id = r.document_id)
           SELECT kind, campus_id, month, c.last, count(n), count(DISTINCT n), max(n)
           FROM given FULL JOIN (SELECT * FROM documents_number WHERE kind LIKE 'logistics.%') c USING (kind, campus_id, month)
           GROUP BY 1, 2, 3, 4
           HAVING c.last IS NULL OR count(n) <> c.last OR count(DISTINCT n) <> c.last OR max(n) <> c.last OR min(n) <> 1""",
    ),
    "balances other than the sum of moves": (
        "balance",
        """SELECT coalesce(b.batch_id, m.batch_id), b.quantity, m.quantity, b.amount, m.amount FROM logistics_balance b
           FULL JOIN (SELECT store_id, item_id, batch_id, sum(quantity) AS quantity, sum(amount) AS amount
                      FROM logistics_move GROUP BY 1, 2, 3) m USING (store_id, item_id, batch_id)
           WHERE b.quantity IS DISTINCT FROM m.quantity OR b.amount IS DISTINCT FROM m.amount""",
    ),
    "entries that do not balance": (
        "journal",
        """SELECT e.source, e.kind, sum(l.amount) FROM ledger_entry e LEFT JOIN ledger_line l ON l.entry_id = e.id
           GROUP BY e.id HAVING coalesce(sum(l.amount), 0) <> 0""",
    ),
    "not one entry per posting, and one per reversal": (
        "journal",
        """SELECT d.source, d.state, count(e.id) FILTER (WHERE e.kind = 'post'), count(e.id) FILTER (WHERE e.kind = 'reverse')
           FROM document d LEFT JOIN ledger_entry e ON e.source = d.source GROUP BY d.source, d.state, d.total
           HAVING count(e.id) FILTER (WHERE e.kind = 'post') <> (d.state IN ('posted', 'reversed') AND d.total <> 0)::int
               OR count(e.id) FILTER (WHERE e.kind = 'reverse') <> (d.state = 'reversed' AND d.total <> 0)::int""",
    ),
    "journal other than the moves, by inventory account": (
        "journal",
        """SELECT coalesce(j.source, m.source), account_id, j.amount, m.amount
           FROM (SELECT e.source, l.account_id, e.kind = 'reverse' AS mirror, sum(l.amount) AS amount
                 FROM ledger_entry e JOIN ledger_line l ON l.entry_id = e.id
                 WHERE l.account_id IN (SELECT inventory_account_id FROM logistics_class) GROUP BY 1, 2, 3) j
           FULL JOIN (SELECT m.source, c.inventory_account_id AS account_id, m.reverses_id IS NOT NULL AS mirror,
                             sum(m.amount) AS amount
                      FROM logistics_move m JOIN logistics_item i ON i.id = m.item_id
                      JOIN logistics_class c ON c.id = i.material_class_id GROUP BY 1, 2, 3) m
                USING (source, account_id, mirror)
           WHERE coalesce(j.amount, 0) <> coalesce(m.amount, 0)""",
    ),
    "postings not in the action log once and with their number": (
        "trail",
        """SELECT d.source, d.state, count(a.id) FROM document d
           LEFT JOIN audit_action a ON a.target = d.source AND a.act = d.kind || '.post'
           GROUP BY d.source, d.state, d.number
           HAVING count(a.id) <> (d.state IN ('posted', 'reversed'))::int
               OR count(a.id) FILTER (WHERE a.data->>'number' = d.number) <> count(a.id)""",
    ),
    "acknowledged acts not in the action log once": (
        "trail",
        """SELECT t.mark, t.act, count(a.id) FROM told_act t LEFT JOIN audit_action a ON a.target = t.source AND a.act = t.act
           GROUP BY 1, 2 HAVING count(a.id) <> 1""",
    ),
    "keys whose answer is not kept": (
        "key",
        """SELECT t.key FROM told_act t LEFT JOIN ui_idempotency_key k USING (key)
           WHERE t.key <> '' AND split_part(t.source, ':', 2)::bigint IS DISTINCT FROM (k.answer->>'id')::bigint""",
    ),
    "jobs stuck, failed or not done": (
        "job",
        """SELECT id::text, task_name, status::text FROM procrastinate_jobs WHERE status IN ('doing', 'failed')
           UNION ALL SELECT id::text, channel, state FROM notify_delivery WHERE state = 'waiting'""",
    ),
}


def tell(connection: psycopg.Connection, stories: Sequence[Story]) -> None:
    """Lay what the programs were told beside the tables of the database, for this connection alone."""
    connection.execute(TOLD)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO told VALUES (%s, %s, %s, %s, %s, %s)",
            [(s.mark, s.kind, s.pk, sorted(s.states), s.number, s.total) for s in stories],
        )
        cursor.executemany(
            "INSERT INTO told_line VALUES (%s, %s, %s, %s, %s)",
            [
                (s.mark, place, line["item"], line.get("lot", ""), line["quantity"])
                for s in stories
                for place, line in enumerate(s.lines, start=1)
            ],
        )
        cursor.executemany(
            "INSERT INTO told_act VALUES (%s, %s, %s, %s)",
            [
                (
                    s.mark,
                    f"{s.kind}:{s.pk}",
                    f"{s.kind}.{'edit' if act == 'create' else act}",
                    s.keys.get(act, ""),
                )
                for s in stories
                for act in s.acts
            ],
        )
    connection.execute("ANALYZE told, told_line, told_act")


def check(connection: psycopg.Connection) -> list[Finding]:
    """Everything wrong, after :func:`tell`; at most five rows a query."""
    return [
        Finding(rule, f"{title}: {row}")
        for title, (rule, query) in QUERIES.items()
        for row in connection.execute(query).fetchmany(5)
    ]
