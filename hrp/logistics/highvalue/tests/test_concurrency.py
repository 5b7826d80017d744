"""Two scanners at one piece: one is taken, the other is told by whom and when."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.db import connection

from hrp.logistics.highvalue.documents.use_booking import UseBooking
from hrp.logistics.highvalue.models import ConsignMove, PatientUse
from hrp.logistics.highvalue.services import using
from hrp.logistics.highvalue.tests.world import NOON, Theatre
from hrp.logistics.tests.waiting import free_while_waiting
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict

SCANNERS = 8


def test_the_second_scanner_is_refused_by_name_and_time(committed_db: Any) -> None:
    theatre = Theatre()
    first, second, *_ = theatre.consign(3)
    nurses = (theatre.nurse, theatre.other)

    def scan(number: int) -> tuple[str, str]:
        unit = (first, second)[number % 2]
        try:
            with clock.pinned(NOON):
                visit = theatre.visit(f"ZY{number}")
                using.use(actor=nurses[number // 2 % 2], visit=visit, code=unit.uid)
        except Conflict as refused:
            return refused.code, refused.reason
        else:
            return "used", unit.uid
        finally:
            connection.close()

    with ThreadPoolExecutor(SCANNERS) as scanners:
        outcomes = list(scanners.map(scan, range(SCANNERS)))
    assert sorted(code for code, _ in outcomes) == ["unit_used"] * (SCANNERS - 2) + ["used"] * 2
    for code, words in outcomes:
        if code == "unit_used":
            assert "2026-11-10 12:00" in words
            assert "林护士" in words or "何护士" in words
    assert PatientUse.objects.count() == 2
    assert sum(ConsignMove.objects.values_list("quantity", flat=True)) == 1
    theatre.check()


@pytest.mark.parametrize("again", [False, True])
def test_a_booking_that_waits_for_stock_holds_no_piece(
    committed_db: Any, owner_connection: psycopg.Connection, again: bool
) -> None:
    """Whoever moves goods holds stock first and its pieces after; so does who books what was used, and who undoes it."""
    theatre = Theatre()
    unit, *_ = theatre.buy(3)
    header = {"store": theatre.store.pk, "fund": theatre.room.fund.pk}
    booking = theatre.draft(UseBooking, header, {"use": theatre.use(unit).pk})
    if again:
        booking = theatre.post(booking)
    act = theatre.reverse if again else theatre.post
    assert free_while_waiting(owner_connection, lambda: act(booking), "logistics_unit") == (3, 3)
    theatre.check()
