"""The SLA tests again under zones that are not the hospital's, with the database session in yet another one."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, connections

from hrp.operations.desk.tests import (
    test_clock_rules,
    test_histories,
    test_plan,
    test_published_cases,
    test_replay,
    test_rulings,
    test_scanning,
    test_services,
)
from hrp.operations.desk.tests.test_services import world  # noqa: F401 - the tests below ask for it

pytestmark = pytest.mark.django_db

DATABASE_ZONE = "Asia/Kolkata"
ZONES = ("UTC", "America/New_York", "Asia/Shanghai")
STORIES = (
    test_services, test_scanning, test_rulings, test_clock_rules, test_histories, test_plan, test_published_cases,
    test_replay,
)  # fmt: skip
OWN_PROCESSES = (
    "test_cases_do_not_depend_on_the_zone_of_the_server", "test_workers_racing", "test_the_command_line",
)  # fmt: skip


@pytest.fixture(scope="module", params=ZONES, autouse=True)
def zone(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """This process in one zone, its database session in another."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    with django_db_blocker.unblock():
        _session_zone(DATABASE_ZONE)
    yield request.param
    with django_db_blocker.unblock():
        _session_zone(None)
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


def _session_zone(name: str | None) -> None:
    wrapper = connections[DEFAULT_DB_ALIAS]
    wrapper.close()
    wrapper.settings_dict["TIME_ZONE"] = name
    for known in ("timezone", "timezone_name"):
        wrapper.__dict__.pop(known, None)


def test_the_zones_are_really_others(zone: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW TIME ZONE")
        assert cursor.fetchone() == (DATABASE_ZONE,)
    east_of_utc = {"UTC": 0, "America/New_York": -5, "Asia/Shanghai": 8}[zone]
    assert (
        time.localtime(1_790_000_000).tm_hour
        == (time.gmtime(1_790_000_000).tm_hour + east_of_utc + _summer(zone)) % 24
    )


def _summer(zone: str) -> int:
    return int(zone == "America/New_York" and time.localtime(1_790_000_000).tm_isdst)


for _story in STORIES:
    for _name, _test in vars(_story).items():
        if _name.startswith("test_") and callable(_test) and not _name.startswith(OWN_PROCESSES):
            globals()[f"{_name}__{_story.__name__.rsplit('.', 1)[-1]}"] = _test
