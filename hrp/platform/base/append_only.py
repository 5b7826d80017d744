"""Append-only tables: rows are inserted and never changed, by anybody, not even by raw SQL.

Three walls: the application role owns none of these tables and holds no UPDATE, DELETE or TRUNCATE grant; a trigger,
``ENABLE ALWAYS`` so that ``session_replication_role = replica`` does not skip it, refuses the change even to the
owner; and an architecture test checks both for every :class:`AppendOnlyModel`.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models
from django.db.migrations.operations import RunSQL

FUNCTION_SQL = """
CREATE OR REPLACE FUNCTION hrp_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% 只能追加：不允许 %', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'HR001', HINT = '已过账的事实不可修改。更正请追加新记录，撤销请用红冲。';
END $$;
"""

DROP_FUNCTION_SQL = "DROP FUNCTION IF EXISTS hrp_refuse_change();"


class AppendOnlyModel(models.Model):
    """Base of every table of facts. Its migration must also run :class:`AppendOnly` on its table."""

    class Meta:
        abstract = True


class AppendOnly(RunSQL):
    """Migration operation that puts the refusing triggers on ``table``."""

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(
            sql=f"""
            CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON "{table}"
                FOR EACH ROW EXECUTE FUNCTION hrp_refuse_change();
            CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON "{table}"
                FOR EACH STATEMENT EXECUTE FUNCTION hrp_refuse_change();
            ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER append_only_row;
            ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER append_only_truncate;
            """,
            reverse_sql=f"""
            DROP TRIGGER IF EXISTS append_only_row ON "{table}";
            DROP TRIGGER IF EXISTS append_only_truncate ON "{table}";
            """,
        )

    def deconstruct(self) -> Any:
        return (self.__class__.__qualname__, [], {"table": self.table})


def append_only_tables() -> list[str]:
    """Names of all append-only tables of the installed apps, sorted."""
    return sorted(m._meta.db_table for m in apps.get_models() if issubclass(m, AppendOnlyModel))
