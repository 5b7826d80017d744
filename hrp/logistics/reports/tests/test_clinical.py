"""High-value goods at the patient: charged or not, by illness and by doctor; what a stocktake found."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from decimal import Decimal

import pytest

from hrp.logistics.counting.tests.world import Counted
from hrp.logistics.highvalue.models import UseCharge
from hrp.logistics.highvalue.services import using
from hrp.logistics.highvalue.tests.world import Theatre
from hrp.logistics.reports.tests.test_control import SPAN, reader
from hrp.logistics.reports.tests.test_reports import ask
from hrp.platform.base import clock
from hrp.platform.documents.testing import DAY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.pinned(clock.at(DAY, 12)):
        yield


def test_what_was_used_and_not_charged_is_listed_until_it_is() -> None:
    """Two stents at 798.00 used; one is charged, so one of 798.00 is left to be charged."""
    theatre = Theatre()
    first, second, _ = theatre.consign(3)
    charged = theatre.use(first)
    theatre.use(second)
    UseCharge.objects.filter(use=charged).update(state="charged", charge_no="C-1")
    [row] = ask("logistics.not_charged", reader(theatre.world), **SPAN).rows
    assert (row["uid"], row["amount"], row["state"]) == (second.uid, Decimal(798), "待收费")


def test_an_illness_and_a_doctor_have_what_was_used_for_them() -> None:
    """One visit of Dr Chen with two stents, one of Dr Li with one: 1,596.00 and 798.00; a use taken back counts for nobody."""
    theatre = Theatre()
    units = theatre.consign(4)
    chen = dataclasses.replace(theatre.visit("ZY1"), diagnosis="急性心肌梗死")
    li = dataclasses.replace(theatre.visit("ZY2", operator="李医生"), diagnosis="急性心肌梗死")
    for unit in units[:2]:
        theatre.use(unit, chen)
    theatre.use(units[2], li)
    mistaken = theatre.use(units[3], li)
    using.cancel(actor=theatre.nurse, use=mistaken, reason="扫错")
    actor = reader(theatre.world)
    [illness] = ask("logistics.by_diagnosis", actor, **SPAN).rows
    assert (illness["diagnosis"], illness["cases"], illness["pieces"], illness["amount"]) == (
        "急性心肌梗死",
        2,
        3,
        2394,
    )
    assert illness["mean"] == 1197
    doctors = ask("logistics.by_operator", actor, **SPAN).rows
    assert [(row["operator"], row["amount"], row["cases"]) for row in doctors] == [
        ("陈医生", 1596, 1),
        ("李医生", 798, 1),
    ]


def test_a_stocktake_s_differences_are_what_was_posted() -> None:
    """Ten at 10.00 in the books, eight on the shelf: 20.00 missing."""
    counted = Counted()
    item = counted.items[0]
    counted.receive(item, 10, "100.00")
    task = counted.plan()
    counted.count(task, item, 8)
    counted.book(counted.conclude(task))
    [row] = ask("logistics.count_differences", reader(counted.world), **SPAN).rows
    assert (row["book"], row["counted"], row["difference"], row["short"], row["over"]) == (10, 8, -2, 20, 0)
    assert row["why"] == "收发差错"
