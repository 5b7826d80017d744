"""The database is the last colleague to say no: what must hold there, held for every table by its name."""

from __future__ import annotations

import io

import pghistory.models
import psycopg
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models

from hrp.platform.base.append_only import append_only_tables

SIBLINGS = ("logistics", "assets", "hr", "costing", "operations")
TRIGGERS = {"append_only_row", "append_only_truncate"}


def our_models() -> list[type[models.Model]]:
    return [m for m in apps.get_models(include_auto_created=True) if m.__module__.startswith("hrp.")]


def house(model: type[models.Model]) -> str:
    """``platform``, ``logistics`` ...: the second word of the module a model lives in."""
    return model.__module__.split(".")[1]


def test_there_are_append_only_tables() -> None:
    assert len(append_only_tables()) >= 3


@pytest.mark.parametrize("table", append_only_tables())
@pytest.mark.django_db
def test_append_only_table_has_its_triggers_always_on(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal",
            [table],
        )
        always = {name for name, enabled in cursor.fetchall() if enabled == "A"}
    assert always >= TRIGGERS, f"{table}: put AppendOnly({table!r}) in its migration"


@pytest.mark.parametrize("table", append_only_tables())
@pytest.mark.django_db
def test_application_role_may_only_add_to_append_only_table(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT privilege_type FROM information_schema.role_table_grants"
            " WHERE grantee = current_user AND table_name = %s",
            [table],
        )
        assert {row[0] for row in cursor.fetchall()} == {"SELECT", "INSERT"}


@pytest.mark.django_db
def test_application_role_owns_nothing_and_has_no_powers() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = current_user),"
            " rolsuper, rolcreaterole, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (0, False, False, False, False)


@pytest.mark.django_db
def test_application_role_cannot_skip_triggers() -> None:
    with pytest.raises(Exception, match="session_replication_role"), connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")


def test_even_the_owner_cannot_change_a_fact(owner_connection: psycopg.Connection) -> None:
    """TRUNCATE fires its trigger without a single row, so that every table can be asked."""
    for table in append_only_tables():
        with pytest.raises(psycopg.Error) as refused, owner_connection.transaction():
            owner_connection.execute(f'TRUNCATE "{table}" CASCADE')
        assert refused.value.sqlstate == "HR001", table


@pytest.mark.django_db
def test_no_float_column() -> None:
    tables = [model._meta.db_table for model in our_models()]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type IN ('real', 'double precision', 'money') AND table_name = ANY(%s)",
            [tables],
        )
        assert cursor.fetchall() == []


def test_siblings_have_no_foreign_keys_to_each_other() -> None:
    found = [
        f"{model.__name__}.{field.name} -> {field.related_model}"
        for model in our_models()
        if house(model) in SIBLINGS
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey | models.ManyToManyField)
        and isinstance(field.related_model, type)
        and house(field.related_model) in SIBLINGS
        and house(field.related_model) != house(model)
    ]
    assert not found, f"siblings meet in the journal: {found}"


def test_foreign_keys_to_the_platform_protect_and_leave_no_trace() -> None:
    found = []
    for model in our_models():
        if house(model) not in SIBLINGS or issubclass(model, pghistory.models.Event):
            continue  # a history row outlives what it points to
        for field in model._meta.local_fields:
            target = field.related_model
            if (
                not isinstance(field, models.ForeignKey)
                or not isinstance(target, type)
                or house(target) != "platform"
            ):
                continue
            remote = field.remote_field
            if remote.on_delete is not models.PROTECT or not str(remote.related_name or "").endswith("+"):
                found.append(f"{model.__name__}.{field.name}")
    assert not found, f'models.PROTECT and related_name="+": {found}'


@pytest.mark.django_db
def test_migrations_match_models() -> None:
    out = io.StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=out, skip_checks=True)
    except SystemExit:
        pytest.fail(f"run hrp makemigrations:\n{out.getvalue()}")
