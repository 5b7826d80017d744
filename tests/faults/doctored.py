"""What the two judges must notice: a copy of the database after the storm, falsified in one way at a time.

As the superuser, with triggers off and checks dropped, for the product refuses all of this. ``replay`` and ``sql`` name the rule
under which each judge must complain; an empty name means that this judge cannot know.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

TABLES = (
    "logistics_issue", "logistics_issue_line", "logistics_receipt", "logistics_receipt_line", "logistics_move",
    "logistics_balance", "ledger_entry", "ledger_line", "documents_number", "documents_reversal", "audit_action",
    "ui_idempotency_key", "procrastinate_jobs",
)  # fmt: skip

# The newest posting, an older one of several lines, one that was reversed, and one of the demo hospital.
PICK = """
CREATE TEMP TABLE victim ON COMMIT DROP AS
SELECT (SELECT id FROM logistics_issue WHERE note LIKE 'faults %' AND state = 'posted' ORDER BY number DESC LIMIT 1) AS newest,
       (SELECT d.id FROM logistics_issue d JOIN logistics_issue_line l ON l.document_id = d.id
        WHERE d.note LIKE 'faults %' AND d.state = 'posted' GROUP BY d.id HAVING count(*) > 1 ORDER BY d.id LIMIT 1) AS older,
       (SELECT min(id) FROM logistics_issue WHERE note LIKE 'faults %' AND state = 'reversed') AS reversed,
       (SELECT min(d.id) FROM logistics_issue d JOIN logistics_move m ON m.source = 'logistics.stock_issue:' || d.id
        JOIN logistics_balance b ON (b.store_id, b.item_id, b.batch_id) = (m.store_id, m.item_id, m.batch_id)
        WHERE d.note = '' AND d.state = 'posted' AND b.amount > 1) AS plain
"""
NO_CHECKS = """
ALTER TABLE logistics_balance DROP CONSTRAINT logistics_balance_quantity, DROP CONSTRAINT logistics_balance_amount,
    DROP CONSTRAINT logistics_no_amount_without_quantity
