"""Rows that prove themselves: each carries the SHA-256 of its own canonical text, written by a trigger.

A module makes a table of facts sealable by inheriting :class:`SealableModel`, running :class:`HashedRows` in the
migration that creates it, and registering it with :func:`hrp.platform.audit.sealed.register`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

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

    hashed: ClassVar[tuple[str, ...]] = ()
    """Fields under the hash, in order; ``epoch`` and ``xact_id`` are always with them. Same as in the migration."""

    class Meta:
        abstract = True


def _canonical(field: models.Field[Any, Any], row: str) -> str:
    """SQL of one column that reads the same in every session: no time zone, no date style, no output setting."""
    column = f'{row}."{field.column}"'
    if isinstance(field, models.DateTimeField | models.DurationField):
        return f"(extract(epoch FROM {column}) * 1000000)::bigint"
    if isinstance(field, models.DateField):
        return f"({column} - date '2000-01-01')"
    if isinstance(field, models.BinaryField):
        return f"encode({column}, 'hex')"
    return column


def hash_sql(model: type[models.Model], columns: Sequence[str], row: str) -> str:
    """SQL expression of the 32-byte hash of ``row``, an alias of the model's table or ``NEW``.

    The check builds it from the code, not from a function in the database, which a superuser could replace.
    """
    names = [*columns, "epoch", "xact_id"]
    parts = ", ".join(_canonical(model._meta.get_field(name), row) for name in names)  # type: ignore[arg-type]
    return f"sha256(convert_to(ROW({parts})::text, 'UTF8'))"


_STAMP = """
BEGIN
    {stamp}
    NEW.epoch := (SELECT system_identifier FROM pg_control_system());
    NEW.xact_id := pg_current_xact_id()::text::bigint;
    NEW.row_hash := {hash};
    RETURN NEW;
END
"""

# Triggers fire in the order of their names: ours last, over what the others have set.
_TRIGGER = """
CREATE FUNCTION {table}_stamp() RETURNS trigger LANGUAGE plpgsql AS $${body}$$;
CREATE TRIGGER zz_row_stamp BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_stamp();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER zz_row_stamp;
CREATE INDEX {table}_seal ON {table} (epoch, xact_id, id);
"""


class HashedRows(Operation):
    """Migration operation: the trigger that stamps and hashes every inserted row of a :class:`SealableModel`.

    ``columns`` repeats the model's ``hashed`` (a test compares them). A column added later stays outside the hash:
    the hashes of the rows already there cannot change. ``stamped_at`` names the time that the database sets.
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
        stamp = f'NEW."{self.stamped_at}" := clock_timestamp();' if self.stamped_at else ""
        body = _STAMP.format(stamp=stamp, hash=hash_sql(model, self.columns, "NEW"))
        schema_editor.execute(_TRIGGER.format(table=table, body=body))

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        table = from_state.apps.get_model(app_label, self.model)._meta.db_table
        schema_editor.execute(f"""
            DROP TRIGGER IF EXISTS zz_row_stamp ON {table};
            DROP FUNCTION IF EXISTS {table}_stamp();
            DROP INDEX IF EXISTS {table}_seal;
            """)

    def describe(self) -> str:
        return f"Hash every row of {self.model}"
