"""The demo's emergencies keep the promises that the demo's contract proofs check."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from hrp.operations.contracts.models import Contract
from hrp.operations.contracts.proofs import Span, Verdict, prove
from hrp.operations.desk import demo as desk_demo
from hrp.operations.desk.selectors import tickets
from hrp.operations.desk.tests import world as desk
from hrp.operations.duty.tests.world import DUTY, engineers
from hrp.operations.emergency import demo as emergency_demo
from hrp.operations.incidents import demo, selectors
from hrp.platform.access.models import User
from hrp.platform.access.tests import people
from hrp.platform.base import clock, health
from hrp.platform.org.tests import places

pytestmark = pytest.mark.django_db
BOTH = (
    "operations.plan.view", "operations.plan.sign", "operations.drill.view", "operations.drill.edit", "operations.drill.sign",
)  # fmt: skip


@pytest.mark.parametrize("day", [dt.date(2026, 11, 23), dt.date(2026, 2, 27)])
def test_the_demos_emergencies_are_proven(day: dt.date) -> None:
    engineers()
    users: dict[str, User] = {
        demo.AGENT: people.person(*{*desk.SUPPLIER, *DUTY}, "operations.duty.edit", name="孙浩"),
        demo.ENGINEER: people.person(*{*desk.SUPPLIER, *DUTY, *BOTH}, "operations.plan.edit", name="周毅"),
        demo.COUNTERPART: people.person(*desk.HOSPITAL, *BOTH, "operations.plan.request", name="吴磊"),
    }
    campus = places.campus()
    units = [places.unit("设备科库房", at=campus), places.unit("财务科", at=campus)]
    with clock.pinned(clock.at(day, 15)):
        desk_demo.seed(random.Random(7), users, units, day, months=2, per_month=3)
        contract = Contract.objects.get()
        emergency_demo.seed(users, contract, day)
        lived = demo.seed(users, contract, units, day)
        span = Span(contract, dt.date(day.year, 1, 1), day, clock.now())
        found = {code: prove(code, span).verdict for code in ("AC-06", "AC-08", "AC-09")}
        actions = selectors.actions(tickets(users[demo.COUNTERPART]))
        standing = {(one.done is not None, one.overdue) for one in actions}
    assert [ticket.state for ticket in lived] == ["closed", "closed"]
    assert found["AC-08"] is Verdict.MET
    assert found["AC-09"] is Verdict.MET
    assert found["AC-06"] in (Verdict.MET, Verdict.NOT_APPLICABLE)
    assert {(False, False), (True, False)} <= standing, "one action still open in time, others done"
    assert [one.id for one in health.run("operations") if one.state != "ok"] == []
