"""A hospital that has lived two months, behind its owner's connection: what the product refuses can be done to it there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections, transaction

from hrp.config import testing
from hrp.logistics.budget.models import BudgetLine
from hrp.logistics.settlement.services import closing
from hrp.platform.base import clock
from hrp.platform.documents.testing import DAY
from tests.materials.world import Hospital

NOON = clock.at(DAY, 12)


@pytest.fixture
def hospital(db: None) -> Iterator[Hospital]:
    """At noon of the tests' day, rolled back afterwards."""
    with clock.pinned(NOON):
        yield Hospital()


@pytest.fixture(scope="package")
def lived_in(
    django_db_setup: None, test_server: testing.TestServer, django_db_blocker: Any
) -> Iterator[Hospital]:
    """A database of its own as its owner, who may switch triggers off."""
    database = test_server.create("lived_in")
    with django_db_blocker.unblock():
        replace(database, app_url=database.owner_url).use()
        with clock.pinned(NOON):
            hospital = Hospital()
            live(hospital)
        yield hospital
        connections.close_all()
        test_server.session.use()
    test_server.drop(database.name)


@pytest.fixture
def lived(lived_in: Hospital, django_db_blocker: Any) -> Iterator[Hospital]:
    """The same hospital for every test, as it was."""
    testing.forget()
    with django_db_blocker.unblock(), clock.pinned(NOON), transaction.atomic():
        yield lived_in
        transaction.set_rollback(True)


def live(hospital: Hospital) -> None:
    """Two months with something in every table of materials."""
    by_batch, average, fifo, monthly = hospital.items
    unit = hospital.world.unit
    BudgetLine.objects.create(
        org_unit=unit, material_class_id=average.material_class_id, amount=Decimal(9000), control="soft",
        valid_from=DAY.replace(month=1, day=1), valid_to=DAY.replace(month=12, day=31),
    )  # fmt: skip
    for item in hospital.items:
        hospital.receive_lot(item, 10, "33.33", "A")
        hospital.receive_lot(item, 7, "25.00", "B")
    hospital.receive_lot(hospital.stent, 2, "1600.00", "C")
    hospital.bring_back(hospital.issue(by_batch, 4), Decimal("0.5"))
    hospital.issue(average, 3)
    hospital.undo(hospital.issue(fifo, 11))
    hospital.arrive(hospital.send_to(fifo, 6, 0, 1), Decimal("0.5"))
    hospital.invoice(hospital.receive_lot(by_batch, 3, "10.00", "C"), "10.50")
    hospital.freight(hospital.receive_lot(monthly, 5, "8.00", "D"), Decimal("1.23"))
    hospital.count_with(0, Decimal(-1))
    closing.close(actor=hospital.clerk, period=hospital.period)
    common = hospital.header
    hospital.header = lambda **more: common(**{"business_date": "2026-12-03", **more})  # type: ignore[method-assign]
    december = hospital.next_month()
    hospital.issue(average, 2)
    hospital.consign(3)
    used = hospital.use()
    assert used is not None
    hospital.book_use(used)
    closing.close(actor=hospital.clerk, period=december)
    assert hospital.broken() == []
