"""Vials in use, variance by instrument, back-flush, and two people at the hazardous cabinet."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.models import Batch, Item, Store
from hrp.logistics.sterile.models import (
    ColdPlace,
    ColdReading,
    HazardEntry,
    LisCount,
    ReagentLog,
    ReagentNorm,
)
from hrp.logistics.sterile.services import cold, flushing, hazards, reagents
from hrp.logistics.tests.test_documents import Stockroom
from hrp.platform.base import clock, health
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid
from hrp.platform.documents import posting, services
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY, World
from hrp.platform.notify.models import Message

pytestmark = pytest.mark.django_db
RIGHTS = (
    "logistics.reagent.work", "logistics.reagent.view", "logistics.reagent.edit", "logistics.hazard.work", "logistics.hazard.view",
    "logistics.cold.view", "logistics.cold.work", "logistics.cold.edit",
    *(f"logistics.{kind}.{act}" for kind in ("stock_receipt", "stock_issue") for act in ACTS),
)  # fmt: skip
NOON = clock.at(DAY, 12)


class Lab:
    def __init__(self) -> None:
        self.world = World()
        self.room = Stockroom(self.world)
        self.clerk = self.world.user("clerk", "检验员甲", *RIGHTS)
        self.second = self.world.user("second", "检验员乙", *RIGHTS)
        goods = self.room.gauze.material_class
        self.kit = Item.objects.create(
            code="SJ1", name="肌钙蛋白试剂盒", spec="100测试", unit="盒", kind="reagent", material_class=goods
        )
        self.acid = Item.objects.create(
            code="WH1", name="浓盐酸", unit="瓶", kind="hazardous", material_class=goods, hazard="precursor",
            lot_required=False, expiry_required=False,
        )  # fmt: skip
        self.norm = ReagentNorm.objects.create(
            instrument="E601",
            test_code="TNI",
            item=self.kit,
            store=self.room.store,
            per_test="1",
            tests_per_kit=100,
            open_days=28,
        )

    def batch(self, lot: str = "R1", expiry: str = "2027-12-31") -> Batch:
        line = {"item": self.kit.pk, "lot": lot, "expiry": expiry, "quantity": "20", "price": "1850"}
        self.room.receive(self.clerk, line)
        return Batch.objects.get(lot=lot)

    def hazard(self, kind: str, quantity: str, **more: Any) -> HazardEntry:
        return hazards.enter_hazard(
            actor=self.clerk,
            store=self.room.store,
            item=self.acid,
            kind=kind,
            quantity=Decimal(quantity),
            **more,
        )


@pytest.fixture
def lab() -> Lab:
    return Lab()


def test_an_opened_vial_keeps_to_the_earlier_of_label_and_stability(lab: Lab) -> None:
    first, second = lab.batch(), lab.batch("R2", "2026-11-20")
    with clock.pinned(NOON):
        vial = reagents.open_vial(actor=lab.clerk, instrument="E601", batch=first)
        assert vial.in_use_expiry == DAY + dt.timedelta(days=28)
        changed = reagents.open_vial(actor=lab.clerk, instrument="E601", batch=second)
        assert changed.in_use_expiry == dt.date(2026, 11, 20)
        assert ReagentLog.objects.get().note == "R1 → R2"
        assert reagents.uncalibrated() == [changed]
        reagents.write_log(actor=lab.clerk, kind="calibration", instrument="E601", batch=second)
        assert reagents.uncalibrated() == []
    assert reagents.overdue(dt.date(2026, 11, 21)) == [changed]
    reagents.close_vial(actor=lab.clerk, vial=changed, closing="empty")
    with pytest.raises(Conflict):
        reagents.close_vial(actor=lab.clerk, vial=changed, closing="lost")
    with pytest.raises(Invalid, match="定额"):
        reagents.open_vial(actor=lab.clerk, instrument="X9", batch=first)
    Batch.objects.filter(pk=first.pk).update(hold="frozen")
    with pytest.raises(Conflict, match="冻结"):
        reagents.open_vial(actor=lab.clerk, instrument="E601", batch=Batch.objects.get(pk=first.pk))
    with clock.pinned(clock.at(dt.date(2026, 12, 1))), pytest.raises(Conflict, match="过期"):
        reagents.open_vial(actor=lab.clerk, instrument="E601", batch=second)


def test_variance_and_back_flush(lab: Lab) -> None:
    batch = lab.batch()
    for day, patients in ((1, 400), (2, 500)):
        LisCount.objects.create(
            instrument="E601",
            test_code="TNI",
            day=DAY.replace(day=day),
            patients=patients,
            controls=20,
            reruns=5,
        )
    with clock.pinned(clock.at(DAY.replace(day=1), 9)):
        for _ in range(10):
            reagents.open_vial(actor=lab.clerk, instrument="E601", batch=batch)
    first, last = DAY.replace(day=1), DAY
    [row] = reagents.variances(first, last)
    assert (row.variance.theoretical, row.variance.control, row.variance.rerun, row.variance.loss) == (
        900,
        40,
        10,
        50,
    )
    flush = {"store": lab.room.store, "org_unit_id": lab.world.unit.pk, "first": first, "last": last}
    made = flushing.back_flush(actor=lab.clerk, **flush)
    document = StockIssue.objects.get()
    assert made.source == document.source
    assert document.lines.get().quantity == Decimal("9.5000")
    with pytest.raises(Conflict) as twice:
        flushing.back_flush(actor=lab.clerk, **flush | {"first": last})
    assert twice.value.code == "flushed_twice"
    posted = posting.post(services.submit(document, actor=lab.clerk), actor=lab.clerk)
    assert posted.total == Decimal("17575.00")
    posting.reverse(posted, actor=lab.clerk, reason="重算", on=DAY)
    flushing.back_flush(actor=lab.clerk, **flush)
    with pytest.raises(Conflict):
        flushing.back_flush(
            actor=lab.clerk, **flush | {"first": dt.date(2026, 10, 1), "last": dt.date(2026, 10, 2)}
        )
    other = Store.objects.create(
        code="L2", name="急诊检验库", kind="second", campus=lab.world.campus, org_unit=lab.world.unit
    )
    with pytest.raises(Conflict) as elsewhere:
        flushing.back_flush(actor=lab.clerk, **flush | {"store": other})
    assert elsewhere.value.code == "nothing_to_flush", (
        "an instrument is served from one store and counted there"
    )


def test_counts_are_corrected_until_they_are_flushed(lab: Lab) -> None:
    lab.batch()
    first = DAY.replace(day=1)
    given = {
        "instrument": "E601",
        "test_code": "TNI",
        "day": str(first),
        "patients": "100",
        "controls": "",
        "reruns": "2",
    }
    row = reagents.save_count(actor=lab.clerk, pk=None, values=given)
    again = reagents.save_count(actor=lab.clerk, pk=None, values=given | {"patients": "90"})
    assert (again.pk, again.patients, again.controls) == (row.pk, 90, 0)
    for wrong in ({"patients": "-1"}, {"day": "昨天"}, {"instrument": " "}):
        with pytest.raises(Invalid):
            reagents.save_count(actor=lab.clerk, pk=None, values=given | wrong)
    flushing.back_flush(
        actor=lab.clerk, store=lab.room.store, org_unit_id=lab.world.unit.pk, first=first, last=first
    )
    for pk in (None, row.pk):
        with pytest.raises(Conflict) as flushed:
            reagents.save_count(actor=lab.clerk, pk=pk, values=given)
        assert flushed.value.code == "flushed"
    StockIssue.objects.update(state="void")
    reagents.save_count(actor=lab.clerk, pk=row.pk, values=given)


def test_a_cold_place_is_read_every_day_and_what_is_too_warm_is_dealt_with(lab: Lab) -> None:
    place = ColdPlace.objects.create(
        code="BX1", name="试剂冰箱", store=lab.room.store, lowest=Decimal(2), highest=Decimal(8)
    )
    with clock.pinned(NOON):
        assert cold.unread(DAY) == [place]
        assert cold.read(actor=lab.clerk, place=place, celsius=Decimal("4.5")).fits
        assert cold.unread(DAY) == []
        assert cold.unread(DAY + dt.timedelta(days=1)) == [place]
        with pytest.raises(Invalid) as warm:
            cold.read(actor=lab.clerk, place=place, celsius=Decimal("9.1"))
        assert warm.value.code == "out_of_range"
        cold.read(actor=lab.clerk, place=place, celsius=Decimal("9.1"), measure="试剂移入备用冰箱，报修")
    assert Message.objects.filter(title__contains="超温").count() == 2
    with pytest.raises(DatabaseError), transaction.atomic():
        ColdReading.objects.filter(fits=False).update(measure="")
    with pytest.raises(Forbidden):
        cold.read(actor=lab.world.user("x", "路人"), place=place, celsius=Decimal(5))


def test_two_people_and_a_balance_every_day(lab: Lab) -> None:
    came = lab.hazard("in", "10")
    assert hazards.hazard_balance(lab.room.store.pk, lab.acid.pk) == 0
    with pytest.raises(Forbidden):
        hazards.confirm_hazard(actor=lab.clerk, entry=came)
    assert hazards.confirm_hazard(actor=lab.second, entry=came).balance == 10
    with pytest.raises(Invalid) as why:
        lab.hazard("out", "3")
    assert [p.field for p in why.value.problems] == ["purpose"]
    hazards.confirm_hazard(actor=lab.second, entry=lab.hazard("out", "3", purpose="标本消化"))
    with pytest.raises(Conflict, match="结存只有 7"):
        hazards.confirm_hazard(actor=lab.second, entry=lab.hazard("out", "8", purpose="x"))
    with pytest.raises(Conflict) as differs:
        hazards.confirm_hazard(actor=lab.second, entry=lab.hazard("check", "6"))
    assert differs.value.code == "hazard_differs"
    today = clock.today()
    assert hazards.unchecked(today) == [(lab.room.store, lab.acid)]
    hazards.confirm_hazard(actor=lab.second, entry=lab.hazard("check", "7"))
    assert hazards.unchecked(today) == []
    with pytest.raises(Conflict):
        hazards.confirm_hazard(actor=lab.second, entry=came)
    for change in ("second_id = first_id", "quantity = 1 WHERE second_id IS NOT NULL"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE logistics_hazard_entry SET {change}")
    wrong = HazardEntry.objects.filter(second=None).latest("pk")
    hazards.void_hazard(actor=lab.clerk, entry=wrong, reason="数错")
    with pytest.raises(Conflict):
        hazards.confirm_hazard(actor=lab.second, entry=wrong)
    with pytest.raises(Conflict):
        hazards.void_hazard(actor=lab.clerk, entry=came, reason="已复核")
    assert [o.id for o in health.run("logistics") if o.state != "ok"] == []
    with pytest.raises(Invalid):
        hazards.enter_hazard(
            actor=lab.clerk, store=lab.room.store, item=lab.kit, kind="in", quantity=Decimal(1)
        )


def test_every_page_opens(lab: Lab) -> None:
    lab.batch()
    lab.hazard("in", "1")
    client = Client()
    client.force_login(lab.clerk)
    for path in (
        "reagent-vials/", "reagent-logs/", "lis-counts/", "lis-counts/new", "back-flushes/", "reagent-norms/", "hazards/",
        "hazards/new", "cold-places/", "cold-places/new", f"hazards/{HazardEntry.objects.get().pk}",
    ):  # fmt: skip
        assert client.get(f"/logistics/{path}").status_code == 200, path
