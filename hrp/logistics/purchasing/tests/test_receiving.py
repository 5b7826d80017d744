"""From delivery to stock: announced, inspected by another than the buyer, signed by two where it matters, received."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from hrp.logistics.models import Item, StockBalance, Store
from hrp.logistics.purchasing.documents.delivery_note import DeliveryNote
from hrp.logistics.purchasing.documents.inspection import Inspection, InspectionLine, InspectionSignature
from hrp.logistics.purchasing.rules import checklist
from hrp.logistics.purchasing.selectors import waiting
from hrp.logistics.purchasing.services import conceding, ordering, receiving
from hrp.logistics.purchasing.tests.world import Market
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid
from hrp.platform.documents import posting, services
from hrp.platform.documents.testing import DAY

pytestmark = pytest.mark.django_db


def test_two_clicks_from_the_order_to_a_draft_receipt(market: Market) -> None:
    order = market.sent(market.line(market.gauze, 10), market.line(market.syringe, 100, "0.62"))
    rows = [market.dated(row) for row in receiving.expected(order, None)]
    header = receiving.header_of(market.store, supplier=market.supplier.pk)
    document, [receipt] = receiving.inspect(
        actor=market.inspector, header=header, rows=receiving.judged_rows(rows, {}), finish=True
    )
    assert document.state == "posted"
    assert [line.order_line for line in receipt.lines.order_by("position")] == [
        line.pk for line in order.lines.order_by("position")
    ]
    assert receipt.state == "draft", "who inspects does not book"
    market.post_receipt(receipt)
    assert market.status(order) == "complete"
    market.check()


def test_the_buyer_of_an_order_does_not_inspect_it(market: Market) -> None:
    order = market.sent()
    header = receiving.header_of(market.store, supplier=market.supplier.pk)
    rows = receiving.judged_rows(receiving.expected(order, None), {})
    with pytest.raises(Invalid) as refused:
        receiving.inspect(actor=market.buyer, header=header, rows=rows)
    assert "采购人不能验收" in refused.value.problems[0].message
    document = services.submit(market.inspection(order), actor=market.inspector)
    with pytest.raises(Forbidden):
        receiving.put_signature(actor=market.buyer, inspection=document)
    with pytest.raises(Forbidden):
        posting.post(document, actor=market.buyer)
    with pytest.raises(DatabaseError, match="采购人"), transaction.atomic():
        InspectionSignature.objects.create(
            inspection=document, signer=market.buyer, digest="0" * 64, at=clock.now()
        )


def test_implants_need_two_people_who_saw_the_same_record(market: Market) -> None:
    order = market.sent(market.line(market.stent, 2, "798"))
    document = services.submit(market.inspection(order), actor=market.inspector)
    with pytest.raises(Conflict) as alone:
        posting.post(document, actor=market.inspector)
    assert alone.value.code == "second_signature"
    receiving.put_signature(actor=market.second, inspection=document)
    document = services.withdraw(document, actor=market.inspector)
    values = {1: {"accepted": Decimal(1), "reason": "一个包装破损", "disposal": "refuse"}}
    results = {1: checklist.all_passed(_traits(), {"package": "外包装破损"})}
    document = receiving.record_checks(
        actor=market.inspector, inspection=document, results=results, values=values
    )
    document = services.submit(document, actor=market.inspector)
    with pytest.raises(Conflict) as changed:
        posting.post(document, actor=market.inspector)
    assert changed.value.code == "second_signature", "the signature stands under the record as it was"
    receiving.put_signature(actor=market.second, inspection=document)
    document = posting.post(document, actor=market.inspector)
    [receipt] = receiving.draft_receipts(actor=market.inspector, inspection=document)
    assert receipt.lines.get().quantity == 1


def _traits() -> checklist.Traits:
    return checklist.Traits(device=True, lot=True, expiry=True, sterile=True)


def test_the_record_of_an_implant_is_permanent_and_no_one_purges_it(market: Market) -> None:
    order = market.sent(market.line(market.stent, 1, "798"), market.line(market.gauze, 1))
    document = services.submit(market.inspection(order), actor=market.inspector)
    stent, gauze = document.lines.order_by("position")
    assert (stent.retention, stent.keep_until) == ("permanent", None)
    assert (gauze.retention, gauze.keep_until) == ("life_plus_2", dt.date(DAY.year + 7, DAY.month, DAY.day))
    with pytest.raises(DatabaseError, match="永久"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM logistics_inspection_line WHERE id = %s", [stent.pk])
    with pytest.raises(DatabaseError, match="永久"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE logistics_inspection_line SET retention = 'life_plus_2', keep_until = '2030-01-01' WHERE id = %s",
            [stent.pk],
        )
    services.void(
        services.withdraw(document, actor=market.inspector), actor=market.inspector, reason="作废也保留"
    )
    with pytest.raises(DatabaseError, match="永久"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM logistics_inspection_line WHERE id = %s", [stent.pk])


def test_every_check_is_judged_before_an_inspection_counts(market: Market) -> None:
    order = market.sent(market.line(market.gauze, 5))
    document, _ = receiving.inspect(
        actor=market.inspector, header=receiving.header_of(market.store, supplier=market.supplier.pk),
        rows=receiving.expected(order, None),
    )  # fmt: skip
    assert document.lines.get().verdict == "pending"
    with pytest.raises(Conflict) as refused:
        posting.post(services.submit(document, actor=market.inspector), actor=market.inspector)
    assert refused.value.code == "not_judged"
    assert "包装完好" in refused.value.problems[0].message


@pytest.mark.parametrize(
    ("failing", "accepted", "reason", "verdict", "refused"),
    [
        ({}, 10, "", "pass", False),
        ({"package": "破损"}, 8, "两件破损", "partial", False),
        ({"package": "破损"}, 10, "急用，内包装完好", "concession", False),
        ({"package": "破损"}, 10, "", "concession", True),
        ({"certificate": "无合格证"}, 10, "先用", "concession", True),
        ({"certificate": "无合格证"}, 0, "无合格证", "fail", False),
    ],
)
def test_what_fails_is_refused_or_taken_with_a_reason_and_some_faults_never(
    market: Market, failing: dict[str, str], accepted: int, reason: str, verdict: str, refused: bool
) -> None:
    order = market.sent(market.line(market.gauze, 10))
    rows = [row | {"accepted": accepted, "reason": reason} for row in receiving.expected(order, None)]
    header = receiving.header_of(market.store, supplier=market.supplier.pk)
    document, _ = receiving.inspect(
        actor=market.inspector,
        header=header,
        rows=receiving.judged_rows(rows, {0: failing} if failing else {}),
    )
    assert document.lines.get().verdict == verdict
    document = services.submit(document, actor=market.inspector)
    if refused:
        with pytest.raises(Conflict):
            posting.post(document, actor=market.inspector)
        return
    document = posting.post(document, actor=market.inspector)
    assert waiting.is_receivable(document) is bool(accepted)


def test_what_is_kept_back_goes_to_quarantine_and_fulfils_nothing(market: Market) -> None:
    order = market.sent(market.line(market.gauze, 10))
    good, bad = market.accepted(
        order, failing={0: {"package": "受潮"}}, accepted=Decimal(7), reason="受潮", disposal="quarantine"
    )
    market.post_receipt(good)
    market.post_receipt(bad)
    assert market.received_of(order) == [7]
    assert dict(StockBalance.objects.values_list("store__code", "quantity")) == {"S1": 7, "Q": 3}
    market.check()


def test_goods_that_must_be_inspected_are_not_received_without(market: Market) -> None:
    order = market.sent(market.line(market.stent, 2, "798"))
    line = market.line(market.stent, 1, "798", order_line=order.lines.get().pk, lot="L1", expiry="2029-01-01")
    draft = market.direct(line, post=False)
    with pytest.raises(Conflict) as refused:
        market.post_receipt(draft)
    assert refused.value.code == "not_inspected"


def test_not_more_is_received_than_was_accepted(market: Market) -> None:
    order = market.sent(market.line(market.gauze, 10))
    [receipt] = market.accepted(order, failing={0: {"package": "破损"}}, accepted=Decimal(6), reason="破损")
    row = receipt.lines.get()
    header = {**market.room.receipt_header()}
    line = market.line(market.gauze, 8, order_line=row.order_line)
    services.save_draft(type(receipt), actor=market.keeper, header=header, lines=[line], pk=receipt.pk)
    receipt.refresh_from_db()
    with pytest.raises(Conflict) as refused:
        market.post_receipt(receipt)
    assert "合格 6" in refused.value.problems[0].message


def test_an_inspection_with_a_receipt_is_not_undone(market: Market) -> None:
    order = market.sent(market.line(market.gauze, 10))
    [receipt] = market.accepted(order)
    document = Inspection.objects.get()
    with pytest.raises(Conflict) as refused:
        market.world.grant(market.inspector, "logistics.inspection.reverse")
        posting.reverse(document, actor=market.inspector, reason="错", on=DAY)
    assert refused.value.code == "received"
    with pytest.raises(Conflict):
        receiving.draft_receipts(actor=market.inspector, inspection=document)
    services.void(receipt, actor=market.keeper, reason="重开")
    assert receiving.draft_receipts(actor=market.inspector, inspection=document)


# -- life and price ------------------------------------------------------------------------------------------------


def short_lived(market: Market, **more: Any) -> dict[str, Any]:
    dates = {"produced": str(DAY - dt.timedelta(days=200)), "expiry": str(DAY + dt.timedelta(days=399))}
    return market.line(market.syringe, 10, "0.62", lot="K1", **dates, **more)


def test_goods_with_less_than_two_thirds_of_their_life_wait_for_another(market: Market) -> None:
    receipt = market.direct(short_lived(market), post=False)
    with pytest.raises(Conflict) as refused:
        market.post_receipt(receipt)
    assert refused.value.code == "needs_concession"
    assert "399 天，不足全效期 599 天的 2/3" in refused.value.problems[0].message
    assert len(waiting.concessions(market.head)) == 1
    market.world.grant(market.keeper, "logistics.concession.decide")
    with pytest.raises(Forbidden):
        conceding.concede(actor=market.keeper, receipt=receipt, position=1, kind="life", reason="急用")
    conceding.concede(actor=market.head, receipt=receipt, position=1, kind="life", reason="两周内用完")
    assert waiting.concessions(market.head) == []
    receipt.refresh_from_db()
    posting.post(receipt, actor=market.keeper)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE logistics_concession SET decided_by_id = asked_by_id")


def test_exactly_two_thirds_is_enough_and_unknown_production_is_not_judged(market: Market) -> None:
    dates = {"produced": str(DAY - dt.timedelta(days=200)), "expiry": str(DAY + dt.timedelta(days=400))}
    market.direct(market.line(market.syringe, 10, "0.62", lot="A", **dates))
    market.direct(market.line(market.syringe, 10, "0.62", lot="B", expiry=str(DAY)))


def test_a_price_other_than_ordered_waits_for_another(market: Market) -> None:
    order = market.sent(market.line(market.gauze, 10, "2.00"))
    receipt = market.direct(
        market.line(market.gauze, 10, "2.10", order_line=order.lines.get().pk), post=False
    )
    with pytest.raises(Conflict) as refused:
        market.post_receipt(receipt)
    assert "价 2，入库价 2.1" in refused.value.problems[0].message
    conceding.concede(actor=market.head, receipt=receipt, position=1, kind="price", reason="厂家调价函")
    receipt.refresh_from_db()
    assert posting.post(receipt, actor=market.keeper).total == Decimal("21.00")


# -- delivery notes ------------------------------------------------------------------------------------------------


def note(market: Market, order: Any, **line: Any) -> DeliveryNote:
    header = {
        "campus": market.world.campus.pk, "org_unit": market.world.unit.pk, "business_date": DAY,
        "supplier": market.supplier.pk, "store": market.store.pk, "note_number": "SH-1", "expected_on": DAY,
    }  # fmt: skip
    of = order.lines.first()
    row = {"order_line": of.pk, "item": of.item_id, "quantity": "4", **line}
    return services.save_draft(DeliveryNote, actor=market.buyer, header=header, lines=[row])


def test_what_is_announced_fills_in_the_inspection(market: Market) -> None:
    order = market.sent(market.line(market.syringe, 10, "0.62"))
    posted = market.post(
        note(market, order, lot="L9", expiry="2029-05-01", produced="2026-10-01"), market.buyer
    )
    announced = receiving.announced(order)
    assert announced == posted
    [row] = receiving.expected(order, announced)
    assert (row["lot"], row["quantity"], row["price"]) == ("L9", 4, Decimal("0.62"))
    with pytest.raises(Conflict) as waiting_one:
        ordering.close(actor=market.buyer, order=order, reason="不等了")
    assert waiting_one.value.code == "on_the_way"
    header = receiving.header_of(market.store, supplier=market.supplier.pk, delivery_note=posted.pk)
    receiving.inspect(actor=market.inspector, header=header, rows=[row])
    assert receiving.announced(order) is None, "arrived"
    with pytest.raises(Conflict):
        posting.reverse(posted, actor=market.buyer, reason="撤", on=DAY)


def test_a_note_names_each_piece_once_and_no_more_than_is_wanted(market: Market) -> None:
    order = market.sent(market.line(market.gauze, 10))
    for codes in ("A1 A1 A2 A3", "A1 A2"):
        with pytest.raises(Invalid) as refused:
            note(market, order, unit_codes=codes)
        assert refused.value.problems[0].field == "unit_codes"
    draft = note(market, order, quantity="11")
    with pytest.raises(Conflict) as over:
        market.post(draft, market.buyer)
    assert over.value.code == "too_much_sent"
    with pytest.raises(Invalid) as twice:
        note(market, order)
    assert "已登记过" in twice.value.problems[0].message


def test_cold_goods_say_how_cold_they_came(market: Market) -> None:
    Item.objects.filter(pk=market.gauze.pk).update(cold_chain=True)
    order = market.sent(market.line(market.gauze, 10))
    document = services.submit(market.inspection(order), actor=market.inspector)
    with pytest.raises(Conflict) as refused:
        posting.post(document, actor=market.inspector)
    assert "到达温度" in refused.value.problems[0].message


def test_editing_a_draft_keeps_what_was_judged(market: Market) -> None:
    order = market.sent(market.line(market.gauze, 10))
    document = market.inspection(order)
    line = document.lines.get()
    row = {"order_line": line.order_line_id, "item": line.item_id, "quantity": "9", "price": "2"}
    header = receiving.header_of(market.store, supplier=market.supplier.pk)
    services.save_draft(Inspection, actor=market.inspector, header=header, lines=[row], pk=document.pk)
    assert InspectionLine.objects.get(document=document).verdict == "pass"
    assert Store.objects.filter(kind="quarantine").count() == 1
