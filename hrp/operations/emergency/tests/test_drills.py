"""Drills: complete before they are signed, unchangeable after."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from hrp.operations.desk.tests.world import World
from hrp.operations.emergency.models import Drill, DrillEntry, DrillFinding
from hrp.operations.emergency.services import drills
from hrp.operations.emergency.tests import stage
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid

pytestmark = pytest.mark.django_db
MARCH = clock.at(dt.date(2026, 3, 10), 14)


@pytest.fixture
def world() -> World:
    return stage.make()


def test_a_drill_needs_a_plan_in_force(world: World) -> None:
    stage.draft(world)
    with clock.pinned(MARCH), pytest.raises(Conflict, match="没有生效的应急预案"):
        drills.plan_drill(
            actor=world.engineer,
            scenario="db_down",
            planned_on=MARCH.date(),
            place="机房",
            situation="断电",
            goal="恢复",
        )


def test_the_report_is_signed_complete_or_not_at_all(world: World) -> None:
    stage.in_force(world)
    with clock.pinned(MARCH):
        drill = drills.plan_drill(
            actor=world.engineer,
            scenario="db_down",
            planned_on=MARCH.date(),
            place="机房",
            situation="断电",
            goal="恢复",
        )
        with pytest.raises(Conflict) as refused:
            drills.sign(actor=world.engineer, drill=drill)
    assert all(word in refused.value.reason for word in ("甲方人员", "乙方人员", "演练经过", "演练结果"))


def test_signed_by_both_nothing_is_added_any_more(world: World) -> None:
    stage.in_force(world)
    drill = stage.held_drill(world, began=MARCH)
    finding = drills.add_finding(
        actor=world.head, drill=drill, what="补发领料单", owner="李主管", due_on=dt.date(2026, 4, 1)
    )
    drills.sign(actor=world.engineer, drill=drill)
    with pytest.raises(Conflict, match="已签署"):
        drills.add_event(actor=world.engineer, drill=drill, text="补一条")
    with pytest.raises(DatabaseError, match="已签署"), transaction.atomic():
        DrillEntry.objects.create(
            drill=drill, at=MARCH, text="绕过", recorded_by=world.engineer, recorded_at=clock.now()
        )
    with pytest.raises(DatabaseError, match="已签署"), transaction.atomic():
        Drill.objects.filter(pk=drill.pk).update(result="failed")
    signed = drills.sign(actor=world.head, drill=drill)
    assert signed.is_signed
    drills.finish_finding(actor=world.head, finding=finding, evidence="已配发")
    with pytest.raises(Conflict, match="已登记完成"):
        drills.finish_finding(actor=world.head, finding=finding, evidence="再次")


def test_a_stranger_to_the_contract_takes_no_part(world: World) -> None:
    stage.in_force(world)
    drill = stage.held_drill(world, began=MARCH)
    with pytest.raises(Forbidden):
        drills.add_event(actor=world.clerk, drill=drill, text="路过")


@pytest.mark.parametrize(("began", "ended"), [(0, 0), (60, 30), (0, 60 * 24 * 400)])
def test_times_of_a_drill_make_sense(world: World, began: int, ended: int) -> None:
    stage.in_force(world)
    drill = stage.held_drill(world, began=MARCH)
    with clock.pinned(MARCH + dt.timedelta(days=1)), pytest.raises(Invalid):
        drills.conclude(
            actor=world.head, drill=drill, began_at=MARCH + dt.timedelta(minutes=began),
            ended_at=MARCH + dt.timedelta(minutes=ended), result="passed", summary="好",
        )  # fmt: skip


def test_a_drill_lives_on_its_declared_pages(world: World) -> None:
    stage.in_force(world)
    client = Client()
    client.force_login(world.engineer)
    answer = client.post(
        reverse("operations.drill.page_act", args=["arrange"]),
        {
            "act": "arrange",
            "scenario": "db_down",
            "planned_on": "2026-11-01",
            "place": "机房",
            "goal": "恢复",
            "situation": "断电",
        },
    )
    drill = Drill.objects.get()
    assert answer["Location"] == f"/operations/drills/{drill.pk}"
    base = f"/operations/drills/{drill.pk}"
    client.post(f"{base}/panels/participants", {"side": "supplier", "name": "张工", "duty": "指挥"})
    client.post(f"{base}/panels/participants", {"side": "hospital", "name": "李主管", "duty": "协调"})
    client.post(f"{base}/panels/events", {"text": "断电", "when": "2026-03-10 14:00"})
    client.post(f"{base}/panels/findings", {"what": "改脚本", "owner": "张工", "due_on": "2026-12-01"})
    result = {
        "act": "conclude",
        "began": "2026-03-10 14:00",
        "ended": "2026-03-10 15:00",
        "outcome": "passed",
        "summary": "好",
    }
    client.post(f"{base}/act/conclude", result)
    client.post(f"{base}/act/sign", {"act": "sign"})
    drill.refresh_from_db()
    assert (drill.result, drill.supplier_signer) == ("passed", world.engineer)
    assert DrillFinding.objects.get().what == "改脚本"
    assert "断电" in client.get(base).content.decode()
    assert client.get(reverse("operations.drill.pdf", args=[drill.pk])).content.startswith(b"%PDF-")
