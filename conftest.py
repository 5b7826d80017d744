"""Fixtures shared by all tests: a real PostgreSQL, in which tests live as the application role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from hrp.config import testing


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """The migrated database of this run: made by the owner, used by the application role."""
    with django_db_blocker.unblock():
        database = testing.Database.create()
        database.use()
        yield
        connection.close()
        database.drop()


@pytest.fixture(autouse=True)
def _forget() -> None:
    """Each test starts with cold caches."""
    testing.forget()


@pytest.fixture
def owner_connection(db: None) -> Iterator[psycopg.Connection[Any]]:
    """A second connection, as the owner of the tables."""
    with psycopg.connect(testing.current().owner_url) as owner:
        yield owner


@pytest.fixture
def committed_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[testing.Database]:
    """A database of its own, for tests that commit or use several connections."""
    shared = testing.current()
    with django_db_blocker.unblock():
        own = testing.Database.create()
        own.use()
        yield own
        connection.close()
        own.drop()
        shared.use()
