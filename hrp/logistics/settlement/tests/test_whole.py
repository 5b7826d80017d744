"""Random business with invoices, adjustments, payments and closes: every invariant holds after each step."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.documents.stock_transfer import StockTransfer
from hrp.logistics.settlement.services import closing
from hrp.logistics.settlement.subledger import estimates, payables
from hrp.logistics.settlement.tests.world import Settling
from hrp.logistics.subledger.transit import open_of
from hrp.platform.base.refusals import Conflict

pytestmark = pytest.mark.django_db
EXPECTED = {
    "no_stock",
    "stock_gone",
    "received",
    "more_than_sent",
    "invoiced",
    "in_transit",
    "insufficient",
    "paid",
    "has_red",
}

STEPS = st.lists(
    st.tuples(
        st.sampled_from(("receive", "receive", "issue", "issue", "send", "arrive", "invoice", "invoice", "freight", "pay", "reverse")),
        st.integers(0, 3), st.integers(1, 400), st.integers(0, 9999),
    ),
    min_size=4, max_size=12,
)  # fmt: skip


@pytest.fixture
def business() -> Settling:
    return Settling()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_is_done_materials_and_ledger_agree(business: Settling, steps: list[Any]) -> None:
    with transaction.atomic():
        done: list[Any] = []
        for step in steps:
            try:
                with transaction.atomic():
                    act(business, done, *step)
            except Conflict as refused:
                if refused.code not in EXPECTED:
                    raise
            business.check()
        closed = closing.close(actor=business.clerk, period=business.period)
        business.check()
        closing.reopen(actor=business.second(f"second-{closed.pk}"), closed=closed, reason="复核")
        undo(business, done)
        transaction.set_rollback(True)


def undo(business: Settling, done: list[Any]) -> None:
    """What was done can be undone, the last first, until nothing is left of it but what the month's true-up did."""
    from hrp.logistics.settlement.documents.cost_adjustment import CostAdjustment

    for document in CostAdjustment.objects.filter(purpose="month_average", state="posted"):
        business.reverse(document)
    while done:
        before = len(done)
        for document in reversed(list(done)):
            try:
                with transaction.atomic():
                    business.reverse(document)
            except Conflict:
                continue
            done.remove(document)
        business.check()
        assert len(done) < before
    assert payables.open_items(business.room.supplier.pk) == []
    assert all(business.worth(item) == (0, 0) for item in business.items)


def act(business: Settling, done: list[Any], what: str, item: int, size: int, fen: int) -> None:
    thing, quantity, amount = business.items[item], Decimal(size) / 100, Decimal(fen) / 100
    receipts = [d for d in done if isinstance(d, StockReceipt)]
    if what == "receive":
        done.append(business.receive(thing, quantity, amount, "AB"[fen % 2]))
    elif what == "issue":
        done.append(
            business.issue_to(business.world.other if fen % 2 else business.world.unit, thing, quantity)
        )
    elif what == "send":
        done.append(business.send(thing, quantity))
    elif what == "arrive":
        sent = next((d for d in done if isinstance(d, StockTransfer) and open_of(d.pk, d.source)), None)
        if sent is not None:
            done.append(business.arrive(sent, Decimal(fen % 100 + 1) / 100))
    elif what == "invoice" and receipts:
        line = receipts[size % len(receipts)].lines.get()
        left = estimates.open_of([line.pk])[line.pk][0]
        part = left if fen % 3 else min(left, quantity)
        if part:
            given = {"receipt_line": line.pk, "quantity": str(part), "amount": str(amount)}
            done.append(business.invoice(line.document, amount, given))
    elif what == "freight" and receipts and amount:
        line = receipts[size % len(receipts)].lines.get()
        signed = -amount / 100 if fen % 4 == 0 else amount
        done.append(
            business.adjust(
                {"receipt_line": line.pk, "amount": str(signed.quantize(Decimal("0.01")) or Decimal(1))}
            )
        )
    elif what == "pay":
        found = [i for i in payables.open_items(business.room.supplier.pk) if i.open > 0]
        if found:
            done.append(
                business.pay(
                    (found[0].id, min(found[0].open, quantity)), reference=f"B{len(done)}-{size}-{fen}"
                )
            )
    elif what == "reverse" and done:
        document = done[fen % len(done)]
        business.reverse(document)
        done.remove(document)
