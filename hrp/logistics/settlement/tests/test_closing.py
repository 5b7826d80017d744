"""A month of materials closes with its snapshot, trues averages up, and stays closed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.models import StockMove
from hrp.logistics.rules.period_totals import PeriodMove, close
from hrp.logistics.rules.valuation import Balance
from hrp.logistics.settlement.documents.cost_adjustment import CostAdjustment
from hrp.logistics.settlement.documents.payment_request import PaymentRequest
from hrp.logistics.settlement.models import MaterialClose, PeriodBalance
from hrp.logistics.settlement.selectors import months, owed, stock_ledger
from hrp.logistics.settlement.selectors.stock_ledger import Wanted
from hrp.logistics.settlement.services import closing, steps, true_up
from hrp.logistics.settlement.subledger import payables
from hrp.logistics.settlement.tests.world import DECEMBER, Settling
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents import posting, services
from hrp.platform.documents.testing import DAY
from hrp.platform.ledger import services as ledger
from hrp.platform.ledger.models import Period

pytestmark = pytest.mark.django_db
LAST = dt.date(2026, 11, 30)


@pytest.fixture
def business() -> Settling:
    return Settling()


def in_december(business: Settling) -> Settling:
    """From here on documents are dated in December."""
    common = business.header
    business.header = lambda **more: {**common(), "business_date": DECEMBER, **more}  # type: ignore[method-assign]
    return business


def test_the_worked_close(business: Settling) -> None:
    """Case ACC-03: open 120/1440.00, in 87/1084.40, out 161/1967.20, close 46/557.20, over two months."""
    item = business.items[1]
    business.receive(item, 120, "1440.00")
    november = closing.close(actor=business.clerk, period=business.period)
    assert PeriodBalance.objects.get(close=november).closing_amount == Decimal("1440.00")
    ledger.close_period(period=business.period, actor=business.clerk)
    december = business.next_month()
    in_december(business)
    business.receive(item, 87, "1084.40")
    business.issue(item, 161)
    made = closing.close(actor=business.clerk, period=december)
    rows = PeriodBalance.objects.filter(close=made)
    sums = {
        name: sum(getattr(r, name) for r in rows)
        for name in ("opening_amount", "in_amount", "out_amount", "closing_amount")
    }
    moves = [PeriodMove(m.quantity, m.amount) for m in StockMove.objects.filter(period=december)]
    kernel = close(Balance(Decimal(120), Decimal("1440.00")), moves)
    assert sums == {
        "opening_amount": kernel.opening.amount, "in_amount": kernel.came.amount, "out_amount": kernel.went.amount,
        "closing_amount": kernel.closing.amount,
    }  # fmt: skip
    assert (kernel.closing.quantity, kernel.went.quantity) == (46, 161)
    business.check()


def test_a_closed_month_takes_no_move(business: Settling) -> None:
    item = business.items[0]
    receipt = business.receive(item, 5, "50.00")
    closing.close(actor=business.clerk, period=business.period)
    for act in (
        lambda: business.receive(item, 1, "1.00"),
        lambda: business.issue(item, 1),
        lambda: business.reverse(receipt),
    ):
        with pytest.raises(Conflict) as refused:
            act()
        assert refused.value.code == "materials_closed"
    move = StockMove.objects.get()
    with pytest.raises(DatabaseError), transaction.atomic():
        StockMove.objects.create(
            source="x:1", line_position=1, kind="receipt", store=move.store, item=item, batch=move.batch, quantity=1, amount=1,
            date=DAY, period=move.period, posted_at=move.posted_at,
        )  # fmt: skip
    with pytest.raises(Conflict) as refused:
        business.invoice(receipt, "50.00")
    assert refused.value.code == "materials_closed"


def test_the_ledger_waits_for_materials(business: Settling) -> None:
    business.receive(business.items[0], 5, "50.00")
    with pytest.raises(Conflict) as refused:
        ledger.close_period(period=business.period, actor=business.clerk)
    assert refused.value.code == "not_ready"
    assert "物资尚未月结" in refused.value.problems[0].message
    closing.close(actor=business.clerk, period=business.period)
    assert ledger.close_period(period=business.period, actor=business.clerk).state == Period.State.CLOSED


def test_a_hospital_without_materials_is_not_asked(business: Settling) -> None:
    assert ledger.close_period(period=business.period, actor=business.clerk).state == Period.State.CLOSED


def test_documents_on_their_way_keep_a_month_open(business: Settling) -> None:
    draft = services.save_draft(
        StockReceipt, actor=business.clerk,
        header=business.header(store=business.stores[0].pk, supplier=business.room.supplier.pk, fund=business.room.fund.pk),
        lines=[{"item": business.items[0].pk, "quantity": "1", "price": "1"}],
    )  # fmt: skip
    [found] = [f for f in steps.look(business.period, heavy=False) if f.step.key == "documents"]
    assert [o.blocks for o in found.open or []] == [False]
    document = services.submit(draft, actor=business.clerk)
    with pytest.raises(Conflict) as refused:
        closing.close(actor=business.clerk, period=business.period)
    assert "已审核" in refused.value.problems[0].message
    posting.post(document, actor=business.clerk)
    closing.close(actor=business.clerk, period=business.period)


def test_months_close_in_order_and_the_last_is_reopened_by_another(business: Settling) -> None:
    business.receive(business.items[0], 5, "50.00")
    december = business.next_month()
    with pytest.raises(Conflict) as refused:
        closing.close(actor=business.clerk, period=december)
    assert refused.value.code == "earlier_open"
    november = closing.close(actor=business.clerk, period=business.period)
    later = closing.close(actor=business.clerk, period=december)
    second = business.second()
    with pytest.raises(Conflict) as refused:
        closing.reopen(actor=second, closed=november, reason="漏单")
    assert refused.value.code == "later_closed"
    with pytest.raises(Conflict) as refused:
        closing.reopen(actor=business.clerk, closed=later, reason="漏单")
    assert refused.value.code == "same_person"
    closing.reopen(actor=second, closed=later, reason="漏单")
    closing.reopen(actor=second, closed=november, reason="漏单")
    business.receive(business.items[0], 1, "7.00")
    again = closing.close(actor=business.clerk, period=business.period)
    assert PeriodBalance.objects.get(close=again).closing_amount == Decimal("57.00")
    assert months.live(business.period) == again
    business.check()
    with pytest.raises(DatabaseError), transaction.atomic():
        MaterialClose.objects.filter(pk=again.pk).update(closed_by=second)
    ledger.close_period(period=business.period, actor=business.clerk)
    with pytest.raises(Conflict) as refused:
        closing.reopen(actor=second, closed=again, reason="漏单")
    assert refused.value.code == "period_closed"


def test_the_average_of_a_month_is_trued_up_in_one_document(business: Settling) -> None:
    """Case STK-12: what the issues of a month cost is known when it closes."""
    item = business.items[3]
    business.receive(item, 100, "1000.00")
    first = business.issue_to(business.world.unit, item, 50)
    business.receive(item, 100, "1300.00")
    second = business.issue_to(business.world.other, item, 50)
    assert (first.total, second.total) == (Decimal("500.00"), Decimal("600.00"))
    wanted = {one.org_unit_id: one.amount for one in true_up.needed(business.period)}
    assert wanted == {business.world.unit.pk: Decimal("75.00"), business.world.other.pk: Decimal("-25.00")}
    closing.close(actor=business.clerk, period=business.period)
    [made] = CostAdjustment.objects.all()
    assert (made.state, made.purpose, made.business_date) == ("posted", "month_average", LAST)
    assert business.worth(item) == (100, Decimal("1150.00"))
    [row] = stock_ledger.summary(business.world.book, Wanted(DAY.replace(day=1), LAST))
    assert (row.in_amount, row.out_amount, row.closing_amount) == (
        Decimal("2300.00"),
        Decimal("1150.00"),
        Decimal("1150.00"),
    )
    assert true_up.needed(business.period) == []
    business.check()


def test_closing_again_adjusts_only_the_rest_even_when_nothing_is_left(business: Settling) -> None:
    item = business.items[3]
    business.receive(item, 100, "1000.00")
    business.issue_to(business.world.unit, item, 50)
    business.receive(item, 100, "1300.00")
    business.issue_to(business.world.other, item, 50)
    done = closing.close(actor=business.clerk, period=business.period)
    closing.reopen(actor=business.second(), closed=done, reason="漏单")
    business.issue_to(business.world.other, item, 100)
    assert business.worth(item) == (0, 0)
    closing.close(actor=business.clerk, period=business.period)
    assert business.worth(item) == (0, 0)
    assert CostAdjustment.objects.count() == 1
    business.check()
    costs = {
        unit.pk: sum(business.booked(d.source).get(("5001.02.05", unit.pk), 0) for d in every(business))
        for unit in (business.world.unit, business.world.other)
    }
    assert costs == {business.world.unit.pk: Decimal("575.00"), business.world.other.pk: Decimal("1725.00")}


def every(business: Settling) -> list[Any]:
    from hrp.logistics.documents.stock_issue import StockIssue

    return [*StockIssue.objects.all(), *CostAdjustment.objects.all()]


PAST_DAYS = ("2026-11-02", "2026-11-03", "2026-11-15", "2026-11-30", "2026-12-01", "2026-12-09")


def test_any_past_day_is_told_exactly(business: Settling) -> None:
    item = business.items[0]
    common = business.header

    def on(day: int, month: int = 11) -> None:
        date = dt.date(2026, month, day)
        business.header = lambda **more: {**common(), "business_date": date, **more}  # type: ignore[method-assign]

    on(3)
    business.receive(item, 10, "100.00")
    on(20)
    issue = business.issue(item, 4)
    on(12)
    business.receive(item, 2, "30.00", "")
    closing.close(actor=business.clerk, period=business.period)
    december = business.next_month()
    on(2, 12)
    business.issue(item, 1)
    book = business.world.book

    def at(day: dt.date) -> tuple[Decimal, Decimal]:
        rows = stock_ledger.held(book, day)
        return (rows[0].closing_quantity, rows[0].closing_amount) if rows else (Decimal(0), Decimal(0))

    for day in map(dt.date.fromisoformat, PAST_DAYS):
        moves = StockMove.objects.filter(date__lte=day)
        assert at(day) == (sum(m.quantity for m in moves), sum(m.amount for m in moves)), day
    posting.reverse(issue, actor=business.clerk, reason="退回", on=dt.date(2026, 12, 3))
    for by in stock_ledger.GROUPS:
        whole = stock_ledger.total(
            stock_ledger.summary(book, Wanted(dt.date(2026, 11, 10), dt.date(2026, 12, 31)), by=by)
        )
        assert whole.closing_quantity == 11
    december_row = stock_ledger.summary(book, Wanted(dt.date(2026, 12, 1), dt.date(2026, 12, 31)))[0]
    assert (december_row.in_quantity, december_row.out_quantity) == (0, -3), (
        "a reversal lessens the side it reverses"
    )
    start, moved = stock_ledger.ledger(
        book, Wanted(dt.date(2026, 11, 1), dt.date(2026, 12, 31), item_id=item.pk)
    )
    assert start is not None
    assert start.opening_quantity == 0
    assert [m.quantity for m in moved] == [10, 6, 8, 7, 11]
    assert (moved[-1].amount, moved[-1].out_quantity) == (business.worth(item)[1], -4)
    closing.close(actor=business.clerk, period=december)
    again = stock_ledger.summary(book, Wanted(dt.date(2026, 12, 1), dt.date(2026, 12, 31)))[0]
    assert again == december_row
    business.check()


def test_a_payment_of_a_closed_month_waits(business: Settling) -> None:
    business.invoice(business.receive(business.items[0], 1, "10.00"), "10.00")
    closing.close(actor=business.clerk, period=business.period)
    [item] = payables.open_items(business.room.supplier.pk)
    with pytest.raises(Conflict) as refused:
        business.pay((item.id, "10.00"))
    assert refused.value.code == "materials_closed"
    PaymentRequest.objects.all().delete()
    business.next_month()
    in_december(business).pay((item.id, "10.00"))
    limits = (30, 60, 90, 180, 360)
    assert [a.total for a in owed.aged(LAST, limits)] == [Decimal("10.00")]
    assert owed.aged(DECEMBER, limits) == []
    found = owed.payment_days(DECEMBER.replace(day=1), DECEMBER, target=30)
    assert (found.days, found.in_time) == (Decimal("25.0"), Decimal("100.0"))
    told = owed.statement(business.room.supplier.pk, DECEMBER.replace(day=1), DECEMBER)
    assert (told.opening, told.paid, told.closing) == (Decimal("10.00"), Decimal("10.00"), 0)


def test_a_supplier_is_aged_by_days(business: Settling) -> None:
    business.invoice(business.receive(business.items[0], 1, "10.00"), "10.00")
    business.receive(business.items[0], 1, "4.00")
    limits = (30, 60, 90, 180, 360)
    [row] = owed.aged(DAY + dt.timedelta(days=61), limits)
    assert (row.by_age, row.estimated) == ([0, 0, Decimal("10.00"), 0, 0, 0], Decimal("4.00"))
    [row] = owed.aged(DAY + dt.timedelta(days=361), limits)
    assert row.by_age[5] == Decimal("10.00")
    assert owed.age_titles(limits) == [
        "30 天内",
        "31–60 天",
        "61–90 天",
        "91–180 天",
        "181–360 天",
        "360 天以上",
    ]
