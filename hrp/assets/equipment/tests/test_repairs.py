"""A fault told from the bedside to the acceptance, and what is refused on the way."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from hrp.assets.equipment.models import RepairCost, RepairEvent, RepairOrder, StopTag
from hrp.assets.equipment.selectors import repairs as selectors
from hrp.assets.equipment.services import care, repair_files, repairs, tags
from hrp.assets.equipment.tests.world import NOON, Workshop
from hrp.assets.models import CardEvent
from hrp.assets.tests.world import broken
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound
from hrp.platform.notify.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Workshop:
    return Workshop()


def test_from_the_bedside_to_the_acceptance(shop: Workshop) -> None:
    shop.monitor.status = "in_use"
    shop.monitor.save(update_fields=["status"])
    order = shop.report(priority="urgent")
    assert (order.number[:2], order.state, shop.status(shop.monitor)) == ("WX", "reported", "repair")
    assert order.respond_by == NOON + dt.timedelta(minutes=30)
    assert Message.objects.filter(recipient=shop.engineer, title__startswith="紧急报修").exists()
    with clock.pinned(NOON + dt.timedelta(minutes=5)):
        order = repairs.dispatch(actor=shop.colleague, order=order, engineer=shop.engineer)
        with pytest.raises(Conflict, match="已派给 高工"):
            repairs.take(actor=shop.colleague, order=order)
        order = repairs.take(actor=shop.engineer, order=order)
    with clock.pinned(NOON + dt.timedelta(minutes=15)):
        order = repairs.arrive(actor=shop.engineer, order=order)
        order = repairs.wait(actor=shop.engineer, order=order, route="parts", text="等电源板")
        order = repairs.resume(actor=shop.engineer, order=order)
        repair_files.charge(
            actor=shop.engineer, order=order, kind="part", name="电源板", quantity=Decimal(1), amount=Decimal("860.00"), reference="CK-1"
        )  # fmt: skip
    with clock.pinned(NOON + dt.timedelta(hours=3)):
        order = repairs.fix(actor=shop.engineer, order=order, cause="part", action="更换电源板")
    assert (order.state, shop.status(shop.monitor)) == ("to_accept", "repair")
    with clock.pinned(NOON + dt.timedelta(hours=4)):
        with pytest.raises(Forbidden, match="不能验收自己修的设备"):
            repairs.accept(actor=shop.engineer, order=order)
        order = repairs.accept(actor=shop.nurse, order=order, rating=5)
    assert (order.state, order.rating, shop.status(shop.monitor)) == ("accepted", 5, "in_use")
    assert order.closed_at == NOON + dt.timedelta(hours=4)
    acts = list(RepairEvent.objects.filter(order=order).values_list("act", flat=True))
    assert acts == ["report", "dispatch", "take", "arrive", "wait", "resume", "fix", "accept", "rate"]
    kinds = list(
        CardEvent.objects.filter(asset=shop.monitor, source=f"assets.repair:{order.pk}").values_list(
            "after", flat=True
        )
    )
    assert [after["status"] for after in kinds] == ["repair", "in_use"]
    assert broken() == {}


def test_a_second_report_names_the_first(shop: Workshop) -> None:
    order = shop.report()
    with pytest.raises(Conflict, match=order.number) as refused:
        shop.report()
    assert refused.value.code == "already_reported"


def test_what_is_missing_from_a_report_is_named(shop: Workshop) -> None:
    with clock.pinned(NOON), pytest.raises(Invalid) as refused:
        repairs.report(
            actor=shop.nurse,
            asset=shop.monitor,
            fault=" ",
            priority="soon",
            fault_at=NOON + dt.timedelta(hours=1),
        )
    assert {problem.field for problem in refused.value.problems} == {"fault", "priority", "fault_at"}
    assert not RepairOrder.objects.exists()


def test_other_departments_report_only_what_they_use(shop: Workshop) -> None:
    with clock.pinned(NOON), pytest.raises(NotFound):
        repairs.report(actor=shop.stranger, asset=shop.monitor, fault="坏了")
    order = shop.report()
    with clock.pinned(NOON), pytest.raises(NotFound):
        repairs.cancel(actor=shop.stranger, order=order, text="误报")


def test_each_act_only_in_its_state(shop: Workshop) -> None:
    order = shop.report()
    with clock.pinned(NOON):
        for verb in (repairs.arrive, repairs.resume):
            with pytest.raises(Conflict) as refused:
                verb(actor=shop.engineer, order=order)
            assert refused.value.code == "wrong_state"
        with pytest.raises(Forbidden):
            repairs.take(actor=shop.nurse, order=order)
        with pytest.raises(Invalid, match="撤销的原因"):
            repairs.cancel(actor=shop.nurse, order=order, text="")
        order = repairs.cancel(actor=shop.nurse, order=order, text="插头松了")
    assert (order.state, shop.status(shop.monitor)) == ("cancelled", order.status_before)
    assert broken() == {}


def test_life_support_is_checked_before_it_is_accepted(shop: Workshop) -> None:
    order = shop.fixed(shop.ventilator)
    assert (order.check_first, order.state) == (True, "to_check")
    with clock.pinned(NOON + dt.timedelta(hours=3)):
        with pytest.raises(Conflict, match="待检测"):
            repairs.accept(actor=shop.nurse, order=order)
        order = repairs.check(actor=shop.colleague, order=order, passed=False, text="潮气量误差 22 %")
        assert (order.state, order.fixed_at) == ("working", None)
        order = repairs.fix(actor=shop.engineer, order=order, cause="part", action="更换流量传感器")
        order = repairs.check(actor=shop.colleague, order=order, passed=True, text="潮气量误差 3 %，报警正常")
        order = repairs.reject(actor=shop.nurse, order=order, text="管路还漏气")
        order = repairs.fix(actor=shop.engineer, order=order, cause="wear", action="更换管路")
        order = repairs.check(actor=shop.colleague, order=order, passed=True, text="合格")
        order = repairs.accept(actor=shop.nurse, order=order)
    assert order.state == "accepted"
    assert broken() == {}


def test_a_machine_that_still_works_stays_in_use(shop: Workshop) -> None:
    before = shop.status(shop.monitor)
    order = shop.report(is_down=False)
    assert shop.status(shop.monitor) == before
    with clock.pinned(NOON):
        repairs.cancel(actor=shop.nurse, order=order, text="好了")
    assert shop.status(shop.monitor) == before


def test_what_cannot_be_repaired_is_stopped_until_somebody_lifts_the_tag(shop: Workshop) -> None:
    before = shop.status(shop.monitor)
    order = shop.working()
    with clock.pinned(NOON + dt.timedelta(hours=1)):
        order = repairs.stop(actor=shop.engineer, order=order, text="主板停产，无法修复")
    assert (order.state, shop.status(shop.monitor)) == ("stopped", "stopped")
    tag = StopTag.objects.get(asset=shop.monitor)
    assert (tag.reason, tag.status_before) == ("repair", before)
    with clock.pinned(NOON + dt.timedelta(hours=2)):
        with pytest.raises(Invalid):
            tags.lift(actor=shop.engineer, tag=tag, why=" ")
        tags.lift(actor=shop.engineer, tag=tag, why="购得旧主板，检测合格")
    assert shop.status(shop.monitor) == before
    assert broken() == {}


def test_repair_and_tag_together_give_the_card_back_only_when_both_are_over(shop: Workshop) -> None:
    before = shop.status(shop.monitor)
    order = shop.working()
    with clock.pinned(NOON):
        tag = tags.stop(actor=shop.engineer, asset=shop.monitor, text="漏电")
        assert shop.status(shop.monitor) == "stopped"
        order = repairs.fix(actor=shop.engineer, order=order, cause="power", action="更换电源线")
        repairs.accept(actor=shop.nurse, order=order)
        assert shop.status(shop.monitor) == "stopped"
        tags.lift(actor=shop.engineer, tag=tag, why="电气安全合格")
    assert shop.status(shop.monitor) == before
    assert broken() == {}


def test_money_against_net_value_and_what_belongs_to_the_cost(shop: Workshop) -> None:
    order = shop.fixed(adds_capability=True)
    with clock.pinned(NOON + dt.timedelta(hours=2)):
        found = selectors.worth_of(order)
        assert (found.words, found.capital, found.scrap) == ("", False, False)
        charge = {"actor": shop.engineer, "order": order, "quantity": Decimal(1)}
        with pytest.raises(Invalid, match="费用没有填完整"):
            repair_files.charge(kind="part", name="探头", amount=Decimal(10), **charge)
        repair_files.charge(kind="vendor", name="上门服务", amount=Decimal("3500.00"), **charge)
        found = selectors.worth_of(order)
        assert (found.net, found.share, found.scrap, found.capital) == (
            Decimal(6000),
            Decimal("58.33"),
            True,
            True,
        )
        assert "建议做报废评估" in found.words
        assert "资产变动单" in found.words
        repair_files.charge(kind="vendor", name="冲回上门服务", amount=Decimal("-3500.00"), **charge)
        assert selectors.worth_of(order).cost == 0


def test_the_database_keeps_what_happened(shop: Workshop) -> None:
    order = shop.working()
    RepairCost.objects.create(
        order=order, kind="other", name="车费", amount=Decimal(20), actor=shop.engineer, at=NOON
    )
    wrong = (
        "UPDATE assets_repair SET state = 'accepted'", "UPDATE assets_repair SET fault_at = fault_at - interval '1 day'",
        "DELETE FROM assets_repair", "DELETE FROM assets_repair_act", "UPDATE assets_repair_cost SET amount = 0",
    )  # fmt: skip
    for statement in wrong:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with pytest.raises(DatabaseError, match="已不在"), transaction.atomic():
        RepairEvent.objects.create(
            order=order, act="accept", from_state="to_accept", to_state="accepted", actor=shop.nurse, at=NOON
        )


def test_care_that_fails_opens_a_repair(shop: Workshop) -> None:
    task = shop.task("pm")
    with clock.pinned(NOON):
        care.complete(actor=shop.engineer, task=task, found=shop.answers(task, "18"))
    order = RepairOrder.objects.get(asset=shop.ventilator)
    assert "潮气量误差 18（-15～15 %）" in order.fault
    assert order.origin == f"assets.task:{task.pk}"
    assert not StopTag.objects.exists()
    assert broken() == {}
