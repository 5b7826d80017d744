"""History of registers, written by triggers: who changed which field of which record, and when.

``@tracked()`` on a model makes an event table (django-pghistory) that keeps every inserted, changed and deleted
row. Two things differ from that library's defaults. Its triggers step aside when the session sets
``pgtrigger.ignore``, which any application session could; ours do not look, and are ``ENABLE ALWAYS``. And the
context (actor, request) is stored in the event row itself instead of a shared row that later statements update,
so that event tables are append-only like every table of facts.

The context reaches the triggers through a transaction-local setting that :func:`attach` puts in front of those
statements alone that write a tracked table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pghistory
import pgtrigger
from django.db import connection, models
from pghistory.models import Event
from pghistory.trigger import Event as EventTrigger
from pgtrigger import compiler

from hrp.platform.base import origin
from hrp.platform.base.append_only import AppendOnlyModel

_Model = TypeVar("_Model", bound=type[models.Model])

CONTEXT_SETTING = "pghistory.context_metadata"


class AlwaysTriggerSql(compiler.UpsertTriggerSql):
    """A trigger that no session setting switches off. Migrations refer to this class: the text is version 1."""

    def get_template(self) -> str:
        return """
            CREATE OR REPLACE FUNCTION {pgid}() RETURNS TRIGGER AS $$
                {declare}
                BEGIN
                    {func}
                END;
            $$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS {pgid} ON {table};
            CREATE TRIGGER {pgid} {when} {operation} ON {table} FOR EACH {level} {condition}
                EXECUTE FUNCTION {pgid}();
            ALTER TABLE {table} ENABLE ALWAYS TRIGGER {pgid};
            COMMENT ON TRIGGER {pgid} ON {table} IS '{hash}';
        """


class AppendOnlyTriggerSql(compiler.UpsertTriggerSql):
    """The refusing triggers of :class:`AppendOnly`, as migrations generate them for event tables. Version 1."""

    def get_template(self) -> str:
        return """
            DROP TRIGGER IF EXISTS append_only_row ON {table};
            DROP TRIGGER IF EXISTS append_only_truncate ON {table};
            CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION hrp_refuse_change();
            CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION hrp_refuse_change();
            ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only_row;
            ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only_truncate;
            COMMENT ON TRIGGER append_only_row ON {table} IS '{hash}';
        """


class _RefuseChange(pgtrigger.Trigger):
    def __init__(self) -> None:
        super().__init__(
            name="append_only_row",
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
            func="",
        )

    def get_pgid(self, model: models.Model) -> str:
        # unique in pgtrigger's registry, although the trigger bears one name on every table (see the SQL above)
        return f"append_only_row_{model._meta.db_table}"[:63]

    def compile(self, model: models.Model) -> compiler.Trigger:
        return compiler.Trigger(
            name=self.name,
            sql=AppendOnlyTriggerSql(
                pgid="append_only_row",
                table=model._meta.db_table,
                func="",
                when=self.when,
                operation=self.operation,
            ),
        )


class _AlwaysEventTrigger(EventTrigger):
    def compile(self, model: models.Model) -> compiler.Trigger:
        kept = {"pgid", "declare", "func", "table", "when", "operation", "level", "condition"}
        given = super().compile(model).sql.kwargs
        return compiler.Trigger(
            name=self.name,
            sql=AlwaysTriggerSql(**{key: value for key, value in given.items() if key in kept}),
        )


class _AlwaysRowEvent(pghistory.RowEvent):
    def add_event_trigger(self, event_model: Any) -> None:
        pgtrigger.register(
            _AlwaysEventTrigger(
                event_model=event_model,
                label=self.label,
                name=self.trigger_name,
                row=self.row,
                operation=self.operation,
                condition=self.condition,
                level=pgtrigger.Row,
            )
        )(event_model.pgh_tracked_model)


class Inserted(_AlwaysRowEvent, pghistory.InsertEvent):
    """A row was added."""


class Updated(_AlwaysRowEvent, pghistory.UpdateEvent):
    """A tracked field of a row changed."""


class Deleted(_AlwaysRowEvent, pghistory.DeleteEvent):
    """A row was removed."""


class HistoryRow(Event, AppendOnlyModel):
    """Base of every event table."""

    pgh_id = models.BigAutoField(primary_key=True)

    class Meta:
        abstract = True


_tables: set[str] = set()


def tracked(*, exclude: Sequence[str] = ()) -> Callable[[_Model], _Model]:
    """Class decorator: keep the history of every field but ``exclude`` (secrets, counters, time stamps of use)."""

    def decorate(model: _Model) -> _Model:
        _tables.add(model._meta.db_table)
        pghistory.track(
            Inserted(),
            Updated(),
            Deleted(),
            exclude=list(exclude),
            base_model=HistoryRow,
            obj_field=pghistory.ObjForeignKey(related_name="+", db_index=True),
            context_field=pghistory.ContextJSONField(),
            context_id_field=None,  # type: ignore[arg-type]
            append_only=False,
            model_name=f"{model._meta.object_name}Event",
            meta={
                "verbose_name": f"{model._meta.verbose_name}变更",
                "db_table": f"{model._meta.db_table}_event",
                "triggers": [_RefuseChange()],
            },
        )(model)
        return model

    return decorate


_WRITES = re.compile(
    r'\b(?:insert\s+into|update(?:\s+only)?|delete\s+from(?:\s+only)?|merge\s+into)\s+"?(\w+)"?', re.I
)


def _writes_tracked(sql: str) -> bool:
    head = sql.lstrip()[:6].lower()
    if head in ("insert", "update", "delete"):
        match = _WRITES.match(sql.lstrip())
        return bool(match and match[1] in _tables)
    if head.startswith(("with", "merge")):
        return any(name in _tables for name in _WRITES.findall(sql))
    return False


def context() -> dict[str, Any]:
    """What an event row remembers about its cause."""
    here = origin.current()
    found: dict[str, Any] = {"request": here.request_id}
    if here.ip:
        found["ip"] = here.ip
    if here.reason:
        found["reason"] = here.reason
    if here.actor is not None and here.actor.pk is not None:
        found |= {"actor": here.actor.pk, "name": here.actor.display_name}
    return found


def _with_context(execute: Callable[..., Any], sql: Any, params: Any, many: bool, state: Any) -> Any:
    if not isinstance(sql, str) or not _writes_tracked(sql):
        return execute(sql, params, many, state)
    database = state["connection"]
    if database.needs_rollback:
        return execute(sql, params, many, state)
    with database.connection.cursor() as cursor:
        local = database.in_atomic_block
        cursor.execute(
            "SELECT set_config(%s, %s, %s)",
            (CONTEXT_SETTING, json.dumps(context(), ensure_ascii=False), local),
        )
    return execute(sql, params, many, state)


def attach() -> None:
    """Let this thread's connection tell the triggers who acts. Idempotent; every door calls it."""
    if _with_context not in connection.execute_wrappers:
        connection.execute_wrappers.append(_with_context)
