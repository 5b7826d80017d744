"""Freezes hold everywhere at once and another person ends them; a recall finds everything and closes when all is done."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.highvalue.models import AdverseEvent, Recall, RecallPlace
from hrp.logistics.highvalue.services import adverse, freezing, recalls, scans
from hrp.logistics.highvalue.tests.world import Theatre
from hrp.logistics.models import Batch, Freeze, Reservation
from hrp.logistics.purchasing.selectors import scores
from hrp.logistics.requesting.documents.department_return import DepartmentReturn
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY
from hrp.platform.notify.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def theatre() -> Theatre:
    return Theatre()


def receive(theatre: Theatre, quantity: int, lot: str) -> Batch:
    theatre.do(
        StockReceipt,
        {"store": theatre.store.pk, "supplier": theatre.supplier.pk, "fund": theatre.room.fund.pk},
        {
            "item": theatre.room.syringe.pk,
            "lot": lot,
            "expiry": "2028-01-31",
            "quantity": str(quantity),
            "price": "1",
        },
    )
    return Batch.objects.get(item=theatre.room.syringe, lot=lot)


def test_what_a_department_gave_back_is_not_looked_for_there(theatre: Theatre) -> None:
    codes = [f"logistics.department_return.{act}" for act in ACTS]
    theatre.world.grant(theatre.nurse, *codes)
    batch = receive(theatre, 10, "S7")
    header = {"store": theatre.store.pk, "fund": theatre.room.fund.pk}
    issue = theatre.do(StockIssue, header, {"item": batch.item_id, "lot": "S7", "quantity": "6"})
    line = {"issue_position": 1, "item": batch.item_id, "batch": batch.pk, "quantity": "2", "intact": True}
    back = {"issue": issue.pk, "store": theatre.store.pk, "reason": "多领"}
    returned = theatre.do(DepartmentReturn, back, line)

    def listed(title: str) -> tuple[dict[str, Decimal], Decimal]:
        row = recalls.enter(
            actor=theatre.nurse, title=title, level="2", decided_on=DAY, campus_id=theatre.world.campus.pk,
            item_id=batch.item_id, lot="S7", is_drill=True,
        )  # fmt: skip
        found = dict(row.places.values_list("kind", "quantity"))
        return found, recalls.accounted(row).missing

    assert listed("退回之后") == ({"on_hand": 6, "department": 4}, 0)
    theatre.reverse(returned)
    assert listed("退回红冲之后") == ({"on_hand": 4, "department": 6}, 0)


def hold(batch: Batch) -> str:
    return str(Batch.objects.get(pk=batch.pk).hold)


@pytest.mark.parametrize("by", ["batch", "item", "supplier", "registration"])
def test_a_freeze_holds_what_it_names_and_what_arrives_later(theatre: Theatre, by: str) -> None:
    batch = theatre.consign(1)[0].batch
    syringes = receive(theatre, 5, "S1")
    what: dict[str, Any] = {
        "batch": {"batch_id": batch.pk}, "item": {"item_id": theatre.stent.pk},
        "supplier": {"supplier_id": theatre.supplier.pk}, "registration": {"registration_number": "国械注准20203130001"},
    }[by]  # fmt: skip
    frozen = freezing.freeze(actor=theatre.nurse, reason="疑似质量问题", **what)
    assert hold(batch) == "frozen"
    assert (hold(syringes) == "frozen") == (by == "supplier")
    assert frozen.covered == (2 if by == "supplier" else 1)
    later = theatre.consign(1, "L9")[0].batch
    assert (hold(later) == "frozen") == (by != "batch")
    with pytest.raises(Conflict) as own:
        freezing.release(actor=theatre.nurse, freeze=frozen.freeze, reason="好了")
    assert own.value.code == "another_releases"
    freezing.release(actor=theatre.other, freeze=frozen.freeze, reason="检验合格")
    assert {hold(one) for one in (batch, syringes, later)} == {""}
    theatre.check()


def test_a_batch_stays_held_while_another_freeze_stands(theatre: Theatre) -> None:
    batch = theatre.consign(1)[0].batch
    first = freezing.freeze(actor=theatre.nurse, reason="一", item_id=theatre.stent.pk)
    second = freezing.freeze(actor=theatre.nurse, reason="二", kind=Batch.Hold.RECALLED, batch_id=batch.pk)
    assert hold(batch) == "recalled"
    freezing.release(actor=theatre.other, freeze=second.freeze, reason="误报")
    assert hold(batch) == "frozen"
    freezing.release(actor=theatre.other, freeze=first.freeze, reason="合格")
    assert hold(batch) == ""
    with pytest.raises(Conflict):
        freezing.release(actor=theatre.other, freeze=first.freeze, reason="再来")


def test_what_inspection_held_before_is_held_after(theatre: Theatre) -> None:
    batch = receive(theatre, 5, "S1")
    Batch.objects.filter(pk=batch.pk).update(hold="quarantine")
    frozen = freezing.freeze(actor=theatre.nurse, reason="召回", kind=Batch.Hold.RECALLED, batch_id=batch.pk)
    freezing.release(actor=theatre.other, freeze=frozen.freeze, reason="误报")
    assert hold(batch) == "quarantine"


def test_promises_that_can_no_longer_be_kept_are_given_up_the_newest_first(theatre: Theatre) -> None:
    good, bad = receive(theatre, 5, "S1"), receive(theatre, 5, "S2")
    for position, quantity in ((1, 4), (2, 3), (3, 2)):
        Reservation.objects.create(
            store=theatre.store, item=good.item, source="t:1", line_position=position, quantity=quantity,
            made_at=clock.now(),
        )  # fmt: skip
    frozen = freezing.freeze(actor=theatre.nurse, reason="疑似", batch_id=bad.pk)
    assert [(line, quantity) for _, line, quantity in frozen.released] == [(2, 2), (3, 2)]
    left = Reservation.objects.order_by("line_position").values_list("line_position", "quantity")
    assert [(p, q.normalize()) for p, q in left] == [(1, Decimal(4)), (2, Decimal(1))]


def test_a_freeze_says_what_and_why_and_only_who_may(theatre: Theatre) -> None:
    with pytest.raises(Invalid):
        freezing.freeze(actor=theatre.nurse, reason=" ", item_id=theatre.stent.pk)
    with pytest.raises(Invalid):
        freezing.freeze(actor=theatre.nurse, reason="为何")
    with pytest.raises(Forbidden):
        freezing.freeze(actor=theatre.world.user("x", "路人"), reason="为何", item_id=theatre.stent.pk)


def scene(theatre: Theatre) -> tuple[Any, ...]:
    """One lot everywhere: on the shelf, in the cabinet, on the way, at a department, in two patients."""
    bought = theatre.buy(6, "L1")
    consigned = theatre.consign(3, "L1")
    out, way = theatre.issue(1), theatre.send(1)
    for document, unit in ((out, bought[0]), (way, bought[1])):
        scans.scan(actor=theatre.nurse, source=document.source, code=unit.uid)
        theatre.post(document)
    first = theatre.use(bought[2], theatre.visit("ZY1"))
    theatre.book(first)
    theatre.use(consigned[0], theatre.visit("ZY2", patient="李四"))
    theatre.buy(2, "L2")
    return bought, consigned


def enter(theatre: Theatre, **more: Any) -> Recall:
    values = {
        "title": "支架涂层缺陷",
        "level": "1",
        "decided_on": DAY,
        "item_id": theatre.stent.pk,
        "lot": "L1",
    } | more
    with clock.pinned(clock.at(DAY, 14)):
        return recalls.enter(actor=theatre.nurse, campus_id=theatre.world.campus.pk, **values)


def test_a_recall_finds_every_piece_of_the_lot(theatre: Theatre) -> None:
    scene(theatre)
    recall = enter(theatre)
    found = recall.places.order_by("kind", "visit_no").values_list("kind", "quantity", "visit_no", "patient")
    assert [(k, int(q), v, p) for k, q, v, p in found] == [
        ("consigned", 2, "", ""), ("department", 1, "", ""), ("on_hand", 3, "", ""), ("patient", 1, "ZY1", "张**"),
        ("patient", 1, "ZY2", "李*"), ("transit", 1, "", ""),
    ]  # fmt: skip
    where = recalls.accounted(recall)
    assert (where.received, where.missing) == (Decimal(9), Decimal(0))
    assert recall.notice_due == DAY + dt.timedelta(days=1)
    assert recall.list_ms is not None
    assert recall.list_ms < 10_000
    assert Batch.objects.filter(lot="L1", hold="recalled").count() == Batch.objects.filter(lot="L1").count()
    assert not Batch.objects.filter(lot="L2").exclude(hold="").exists()
    assert Message.objects.filter(kind="logistics.recall", recipient=theatre.nurse).count() == 1
    theatre.check()


def test_a_drill_finds_the_same_and_freezes_nothing(theatre: Theatre) -> None:
    scene(theatre)
    drill = enter(theatre, is_drill=True)
    assert drill.places.count() == 6
    assert not Freeze.objects.exists()
    for place in drill.places.exclude(org_unit=None):
        recalls.acknowledge(actor=theatre.nurse, place=place)
    closed = recalls.close(actor=theatre.nurse, recall=drill, conclusion="用时达标")
    assert closed.state == "closed"


def test_a_recall_closes_when_everybody_answered_and_every_piece_is_dealt_with(theatre: Theatre) -> None:
    theatre.consign(2, "L1")
    recall = enter(theatre)
    [place] = recall.places.all()
    with pytest.raises(Conflict) as refused:
        recalls.close(actor=theatre.nurse, recall=recall, conclusion="完")
    assert [p.message for p in refused.value.problems] == [
        "手术室寄售柜 尚未签收", "寄售在柜 手术室寄售柜 尚有 2 未处置"
    ]  # fmt: skip
    stranger = theatre.world.user("s", "他科", "logistics.recall.acknowledge", unit=theatre.world.other)
    with pytest.raises(Forbidden):
        recalls.acknowledge(actor=stranger, place=place)
    recalls.acknowledge(actor=theatre.nurse, place=place, answer="已下架")
    with pytest.raises(Conflict):
        recalls.acknowledge(actor=theatre.nurse, place=place)
    with pytest.raises(Invalid, match="共 2"):
        recalls.dispose(actor=theatre.nurse, place=place, how="returned", quantity=Decimal(3))
    recalls.dispose(actor=theatre.nurse, place=place, how="returned", quantity=Decimal(2), note="供应商取回")
    recalls.close(actor=theatre.nurse, recall=recall, conclusion="全部退回")
    with pytest.raises(Conflict):
        recalls.close(actor=theatre.nurse, recall=recall, conclusion="再来")
    with pytest.raises(Conflict):
        recalls.dispose(
            actor=theatre.nurse, place=RecallPlace.objects.get(), how="other", quantity=Decimal(1)
        )


def test_the_list_is_one_statement_whatever_its_length(
    theatre: Theatre, django_assert_max_num_queries: Any
) -> None:
    scene(theatre)
    with django_assert_max_num_queries(1), connection.cursor() as cursor:
        row = Recall(item_id=theatre.stent.pk, lot="", level="1")
        cursor.execute(
            recalls.list_sql(row) + " SELECT count(*), sum(quantity) FROM places", recalls.keys(row)
        )
        assert cursor.fetchone() == (7, Decimal(11))


def test_an_adverse_event_has_its_day_and_its_freeze(theatre: Theatre) -> None:
    unit, *_ = theatre.consign(2)
    use = theatre.use(unit)
    values = {
        "unit": unit.pk, "severity": "serious", "description": "术中支架脱载", "occurred_on": DAY, "known_on": DAY,
        "org_unit": theatre.world.unit.pk, "visit_no": use.visit_no,
    }  # fmt: skip
    event = adverse.save(actor=theatre.nurse, pk=None, values=values)
    assert (event.item, event.batch, event.due_on) == (theatre.stent, unit.batch, DAY + dt.timedelta(days=20))
    assert Message.objects.filter(kind="logistics.recall").exists(), "whoever may freeze is told"
    with pytest.raises(Invalid) as wrong:
        adverse.save(actor=theatre.nurse, pk=None, values=values | {"known_on": DAY - dt.timedelta(days=1)})
    assert [p.field for p in wrong.value.problems] == ["known_on"]
    adverse.freeze(actor=theatre.nurse, event=event)
    assert hold(unit.batch) == "frozen"
    with pytest.raises(Conflict):
        adverse.freeze(actor=theatre.nurse, event=event)
    adverse.report(actor=theatre.nurse, event=event, reported_on=DAY, report_no="330100-2026-000123")
    with pytest.raises(Conflict):
        adverse.save(actor=theatre.nurse, pk=event.pk, values={"description": "改"})
    assert AdverseEvent.objects.get().report_no.endswith("123")


def test_a_recall_lowers_the_score_of_who_delivered_and_a_drill_does_not(theatre: Theatre) -> None:
    batch = receive(theatre, 5, "S1")
    for drill in (True, False):
        recalls.enter(
            actor=theatre.nurse, campus_id=theatre.world.campus.pk, title="批次不合格", level="2", decided_on=DAY,
            item_id=theatre.room.syringe.pk, lot=batch.lot, is_drill=drill,
        )  # fmt: skip
    [found] = scores.scores(first=DAY, last=DAY)
    assert (found.supplier_id, found.facts.recalls, found.score.points) == (
        theatre.supplier.pk,
        1,
        Decimal("90.0"),
    )
    assert scores.scores(first=DAY + dt.timedelta(days=1), last=DAY + dt.timedelta(days=30)) == []
