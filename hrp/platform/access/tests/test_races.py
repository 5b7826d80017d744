"""How soon, and by whom, a change of grants is seen."""

from __future__ import annotations

import time
from threading import Thread

from django.db import connection, transaction

from hrp.platform.access import scope
from hrp.platform.access.models import RoleGrant
from hrp.platform.access.tests.people import allow, person
from hrp.platform.base import stamps

ISSUE = "logistics.stock_issue.post"


def test_a_change_made_by_another_process_is_seen_within_a_second(committed_db):
    actor = person()
    role = allow(actor, ISSUE)
    assert scope.has(actor, ISSUE)

    def elsewhere() -> None:
        RoleGrant.objects.filter(user=actor, role=role).delete()
        connection.close()

    other = Thread(target=elsewhere)
    other.start()
    other.join()
    time.sleep(stamps.MAX_AGE_SECONDS)
    assert not scope.has(actor, ISSUE)


def test_an_uncommitted_grant_is_known_to_its_own_thread_only(committed_db):
    actor = person()
    seen: list[bool] = []

    def elsewhere() -> None:
        stamps.forget()
        seen.append(scope.has(actor, ISSUE))
        connection.close()

    def look() -> bool:
        other = Thread(target=elsewhere)
        other.start()
        other.join()
        return seen[-1]

    assert not look()
    with transaction.atomic():
        allow(actor, ISSUE)
        assert scope.has(actor, ISSUE)
        assert not look()
        assert scope.has(actor, ISSUE), "what the others read must not hide one's own change"
    assert look(), "and nobody has filed the old state under the new stamp"
