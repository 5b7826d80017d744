"""Adverse events and their days, notices that find their cards, life support looked at and lent."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from hrp.assets import sightings
from hrp.assets.equipment.models import AffectedCard, DeviceEvent, RepairOrder, StopTag
from hrp.assets.equipment.selectors import readiness as boards
from hrp.assets.equipment.services import care, readiness, reminders, repairs, safety
from hrp.assets.equipment.tests.world import NOON, Workshop
from hrp.assets.models import Asset
from hrp.assets.tests.world import broken
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid
from hrp.platform.documents.testing import DAY
from hrp.platform.notify.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Workshop:
    return Workshop()


def event(shop: Workshop, severity: str = "serious", **more: Any) -> DeviceEvent:
    values = {
        "asset": shop.monitor.pk, "org_unit": shop.world.unit.pk, "severity": severity, "occurred_on": str(DAY), "known_on": str(DAY),
        "event": "漏电灼伤", **more,
    }  # fmt: skip
    with clock.pinned(NOON):
        return safety.record(actor=shop.nurse, pk=None, values=values)


@pytest.mark.parametrize(("severity", "days"), [("death", 7), ("serious", 20), ("other", 30), ("group", 0)])
def test_how_bad_decides_until_when(shop: Workshop, severity: str, days: int) -> None:
    assert event(shop, severity).due_on == DAY + dt.timedelta(days=days)
    assert Message.objects.filter(recipient=shop.engineer, title__startswith="设备不良事件").exists()


def test_an_event_is_whole_and_reported_once(shop: Workshop) -> None:
    with pytest.raises(Invalid) as refused:
        event(shop, known_on=str(DAY - dt.timedelta(days=1)))
    assert [p.field for p in refused.value.problems] == ["known_on"]
    with pytest.raises(Invalid):
        event(shop, event="")
    row = event(shop)
    with clock.pinned(NOON):
        with pytest.raises(Invalid):
            safety.report(
                actor=shop.engineer, event=row, reported_on=DAY + dt.timedelta(days=1), report_no="1"
            )
        safety.report(actor=shop.engineer, event=row, reported_on=DAY, report_no="2026-1")
        with pytest.raises(Conflict):
            safety.report(actor=shop.engineer, event=row, reported_on=DAY, report_no="2026-2")
        assert reminders.events_due(on=DAY) == 0


def test_an_unreported_event_is_said_every_day(shop: Workshop) -> None:
    event(shop, "death")
    with clock.pinned(NOON):
        for day in (DAY, DAY, DAY + dt.timedelta(days=8)):
            reminders.events_due(on=day)
    titles = Message.objects.filter(recipient=shop.engineer, title__startswith="不良事件待上报").values_list(
        "title", flat=True
    )
    assert ["还有 7 天" in title for title in sorted(titles)].count(True) == 1
    assert any("已超期 1 天" in title for title in titles)


def test_every_machine_of_the_model_is_stopped(shop: Workshop) -> None:
    row = event(shop)
    with clock.pinned(NOON):
        with pytest.raises(Forbidden):
            safety.freeze(actor=shop.nurse, event=row, same_model=True)
        assert safety.freeze(actor=shop.engineer, event=row, same_model=True) == 2
    assert (shop.status(shop.monitor), shop.status(shop.second)) == ("stopped", "stopped")
    assert shop.status(shop.ventilator) != "stopped"
    assert broken() == {}


def test_a_notice_finds_its_cards_by_model_and_serial(shop: Workshop) -> None:
    values = {
        "number": "ZH-1", "kind": "recall", "level": "2", "title": "电池鼓胀", "issuer": "安平医疗", "issued_on": str(DAY), "model": "XP-12",
        "serial_from": "P015", "action": "停用并更换电池",
    }  # fmt: skip
    with clock.pinned(NOON):
        with pytest.raises(Invalid, match="召回与安全通知"):
            safety.enter(actor=shop.engineer, pk=None, values=values | {"model": "", "number": "ZH-0"})
        row = safety.enter(actor=shop.engineer, pk=None, values=values)
        card = AffectedCard.objects.get(notice=row)
        assert card.asset == shop.second
        assert Message.objects.filter(recipient=shop.nurse, title="召回：电池鼓胀").exists()
        safety.stop(actor=shop.engineer, card=card)
        with pytest.raises(Invalid):
            safety.handle(actor=shop.nurse, card=card, result="")
        safety.handle(actor=shop.nurse, card=card, result="已更换电池")
        with pytest.raises(Conflict, match="林护士"):
            safety.handle(actor=shop.engineer, card=card, result="又一次")
    assert StopTag.objects.get().reason == "recall"


def test_life_support_is_ready_when_it_was_looked_at(shop: Workshop) -> None:
    with clock.pinned(NOON):
        assert boards.rate(boards.board(on=DAY), on=DAY).ready == 0
        readiness.check(actor=shop.nurse, asset=shop.ventilator, usable=True)
        found = boards.rate(boards.board(on=DAY), on=DAY)
        assert (found.total, found.checked, found.ready, found.rate) == (1, 1, 1, 1)
        with pytest.raises(Invalid):
            readiness.check(actor=shop.nurse, asset=shop.ventilator, usable=False)
        readiness.check(actor=shop.nurse, asset=shop.ventilator, usable=False, note="氧电池报警")
        assert boards.rate(boards.board(on=DAY), on=DAY).ready == 0
        order = RepairOrder.objects.get()
        assert (order.fault, shop.status(shop.ventilator)) == ("完好检查：氧电池报警", "repair")
        with pytest.raises(Conflict, match="不是急救生命支持设备"):
            readiness.check(actor=shop.nurse, asset=shop.monitor, usable=True)
    tomorrow = DAY + dt.timedelta(days=1)
    with clock.pinned(NOON + dt.timedelta(days=1)):
        assert [row.ready for row in boards.rates(first=DAY, last=tomorrow)] == [0, 0]
        assert reminders.not_checked(on=tomorrow) == 0
        assert reminders.not_checked(on=tomorrow + dt.timedelta(days=1)) == 1


def test_a_pool_machine_is_lent_and_breaks_with_its_borrower(shop: Workshop) -> None:
    with clock.pinned(NOON):
        with pytest.raises(Invalid):
            readiness.lend(actor=shop.engineer, asset=shop.ventilator, unit=shop.world.unit)
        loan = readiness.lend(
            actor=shop.engineer, asset=shop.ventilator, unit=shop.world.other, reason="抢救"
        )
        assert shop.status(shop.ventilator) == "lent"
        with pytest.raises(Conflict, match="已借给"):
            readiness.lend(actor=shop.engineer, asset=shop.ventilator, unit=shop.world.other)
        stranger = shop.world.user(
            "borrower", "借用护士", repairs.REPORT, repairs.VIEW, unit=shop.world.other
        )
        order = repairs.report(actor=stranger, asset=shop.ventilator, fault="报警")
        assert order.org_unit == shop.world.other
        readiness.take_back(actor=shop.engineer, loan=loan)
        assert shop.status(shop.ventilator) == "repair"
        with pytest.raises(Conflict, match="维修"):
            readiness.lend(actor=shop.engineer, asset=shop.ventilator, unit=shop.world.other)
        repairs.cancel(actor=stranger, order=order, text="误报")
    assert shop.status(shop.ventilator) == "in_use"  # not 外借 again
    assert broken() == {}


def test_a_loan_gives_back_the_status_it_took_and_stands_in_the_way(shop: Workshop) -> None:
    hospital = shop.hospital
    with clock.pinned(NOON):
        Asset.objects.filter(pk=shop.ventilator.pk).update(status="idle")
        loan = readiness.lend(actor=shop.engineer, asset=shop.ventilator, unit=shop.world.other)
        for leave in (
            lambda: hospital.write_off(shop.ventilator, DAY),
            lambda: hospital.transfer(shop.ventilator, DAY, {shop.world.other: "100"}),
        ):
            with pytest.raises(Invalid) as refused:
                leave()
            assert "借给 骨科 未还" in refused.value.problems[0].message
        readiness.take_back(actor=shop.engineer, loan=loan)
        assert shop.status(shop.ventilator) == "idle"
        # 外借 without a loan of ours is let outside, and not ours to lend
        Asset.objects.filter(pk=shop.ventilator.pk).update(status="lent")
        with pytest.raises(Conflict, match="现为“外借”"):
            readiness.lend(actor=shop.engineer, asset=shop.ventilator, unit=shop.world.other)


def test_a_loan_whose_card_says_otherwise_is_found(shop: Workshop) -> None:
    with clock.pinned(NOON):
        readiness.lend(actor=shop.engineer, asset=shop.ventilator, unit=shop.world.other)
        assert broken() == {}
        Asset.objects.filter(pk=shop.ventilator.pk).update(status="in_use")
        assert set(broken()) == {"AST-E7"}


def test_repairs_and_care_say_where_a_machine_was_last_seen(shop: Workshop) -> None:
    task = shop.task()
    with clock.pinned(NOON):
        shop.report()
        order = RepairOrder.objects.get()
        assert "上次维护检测" not in dict(sightings.hints([shop.ventilator.pk]).get(shop.ventilator.pk, []))
        care.complete(actor=shop.engineer, task=task, found=shop.answers(task))
    repaired = dict(sightings.hints([order.asset_id])[order.asset_id])["上次报修"]
    assert (repaired.on, repaired.text) == (DAY, f"心内科 {order.reporter} 报修 {order.number} {order.fault}")
    maintained = dict(sightings.hints([shop.ventilator.pk])[shop.ventilator.pk])["上次维护检测"]
    assert maintained.on == DAY
    assert maintained.text == f"心内科 {task.template} {shop.engineer}"
