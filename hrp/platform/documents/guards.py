"""What the database itself refuses about documents: changing a posted header, touching the lines of a posted one."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations import RunSQL

FUNCTION_SQL = """
CREATE OR REPLACE FUNCTION documents_guard_header() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE free text[] := ARRAY['print_count'];
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.number IS NOT NULL OR OLD.state IN ('posted', 'reversed') THEN
            RAISE EXCEPTION '单据 % 已过账，不能删除', OLD.number USING ERRCODE = 'HR006', HINT = '撤销请用红冲。';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.state NOT IN ('posted', 'reversed') THEN RETURN NEW; END IF;
    IF OLD.state = 'posted' AND NEW.state = 'reversed' THEN
        free := free || ARRAY['state', 'version', 'updated_at'];
    END IF;
    IF (to_jsonb(NEW) - free) IS DISTINCT FROM (to_jsonb(OLD) - free) THEN
        RAISE EXCEPTION '单据 % 已过账，不能修改', OLD.number USING ERRCODE = 'HR006', HINT = '更正请红冲后另制新单。';
    END IF;
    RETURN NEW;
END $$;
"""

# One function per line table: its query is planned once per connection, where one function for all tables would have to
# build and plan it anew for every statement.
LINE_FUNCTION_SQL = """
CREATE OR REPLACE FUNCTION {line_table}_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE posted text;
BEGIN
    SELECT p.number INTO posted FROM changed c JOIN "{table}" p ON p.id = c.document_id
        WHERE p.state IN ('posted', 'reversed') LIMIT 1;
    IF posted IS NOT NULL THEN
        RAISE EXCEPTION '单据 % 已过账，明细不能修改', posted USING ERRCODE = 'HR006', HINT = '更正请红冲后另制新单。';
    END IF;
    RETURN NULL;
END $$;
"""

DROP_FUNCTION_SQL = "DROP FUNCTION IF EXISTS documents_guard_header;"


class GuardDocument(RunSQL):
    """Migration operation that puts the guards on a document's header table and, when given, its line table."""

    def __init__(self, table: str, line_table: str = "") -> None:
        self.table = table
        self.line_table = line_table
        sql = f"""
            CREATE TRIGGER guard_posted BEFORE UPDATE OR DELETE ON "{table}"
                FOR EACH ROW EXECUTE FUNCTION documents_guard_header();
            ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER guard_posted;
            CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON "{table}"
                FOR EACH STATEMENT EXECUTE FUNCTION hrp_refuse_change();
        """
        drop = f'DROP TRIGGER IF EXISTS guard_posted ON "{table}"; DROP TRIGGER IF EXISTS refuse_truncate ON "{table}";'
        if line_table:
            sql += LINE_FUNCTION_SQL.format(table=table, line_table=line_table)
            for event, rows in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")):
                sql += f"""
                CREATE TRIGGER guard_posted_{event.lower()} AFTER {event} ON "{line_table}"
                    REFERENCING {rows} TABLE AS changed
                    FOR EACH STATEMENT EXECUTE FUNCTION {line_table}_guard();
                ALTER TABLE "{line_table}" ENABLE ALWAYS TRIGGER guard_posted_{event.lower()};
                """
                drop += f' DROP TRIGGER IF EXISTS guard_posted_{event.lower()} ON "{line_table}";'
            sql += f"""
                CREATE TRIGGER stays_with_document BEFORE UPDATE OF document_id ON "{line_table}"
                    FOR EACH ROW WHEN (OLD.document_id IS DISTINCT FROM NEW.document_id)
                    EXECUTE FUNCTION hrp_refuse_change();
                ALTER TABLE "{line_table}" ENABLE ALWAYS TRIGGER stays_with_document;
            """
            drop += f' DROP TRIGGER IF EXISTS stays_with_document ON "{line_table}";'
            drop += f" DROP FUNCTION IF EXISTS {line_table}_guard;"
        super().__init__(sql=sql, reverse_sql=drop)

    def deconstruct(self) -> Any:
        kwargs = {"table": self.table}
        if self.line_table:
            kwargs["line_table"] = self.line_table
        return (self.__class__.__qualname__, [], kwargs)
