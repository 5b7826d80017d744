"""Maintenance over its calendar, quality control and its tag, certificates and their end."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from hrp.assets.equipment.models import (
    CarePlan,
    Instrument,
    RepairOrder,
    RiskScore,
    StopTag,
    Task,
    TaskResult,
)
from hrp.assets.equipment.selectors import kpis
from hrp.assets.equipment.selectors import metrology as standings
from hrp.assets.equipment.services import care, metrology, reminders, tags
from hrp.assets.equipment.tests.world import NOON, Workshop
from hrp.assets.tests.world import broken
from hrp.platform.access.services.machines import system_actor
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid
from hrp.platform.documents.testing import DAY
from hrp.platform.notify.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Workshop:
    return Workshop()


def test_a_plan_fills_a_year_and_is_not_filled_twice(shop: Workshop) -> None:
    shop.task("pm", due=DAY.replace(day=30))
    days = list(Task.objects.values_list("planned_on", flat=True))
    assert days == [dt.date(2026, 11, 30), dt.date(2027, 2, 28), dt.date(2027, 5, 30), dt.date(2027, 8, 30)]
    with clock.pinned(NOON):
        assert care.generate(actor=shop.engineer) == 0


def test_every_point_is_answered_and_limits_decide(shop: Workshop) -> None:
    task = shop.task("pm")
    first, second = task.template.items.all()
    with clock.pinned(NOON):
        with pytest.raises(Invalid) as refused:
            care.complete(actor=shop.engineer, task=task, found={second.pk: care.Found()})
        assert [(p.field, p.message) for p in refused.value.problems] == [
            (f"item-{first.pk}", "请填写“潮气量误差”（-15～15 %）")
        ]
        done = care.complete(
            actor=shop.engineer, task=task, found=shop.answers(task, "15"), hours=Decimal("1.5")
        )
        assert (done.state, done.done_on) == ("passed", DAY)
        with pytest.raises(Conflict):
            care.complete(actor=shop.engineer, task=task, found=shop.answers(task))
    assert not RepairOrder.objects.exists()
    assert broken() == {}
    with pytest.raises(DatabaseError, match="已完成"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE assets_care_task SET state = 'failed' WHERE id = %s", [task.pk])
    with pytest.raises(IntegrityError), transaction.atomic():
        other = Task.objects.exclude(pk=task.pk).first()
        TaskResult.objects.create(
            task=other, item=first, value=Decimal(16), low=Decimal(-15), high=Decimal(15), passed=True
        )


def test_a_task_is_put_off_with_a_reason_and_counts_by_its_first_day(shop: Workshop) -> None:
    task = shop.task("pm", due=DAY)
    with clock.pinned(NOON):
        for to_day, reason in ((DAY, "设备占用"), (DAY + dt.timedelta(days=3), " ")):
            with pytest.raises(Invalid):
                care.postpone(actor=shop.engineer, task=task, to_day=to_day, reason=reason)
        with pytest.raises(Forbidden):
            care.postpone(actor=shop.nurse, task=task, to_day=DAY + dt.timedelta(days=3), reason="设备占用")
        task = care.postpone(
            actor=shop.engineer, task=task, to_day=DAY + dt.timedelta(days=3), reason="设备占用"
        )
    with clock.pinned(NOON + dt.timedelta(days=2)):
        care.complete(actor=shop.engineer, task=task, found=shop.answers(task))
    [row] = kpis.completion(first=DAY, last=DAY + dt.timedelta(days=30), units=None, grace=0)
    assert (row["due"], row["done"], row["in_time"], row["rate"], row["allowed"]) == (1, 1, 0, 0, 1)
    assert row["postponed"] == 1


@pytest.mark.parametrize("kind", ["qc", "safety"])
def test_a_failed_test_stops_the_machine(shop: Workshop, kind: str) -> None:
    before = shop.status(shop.ventilator)
    task = shop.task(kind)
    with clock.pinned(NOON):
        care.complete(actor=shop.engineer, task=task, found=shop.answers(task, "3", alarm=False))
    tag = StopTag.objects.get()
    assert (tag.reason, tag.state, shop.status(shop.ventilator)) == ("control", "hung", "stopped")
    assert RepairOrder.objects.get().status_before == before
    assert broken() == {}
    with clock.pinned(NOON):
        tags.lift(actor=shop.engineer, tag=tag, why="复测合格")
    assert shop.status(shop.ventilator) == "repair"  # its repair is not over
    assert broken() == {}


def test_risk_counts_failures_and_proposes_how_often(shop: Workshop) -> None:
    shop.repaired(shop.monitor)
    with clock.pinned(NOON + dt.timedelta(hours=5)):
        row = care.judge(actor=shop.engineer, asset=shop.monitor, function=7, physical=4, need=4)
        assert (row.failures, row.score, care.proposed_months(row, DAY)) == (1, 16, 6)
        row = care.judge(actor=shop.engineer, asset=shop.monitor, function=3, physical=2, need=2)
        assert (row.score, care.proposed_months(row, DAY)) == (8, None)
        with pytest.raises(Invalid):
            care.judge(actor=shop.engineer, asset=shop.monitor, function=11, physical=1, need=1)
    assert RiskScore.objects.count() == 1


def test_an_overdue_certificate_proposes_to_stop_once(shop: Workshop) -> None:
    row = Instrument.objects.create(
        asset=shop.monitor, first_due=DAY - dt.timedelta(days=1), organisation="市计量院"
    )
    machine = system_actor("equipment")
    with clock.pinned(NOON):
        assert metrology.propose_overdue(actor=machine, on=DAY) == 1
        assert metrology.propose_overdue(actor=machine, on=DAY) == 0
    tag = StopTag.objects.get()
    assert (tag.state, tag.reason) == ("proposed", "metrology")
    assert "超期 1 天" in tag.text
    assert shop.status(shop.monitor) != "stopped"
    with clock.pinned(NOON):
        tags.follow(actor=shop.engineer, tag=tag)
        assert shop.status(shop.monitor) == "stopped"
        with pytest.raises(Invalid) as refused:
            metrology.certify(
                actor=shop.engineer,
                instrument=row,
                number="",
                organisation="",
                tested_on=DAY + dt.timedelta(days=1),
                result="passed",
                valid_to=None,
            )
        assert {p.field for p in refused.value.problems} == {"number", "tested_on", "valid_to"}
        metrology.certify(
            actor=shop.engineer,
            instrument=row,
            number="J-1",
            organisation="",
            tested_on=DAY,
            result="passed",
            valid_to=DAY.replace(year=2027),
        )
    [standing] = standings.standing(on=DAY)
    assert (standing.state(DAY), standing.due_on) == ("有效", dt.date(2027, 11, 10))
    assert standing.state(dt.date(2027, 11, 11)) == "超期"
    assert broken() == {}


def test_a_failed_certificate_proposes_to_stop(shop: Workshop) -> None:
    row = Instrument.objects.create(asset=shop.monitor, first_due=DAY, organisation="市计量院")
    with clock.pinned(NOON):
        failed = metrology.certify(
            actor=shop.engineer, instrument=row, number="J-2", organisation="", tested_on=DAY, result="failed", valid_to=None
        )  # fmt: skip
    assert (failed.valid_to, failed.organisation) == (None, "市计量院")
    assert StopTag.objects.get(state="proposed").reason == "certificate"
    [standing] = standings.standing(on=DAY)
    assert standing.state(DAY) == "不合格"
    assert broken() == {}


def test_the_morning_says_each_thing_once(shop: Workshop) -> None:
    machine = system_actor("equipment")
    CarePlan.objects.create(asset=shop.ventilator, template=shop.template("pm"), days=7, first_due=DAY)
    Instrument.objects.create(asset=shop.monitor, first_due=DAY + dt.timedelta(days=30))
    with clock.pinned(NOON):
        for _ in range(2):
            reminders.every_morning(actor=machine, on=DAY)
    titles = list(Message.objects.filter(recipient=shop.engineer).values_list("title", flat=True))
    assert sorted(title.split("：")[0] for title in titles) == [
        "维护任务 2 项到期",
        "计量将于 2026-12-10 到期",
    ]


def test_late_repairs_are_said_once(shop: Workshop) -> None:
    shop.report(priority="urgent")
    with clock.pinned(NOON + dt.timedelta(hours=25)):
        assert reminders.repairs_late() == 2
        reminders.repairs_late()
    late = Message.objects.filter(recipient=shop.engineer, title__startswith="报修超时")
    assert sorted(late.values_list("title", flat=True)) == [
        f"报修超时未{what}：{RepairOrder.objects.get()}" for what in ("修复", "响应")
    ]
