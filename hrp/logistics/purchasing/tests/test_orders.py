"""Orders from plan to closing: progress follows from facts, versions take each other's place, receipts never exceed them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hrp.logistics.models import Item, StockBalance
from hrp.logistics.purchasing.documents.purchase_order import OrderEvent, PurchaseOrder
from hrp.logistics.purchasing.documents.purchase_plan import PurchasePlan
from hrp.logistics.purchasing.selectors import progress
from hrp.logistics.purchasing.services import ordering
from hrp.logistics.purchasing.tests.world import Market
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents import posting, services
from hrp.platform.documents.testing import DAY

pytestmark = pytest.mark.django_db
WEEK = dt.timedelta(days=7)


def test_an_order_goes_from_approved_to_complete_by_what_happens_to_it(market: Market) -> None:
    order = market.order(market.line(market.gauze, 10))
    assert market.status(order) == "approved"
    ordering.send(actor=market.buyer, order=order, way="电话")
    assert market.status(order) == "sent"
    ordering.confirm(actor=market.buyer, order=order, promised_on=DAY + WEEK)
    assert market.status(order) == "confirmed"
    line = order.lines.get()
    market.direct(market.line(market.gauze, 4, order_line=line.pk))
    assert (market.status(order), market.received_of(order)) == ("partial", [4])
    last = market.direct(market.line(market.gauze, 6, order_line=line.pk))
    assert (market.status(order), market.received_of(order)) == ("complete", [10])
    market.world.grant(market.keeper, "logistics.stock_receipt.reverse")
    posting.reverse(last, actor=market.keeper, reason="点错", on=DAY)
    assert (market.status(order), market.received_of(order)) == ("partial", [4])
    market.check()


def test_what_is_not_sent_cannot_be_confirmed_and_what_is_closed_says_why(market: Market) -> None:
    order = market.order()
    with pytest.raises(Conflict) as refused:
        ordering.confirm(actor=market.buyer, order=order)
    assert refused.value.code == "not_sent"
    with pytest.raises(Invalid):
        ordering.close(actor=market.buyer, order=order, reason=" ")
    ordering.close(actor=market.buyer, order=order, reason="改从别家购买")
    assert market.status(order) == "closed"
    with pytest.raises(Invalid) as late:
        market.direct(market.line(market.gauze, 1, order_line=order.lines.get().pk))
    assert "已关闭" in late.value.problems[0].message
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE logistics_order_event SET text = 'x'")
    with pytest.raises(DatabaseError), transaction.atomic():
        OrderEvent.objects.create(
            order=order, kind="closed", at=clock.now(), actor=market.buyer, text="again"
        )


def test_a_sent_order_is_changed_by_a_version_that_keeps_what_was_received(market: Market) -> None:
    order = market.sent(market.line(market.gauze, 10), market.line(market.syringe, 5, "0.62"))
    line = order.lines.order_by("position").first()
    market.direct(market.line(market.gauze, 4, order_line=line.pk))
    with pytest.raises(Conflict):
        posting.reverse(order, actor=market.buyer, reason="改数量", on=DAY)
    draft = ordering.change(actor=market.buyer, order=order)
    assert (draft.revision, draft.lines.count()) == (2, 2)
    header = {
        "campus": draft.campus_id, "org_unit": draft.org_unit_id, "business_date": DAY, "supplier": draft.supplier_id,
        "store": draft.store_id, "due_on": draft.due_on,
    }  # fmt: skip
    with pytest.raises(Invalid) as few:
        services.save_draft(
            PurchaseOrder,
            actor=market.buyer,
            header=header,
            lines=[market.line(market.gauze, 3)],
            pk=draft.pk,
        )
    assert "已收 4" in few.value.problems[0].message
    draft = services.save_draft(
        PurchaseOrder, actor=market.buyer, header=header, lines=[market.line(market.gauze, 6)], pk=draft.pk
    )
    assert draft.lines.get().root_id == line.pk, "an edit does not lose which line it stands for"
    version = market.post(draft, market.buyer)
    assert (market.status(order), market.status(version)) == ("replaced", "partial")
    assert market.received_of(version) == [4]
    with pytest.raises(Conflict) as closed:
        ordering.close(actor=market.buyer, order=order, reason="旧")
    assert version.number in closed.value.reason
    # the paper may still name the old line: it counts for the version in force
    market.direct(market.line(market.gauze, 2, order_line=line.pk))
    assert market.status(version) == "complete"
    with pytest.raises(Invalid) as over:
        market.direct(market.line(market.gauze, 1, order_line=line.pk))
    assert "最多再收 0" in over.value.problems[0].message
    market.check()


def test_more_than_ordered_is_refused_beyond_what_the_item_allows(market: Market) -> None:
    Item.objects.filter(pk=market.gauze.pk).update(over_receive_percent=10)
    order = market.sent(market.line(market.gauze, 10))
    key = order.lines.get().pk
    market.direct(market.line(market.gauze, 10, order_line=key))
    with pytest.raises(Invalid) as refused:
        market.direct(market.line(market.gauze, 2, order_line=key))
    assert refused.value.problems[0].field == "quantity"
    assert "最多再收 1" in refused.value.problems[0].message
    market.direct(market.line(market.gauze, 1, order_line=key))
    market.check()


def test_raw_sql_cannot_post_more_than_was_ordered(market: Market) -> None:
    order = market.sent(market.line(market.gauze, 10))
    key = order.lines.get().pk
    waiting = market.direct(market.line(market.gauze, 6, order_line=key), post=False)
    market.direct(market.line(market.gauze, 6, order_line=key))
    with pytest.raises(DatabaseError, match="超过允许"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE logistics_receipt SET state = 'posted' WHERE id = %s", [waiting.pk])


def test_an_order_line_is_of_the_same_item_and_supplier(market: Market) -> None:
    order = market.sent(market.line(market.gauze, 10))
    key = order.lines.get().pk
    for line in (
        market.line(market.syringe, 1, order_line=key, lot="A", expiry="2029-01-01"),
        market.line(market.gauze, 1, order_line=key + 999),
    ):
        with pytest.raises(Invalid) as refused:
            market.direct(line)
        assert refused.value.problems[0].field == "order_line"
    with pytest.raises(Invalid):
        market.direct(market.line(market.gauze, 1, order_line=key), origin="donation")


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(("receive", "receive", "undo", "change")), st.integers(1, 12)),
        min_size=3,
        max_size=9,
    )
)
def test_whatever_arrives_or_is_undone_what_is_received_is_the_sum_and_never_too_much(
    market: Market, steps: list[Any]
) -> None:
    with transaction.atomic():
        market.world.grant(market.keeper, "logistics.stock_receipt.reverse")
        with clock.pinned(clock.at(DAY, 12)):
            order = market.sent(market.line(market.gauze, 20))
            root, done, quantity = order.lines.get().pk, [], Decimal(20)
            for what, size in steps:
                if what == "receive":
                    try:
                        with transaction.atomic():
                            done.append(market.direct(market.line(market.gauze, size, order_line=root)))
                    except Invalid:
                        assert sum(r.lines.get().quantity for r in done) + size > quantity
                elif what == "undo" and done:
                    posting.reverse(done.pop(size % len(done)), actor=market.keeper, reason="撤销", on=DAY)
                elif what == "change" and market.status(order) in progress.OPEN:
                    draft = ordering.change(actor=market.buyer, order=order)
                    draft.lines.update(
                        quantity=max(
                            quantity + size - 6, sum((r.lines.get().quantity for r in done), Decimal(0)), 1
                        )
                    )
                    order = market.post(draft, market.buyer)
                    quantity = order.lines.get().quantity
                assert market.received_of(order) == [sum((r.lines.get().quantity for r in done), Decimal(0))]
                market.check()
        transaction.set_rollback(True)


# -- plans ---------------------------------------------------------------------------------------------------------


def plan(market: Market, *lines: dict[str, Any], source: str = "manual", reason: str = "") -> PurchasePlan:
    header = {
        "campus": market.world.campus.pk, "org_unit": market.world.unit.pk, "business_date": DAY, "store": market.store.pk,
        "origin": source, "needed_on": DAY + WEEK, "reason": reason,
    }  # fmt: skip
    return services.save_draft(PurchasePlan, actor=market.buyer, header=header, lines=lines)


def test_demand_is_met_from_stock_first_and_the_rest_bought_in_packs(market: Market) -> None:
    Item.objects.filter(pk=market.gauze.pk).update(pack=12)
    market.direct(market.line(market.gauze, 7))
    draft = plan(market, {"item": market.gauze.pk, "wanted": "30"}, source="requisition")
    line = draft.lines.get()
    assert (line.on_hand, line.quantity) == (7, 24), "30 less 7 in packs of 12"
    with pytest.raises(Invalid) as enough:
        plan(market, {"item": market.gauze.pk, "wanted": "5"}, source="requisition")
    assert "已够用" in enough.value.problems[0].message


def test_an_item_stands_in_one_open_plan_unless_it_is_an_emergency(market: Market) -> None:
    first = market.post(plan(market, {"item": market.gauze.pk, "quantity": "10"}), market.buyer)
    with pytest.raises(Invalid) as refused:
        plan(market, {"item": market.gauze.pk, "quantity": "5"})
    assert first.number in refused.value.problems[0].message
    with pytest.raises(Invalid) as why:
        plan(market, {"item": market.gauze.pk, "quantity": "5"}, source="emergency")
    assert why.value.problems[0].field == "reason"
    assert plan(market, {"item": market.gauze.pk, "quantity": "5"}, source="emergency", reason="抢救").pk


def test_a_plan_becomes_one_order_a_supplier_and_is_then_done(market: Market) -> None:
    lines = (
        {"item": market.gauze.pk, "quantity": "10", "supplier": market.supplier.pk, "price": "2"},
        {"item": market.syringe.pk, "quantity": "100"},
    )
    made = market.post(plan(market, *lines), market.buyer)
    with pytest.raises(Conflict) as nobody:
        ordering.order_plan(actor=market.buyer, plan=made)
    assert nobody.value.code == "no_supplier"
    market.direct(market.line(market.syringe, 1, "0.62", lot="A", expiry="2029-01-01"))
    [order] = ordering.order_plan(actor=market.buyer, plan=made)
    assert order.total == Decimal("82.00"), "the last price paid stands in"
    assert ordering.unordered(made) == []
    with pytest.raises(Conflict) as done:
        posting.reverse(made, actor=market.buyer, reason="不要了", on=DAY)
    assert done.value.code == "ordered"
    market.post(order, market.buyer)
    assert plan(market, {"item": market.gauze.pk, "quantity": "5"}).pk, (
        "what is ordered is no longer an open plan"
    )


def test_the_list_puts_what_is_late_first_and_counts_every_tab(market: Market) -> None:
    with clock.pinned(clock.at(DAY, 9)):
        late, fine = market.sent(due=DAY + dt.timedelta(days=1)), market.sent(due=DAY + dt.timedelta(days=9))
    with clock.pinned(clock.at(DAY + dt.timedelta(days=4), 9)):
        rows, counts = progress.listing(units=None, tab="open")
        assert [row.id for row in rows] == [late.pk, fine.pk]
        assert (rows[0].late_days, counts["late"], counts["open"], counts["confirm"]) == (3, 1, 2, 2)
        assert progress.listing(units=[market.world.other.pk], tab="open") == ([], dict.fromkeys(counts, 0))
        found, _ = progress.listing(units=None, tab="open", text="纱布")
        assert len(found) == 2


def test_orders_of_nothing_received_leave_no_stock(market: Market) -> None:
    market.sent()
    assert not StockBalance.objects.exists()