"""
OLDER = "(SELECT older FROM victim)"
SOURCE = "(SELECT 'logistics.stock_issue:' || older FROM victim)"
MOVE = f"(SELECT min(id) FROM logistics_move WHERE source = {SOURCE})"


def _copy(table: str, where: str, changes: str = "") -> str:
    """A second row like the first, under an id of its own."""
    new_id = f"jsonb_build_object('id', nextval(pg_get_serial_sequence('{table}', 'id')){changes})"
    return f"""INSERT INTO {table}
        SELECT r.* FROM {table} t, jsonb_populate_record(NULL::{table}, to_jsonb(t) || {new_id}) r WHERE {where}"""


@dataclass(frozen=True)
class Doctoring:
    name: str
    statements: tuple[str, ...]
    replay: str
    sql: str


UNDO_NEWEST = (
    """UPDATE logistics_balance b SET quantity = b.quantity - m.quantity, amount = b.amount - m.amount
       FROM logistics_move m, victim WHERE m.source = 'logistics.stock_issue:' || newest
       AND (m.store_id, m.item_id, m.batch_id) = (b.store_id, b.item_id, b.batch_id)""",
    "DELETE FROM logistics_move USING victim WHERE source = 'logistics.stock_issue:' || newest",
    """DELETE FROM ledger_line USING victim, ledger_entry e
       WHERE entry_id = e.id AND e.source = 'logistics.stock_issue:' || newest""",
    "DELETE FROM ledger_entry USING victim WHERE source = 'logistics.stock_issue:' || newest",
    """UPDATE documents_number n SET last = last - 1 FROM logistics_issue d, victim WHERE d.id = newest
       AND n.kind = 'logistics.stock_issue' AND n.campus_id = d.campus_id AND n.month = to_char(d.business_date, 'YYYYMM')""",
)

DOCTORINGS = (
    Doctoring(
        "the newest posting as if it had never been",
        (
            *UNDO_NEWEST,
            "DELETE FROM audit_action USING victim WHERE target = 'logistics.stock_issue:' || newest",
            "DELETE FROM ui_idempotency_key USING victim WHERE (answer->>'id')::bigint = newest",
            "DELETE FROM logistics_issue_line USING victim WHERE document_id = newest",
            "DELETE FROM logistics_issue USING victim WHERE id = newest",
        ),
        "lost",
        "lost",
    ),
    Doctoring(
        "the newest posting undone, its document left approved",
        (
            *UNDO_NEWEST,
            """DELETE FROM audit_action USING victim
               WHERE target = 'logistics.stock_issue:' || newest AND act = 'logistics.stock_issue.post'""",
            """UPDATE logistics_issue SET state = 'approved', number = NULL, posted_version = NULL FROM victim
               WHERE id = newest""",
        ),
        "lost",
        "lost",
    ),
    Doctoring(
        "a posting whose goods left twice, balances brought along",
        (
            """UPDATE logistics_balance b SET quantity = b.quantity + m.quantity, amount = b.amount + m.amount
               FROM logistics_move m, victim WHERE m.source = 'logistics.stock_issue:' || older
               AND (m.store_id, m.item_id, m.batch_id) = (b.store_id, b.item_id, b.batch_id)""",
            _copy("logistics_move", f"t.source = {SOURCE}"),
        ),
        "doubled",
        "doubled",
    ),
    Doctoring(
        "a posting booked twice in the journal",
        (
            _copy("ledger_entry", f"t.source = {SOURCE}", ", 'part', 2"),
            """INSERT INTO ledger_line (entry_id, position, account_id, org_unit_id, fund_id, amount, quantity, memo)
               SELECT b.id, l.position, l.account_id, l.org_unit_id, l.fund_id, l.amount, l.quantity, l.memo
               FROM ledger_entry a JOIN ledger_entry b ON b.source = a.source AND b.part = 2
               JOIN ledger_line l ON l.entry_id = a.id WHERE a.part = 1""",
        ),
        "journal",
        "journal",
    ),
    Doctoring(
        "a draft made twice for one request",
        (
            _copy(
                "logistics_issue",
                f"t.id = {OLDER}",
                ", 'state', 'draft', 'number', NULL, 'posted_version', NULL, 'total', 0",
            ),
        ),
        "doubled",
        "doubled",
    ),
    Doctoring(
        "a document that lost a line",
        (f"DELETE FROM logistics_issue_line WHERE document_id = {OLDER} AND position = 2",),
        "half",
        "half",
    ),
    Doctoring(
        "facts of a document that says it is approved",
        (f"UPDATE logistics_issue SET state = 'approved' WHERE id = {OLDER}",),
        "half",
        "half",
    ),
    Doctoring(
        "a number with a gap before it",
        (f"UPDATE logistics_issue SET number = left(number, -5) || '99999' WHERE id = {OLDER}",),
        "number",
        "number",
    ),
    Doctoring(
        "a number given twice",
        (
            "ALTER TABLE logistics_issue DROP CONSTRAINT logistics_issue_number_key",
            f"UPDATE logistics_issue SET number = (SELECT number FROM logistics_issue WHERE id = {OLDER}) FROM victim"
            " WHERE id = newest",
        ),
        "number",
        "number",
    ),
    Doctoring(
        "a counter that went ahead",
        ("UPDATE documents_number SET last = last + 1 WHERE kind = 'logistics.stock_receipt'",),
        "number",
        "number",
    ),
    Doctoring(
        "a balance that is a fen off",
        ("UPDATE logistics_balance SET amount = amount + 0.01 WHERE id = (SELECT min(id) FROM logistics_balance WHERE amount > 0)",),
        "balance",
        "balance",
    ),
    Doctoring(
        "a move without its balance",
        (f"DELETE FROM logistics_move WHERE id = {MOVE}",),
        "balance",
        "balance",
    ),
    Doctoring(
        "an issue worth a fen too much, everywhere alike",
        (
            """CREATE TEMP TABLE wrong ON COMMIT DROP AS SELECT m.*, v.plain FROM victim v JOIN logistics_move m
               ON m.source = 'logistics.stock_issue:' || v.plain
               JOIN logistics_balance b USING (store_id, item_id, batch_id) WHERE b.amount > 1 ORDER BY m.id LIMIT 1""",
            "UPDATE logistics_move m SET amount = m.amount - 0.01 FROM wrong w WHERE m.id = w.id",
            """UPDATE logistics_balance b SET amount = b.amount - 0.01 FROM wrong w
               WHERE (b.store_id, b.item_id, b.batch_id) = (w.store_id, w.item_id, w.batch_id)""",
            """UPDATE logistics_issue_line l SET amount = l.amount + 0.01 FROM wrong w
               WHERE l.document_id = w.plain AND l.position = w.line_position""",
            "UPDATE logistics_issue d SET total = total + 0.01 FROM wrong w WHERE d.id = w.plain",
            """UPDATE ledger_line l SET amount = l.amount + CASE WHEN l.org_unit_id IS NULL THEN -0.01 ELSE 0.01 END
               FROM wrong w, ledger_entry e, logistics_item i, logistics_class c
               WHERE l.entry_id = e.id AND e.source = w.source AND i.id = w.item_id AND c.id = i.material_class_id
               AND l.account_id IN (c.inventory_account_id, c.expense_account_id, c.admin_expense_account_id)""",
        ),
        "value",
        "",
    ),
    Doctoring(
        "an entry that does not balance",
        (f"UPDATE ledger_line SET amount = amount + 0.01 WHERE id = (SELECT min(l.id) FROM ledger_line l JOIN ledger_entry e ON e.id = l.entry_id WHERE e.source = {SOURCE})",),
        "journal",
        "journal",
    ),
    Doctoring(
        "a reversal half done",
        (
            """DELETE FROM logistics_move USING victim WHERE id = (SELECT max(m.id) FROM logistics_move m, victim v
               WHERE m.source = 'logistics.stock_issue:' || v.reversed AND m.reverses_id IS NOT NULL)""",
        ),
        "reversal",
        "reversal",
    ),
    Doctoring(
        "a posting missing in the action log",
        (f"DELETE FROM audit_action WHERE target = {SOURCE} AND act = 'logistics.stock_issue.post'",),
        "trail",
        "trail",
    ),
    Doctoring(
        "a key that was forgotten",
        ("DELETE FROM ui_idempotency_key WHERE id = (SELECT min(id) FROM ui_idempotency_key WHERE key LIKE 'faults %')",),
        "key",
        "key",
    ),
    Doctoring(
        "a job left in the hands of a dead worker",
        ("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = (SELECT min(id) FROM procrastinate_jobs)",),
        "job",
        "job",
    ),
)  # fmt: skip


@contextmanager
def doctored(connection: psycopg.Connection, doctoring: Doctoring) -> Iterator[None]:
    """The database with one thing wrong, until the block ends."""
    with connection.transaction(force_rollback=True):
        for table in TABLES:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        connection.execute(NO_CHECKS)
        connection.execute(PICK)
        changed = [connection.execute(statement).rowcount for statement in doctoring.statements]
        assert any(count > 0 for count in changed), f"{doctoring.name}: nothing to falsify"
        yield
