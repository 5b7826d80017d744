"""The database the tests use is the one the product would use: real roles, real grants."""

import subprocess
import sys

import psycopg
import pytest
from django.db import DatabaseError, connection

from hrp.config import schema
from hrp.config.models import InstallationMark
from hrp.config.postgres import binaries
from hrp.config.settings.paths import BASE_DIR
from hrp.config.testing import Database, TestServer
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


PART = """
import sys
from contextlib import nullcontext
import django
django.setup()
from django.core.management import call_command
from hrp.config import fresh_states
with fresh_states.from_nothing() if sys.argv[1] == "quick" else nullcontext():
    call_command("migrate", "logistics", interactive=False, verbosity=0, skip_checks=True)
"""


@pytest.mark.slow
def test_the_quick_way_from_nothing_makes_the_same_schema_as_the_ordinary_one(
    test_server: TestServer,
) -> None:
    """Up to the floor of materials: the ordinary way grows with the square of the models, minutes for all of them."""
    found = {}
    for way in ("quick", "ordinary"):
        made = test_server.create(way, template="template0")
        done = subprocess.run(
            [sys.executable, "-c", PART, way],
            env=test_server.environment(made) | {"HRP_DB_ROLE": "owner"},
            cwd=BASE_DIR, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found[way] = dump(made)
        test_server.drop(made.name)
    assert len(found["ordinary"]) > 1000
    assert found["quick"] == found["ordinary"]


def dump(database: Database) -> list[str]:
    """The schema as pg_dump writes it, without privileges and without the key it makes up for each dump."""
    out = binaries.run(
        "pg_dump", "--schema-only", "--no-privileges", "--no-owner", "--no-comments", database.owner_url
    )
    assert out.returncode == 0, out.stderr
    return [line for line in out.stdout.splitlines() if not line.startswith(("--", "\\"))]
