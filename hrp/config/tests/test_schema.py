"""The database the tests use is the one the product would use: real roles, real grants."""

import psycopg
import pytest
from django.db import DatabaseError, connection

from hrp.config import schema
from hrp.config.models import InstallationMark
from hrp.config.testing import Database
from hrp.platform.base.refusals import Conflict


@pytest.mark.django_db
def test_tests_run_as_the_application_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)")
        assert cursor.fetchone() == ("hrp_app", False)


@pytest.mark.django_db
def test_application_role_cannot_change_the_schema() -> None:
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE mine (id int)")


def test_rows_of_a_committed_database_are_seen_by_other_connections(
    committed_db: Database, owner_connection: psycopg.Connection
) -> None:
    InstallationMark.objects.create(name="here", value="yes")
    row = owner_connection.execute(
        "SELECT value FROM config_installation_mark WHERE name = 'here'"
    ).fetchone()
    assert row == ("yes",)


@pytest.mark.django_db
def test_rows_of_another_test_are_gone() -> None:
    assert not InstallationMark.objects.filter(name="here").exists()


@pytest.mark.django_db
def test_a_migrated_database_is_current() -> None:
    assert schema.state() == "current"


def test_a_database_of_a_newer_version_is_refused(
    committed_db: Database, owner_connection: psycopg.Connection
) -> None:
    owner_connection.execute(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('config', '0999_future', now())"
    )
    owner_connection.commit()
    with pytest.raises(Conflict) as refused:
        schema.state()
    assert refused.value.code == "data_newer"
    assert "config.0999_future" in refused.value.reason
    assert "HRP_HOME" in refused.value.way_out
