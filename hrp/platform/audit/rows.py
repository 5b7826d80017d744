"""Rows that prove themselves: each carries the SHA-256 of its own canonical text, written by a trigger.

A module makes a table of facts sealable by inheriting :class:`SealableModel`, running :class:`HashedRows` in the
migration that creates it, and registering it with :func:`hrp.platform.audit.sealed.register`.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from hrp.platform.base.append_only import AppendOnlyModel

STAMPS = ("epoch", "xact_id", "row_hash")


class SealableModel(AppendOnlyModel):
    """Three stamps set by the trigger, whatever the statement said.

    ``epoch`` is the cluster's system identifier: transaction ids start again after a dump is restored into a new
    cluster, and the pair (epoch, xact_id) does not. ``row_hash`` is 32 bytes.
    """

    epoch = models.BigIntegerField("集群标识", editable=False, default=0)
    xact_id = models.BigIntegerField("事务号", editable=False, default=0)
    row_hash = models.BinaryField("行散列", editable=False, default=b"")

    class Meta:
        abstract = True


def _canonical(field: models.Field[Any, Any]) -> str:
    """SQL text of one column that reads the same in every session: no time zone, no output setting."""
    column = f'r."{field.column}"'
    if isinstance(field, models.DateTimeField):
        return f"extract(epoch FROM {column})"
    if isinstance(field, models.BinaryField):
        return f"encode({column}, 'hex')"
    if isinstance(field, models.DurationField):
        return f"extract(epoch FROM {column})"
    return column


class HashedRows(Operation):
    """Migration operation: the hash function of a :class:`SealableModel` and the trigger that calls it.

    ``columns`` are the model fields under the hash, in order, ``epoch`` and ``xact_id`` always with them. They are
    frozen when the migration runs: a column added later is outside the hash of older rows and must be named in a
    new table or left out.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, model: str, *, columns: list[str], stamped_at: str = "") -> None:
        self.model = model
        self.columns = columns
        self.stamped_at = stamped_at

    def deconstruct(self) -> Any:
        return (
            self.__class__.__qualname__,
            [self.model],
            {"columns": self.columns, "stamped_at": self.stamped_at},
        )

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The trigger leaves no trace in the model state."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model)
        table = model._meta.db_table
        parts = ", ".join(
            _canonical(model._meta.get_field(name)) for name in [*self.columns, "epoch", "xact_id"]
        )
        stamp = f'NEW."{self.stamped_at}" := clock_timestamp();' if self.stamped_at else ""
        schema_editor.execute(f"""
            CREATE FUNCTION {table}_hash(r {table}) RETURNS bytea LANGUAGE sql STABLE AS $$
                SELECT sha256(convert_to(jsonb_build_array({parts})::text, 'UTF8'))
            $$;
            CREATE FUNCTION {table}_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                {stamp}
                NEW.epoch := (SELECT system_identifier FROM pg_control_system());
                NEW.xact_id := pg_current_xact_id()::text::bigint;
                NEW.row_hash := sha256(convert_to(
                    jsonb_build_array({parts.replace('r."', 'NEW."')})::text, 'UTF8'));
                RETURN NEW;
            END $$;
            CREATE TRIGGER row_stamp BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_stamp();
            ALTER TABLE {table} ENABLE ALWAYS TRIGGER row_stamp;
            CREATE INDEX {table}_seal ON {table} (epoch, xact_id, id);
            """)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        table = from_state.apps.get_model(app_label, self.model)._meta.db_table
        schema_editor.execute(f"""
            DROP TRIGGER IF EXISTS row_stamp ON {table};
            DROP FUNCTION IF EXISTS {table}_stamp();
            DROP FUNCTION IF EXISTS {table}_hash({table});
            DROP INDEX IF EXISTS {table}_seal;
            """)

    def describe(self) -> str:
        return f"Hash every row of {self.model}"
