"""Fixtures shared by every test of the product.

``db`` (pytest-django): one test in one transaction, rolled back, as the application role.
``committed_db``: a database of its own for tests that commit or need several connections; dropped afterwards.
``owner_connection``: psycopg as the owner, on the database the test uses.
``hospital_server``: a running web server with the small demo hospital, for HTTP and browser tests.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from hrp.config import testing
from hrp.config.home import Home

CHROMIUM = "/usr/bin/chromium"


def pytest_configure(config: pytest.Config) -> None:
    """Tests keep their data in a folder of their own below HRP_HOME, and never need built assets in process.

    Each of several test processes has its own server: an open transaction anywhere on a server holds back the sealing
    of every database on it.
    """
    home = settings.HRP_HOME / "test" / os.environ.get("PYTEST_XDIST_WORKER", "alone")
    os.environ["HRP_HOME"] = str(home)
    settings.HRP_HOME = home
    settings.MEDIA_ROOT = home / "files"
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright leaves an event loop running, inside which Django refuses the database.

    Whole files move, as a file is what one of several test processes takes at a time.
    """

    def browses(item: pytest.Item) -> bool:
        return "browser" in getattr(item, "fixturenames", ())

    files = {item.path for item in items if browses(item)}
    items.sort(key=lambda item: (item.path in files, browses(item)))


@pytest.fixture(autouse=True)
def _django_db_marker(request: pytest.FixtureRequest) -> None:
    """pytest-django's own, except that ``committed_db`` stands alone: it must not lie inside a rolled-back transaction.

    TRUNCATE is refused on append-only tables, so Django's way of cleaning up after commits cannot work here.
    """
    marker = request.node.get_closest_marker("django_db")
    if marker is None or "committed_db" in request.fixturenames:
        return
    if marker.kwargs.get("transaction"):
        pytest.fail("use the fixture committed_db instead of transaction=True")
    request.getfixturevalue("_django_db_helper")


@pytest.fixture(autouse=True)
def _forget() -> None:
    """Each test starts with cold caches: a rolled-back test must not speak to the next one."""
    testing.forget()


@pytest.fixture(scope="session")
def test_server() -> Iterator[testing.TestServer]:
    server = testing.TestServer(Home(settings.HRP_HOME))
    server.start()
    yield server
    connections.close_all()
    server.stop()


@pytest.fixture(scope="session")
def test_database(test_server: testing.TestServer) -> testing.Database:
    return test_server.session


@pytest.fixture(scope="session")
def django_db_setup(test_database: testing.Database, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        test_database.use()


@pytest.fixture
def committed_db(
    django_db_setup: None, test_server: testing.TestServer, django_db_blocker: Any
) -> Iterator[testing.Database]:
    """A migrated database of the test's own; what the test commits stays until its end."""
    database = test_server.create("committed")
    with django_db_blocker.unblock():
        database.use()
        yield database
        connections.close_all()
        test_server.session.use()
    test_server.drop(database.name)


@pytest.fixture
def owner_connection(
    request: pytest.FixtureRequest, test_server: testing.TestServer
) -> Iterator[psycopg.Connection]:
    """As the owner, on ``committed_db`` when the test uses it, else on the session's database; rolled back."""
    committed = "committed_db" in request.fixturenames
    database = request.getfixturevalue("committed_db" if committed else "test_database")
    with psycopg.connect(database.owner_url) as owner:
        yield owner
        owner.rollback()


@pytest.fixture(scope="session")
def hospital_server(test_server: testing.TestServer) -> Iterator[testing.HospitalServer]:
    """The small demo hospital behind a real web server."""
    database = test_server.create("hospital", template=test_server.demo_template())
    environment = test_server.environment(database)
    testing.require_assets()
    with testing.serve(test_server, database, environment=environment) as running:
        yield running


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return browser_type_launch_args | {
        "executable_path": CHROMIUM,
        "args": [
            "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--font-render-hinting=none",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
        ],
    }  # fmt: skip


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return browser_context_args | {
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
        "reduced_motion": "reduce",
        "viewport": {"width": 1440, "height": 900},
    }


@pytest.fixture
def watched() -> Iterator[Callable[[Any], Any]]:
    """Watch a page: a script error, a failed request, a breach of the content policy or a request that leaves the
    machine fails the test at its end."""
    faults: list[str] = []

    def watch(page: Any) -> Any:
        page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
        page.on("requestfailed", lambda request: _check_failure(request, faults))
        page.on("request", lambda request: _check_local(request.url, faults))
        page.on("console", lambda message: _check_policy(message.text, faults))
        return page

    yield watch
    assert not faults, "\n".join(faults)


@pytest.fixture
def page(page: Any, watched: Callable[[Any], Any]) -> Any:
    return watched(page)


def _check_failure(request: Any, faults: list[str]) -> None:
    # a request given up because the person went on to another page is no fault
    if "ERR_ABORTED" not in (request.failure or ""):
        faults.append(f"failed: {request.url} {request.failure}")


def _check_policy(text: str, faults: list[str]) -> None:
    if "Content Security Policy" in text:
        faults.append(text)


def _check_local(url: str, faults: list[str]) -> None:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in ("127.0.0.1", "localhost"):
        faults.append(f"left the machine: {url}")
