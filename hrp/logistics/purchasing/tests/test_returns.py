"""Goods go back at what was paid for them, by every method of valuation, and never more of them than came."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.models import Item, StockBalance, Valuation
from hrp.logistics.purchasing.documents.supplier_return import SupplierReturn
from hrp.logistics.purchasing.services import returning
from hrp.logistics.purchasing.tests.world import Market
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents import posting, services
from hrp.platform.documents.testing import DAY
from hrp.platform.ledger.models import Line

pytestmark = pytest.mark.django_db


def send_back(market: Market, receipt: Any, quantity: Any, position: int = 1) -> SupplierReturn:
    line = receipt.lines.get(position=position)
    header = {
        "campus": receipt.campus_id, "org_unit": receipt.org_unit_id, "business_date": DAY, "receipt": receipt.pk,
        "store": receipt.store_id, "reason": "质量问题",
    }  # fmt: skip
    row = {"receipt_position": position, "item": line.item_id, "quantity": str(quantity)}
    draft = services.save_draft(SupplierReturn, actor=market.keeper, header=header, lines=[row])
    return market.post(draft, market.keeper)


def issue(market: Market, item: Item, quantity: Any) -> StockIssue:
    header = {**market.room.receipt_header()}
    row = {"item": item.pk, "quantity": str(quantity)}
    draft = services.save_draft(StockIssue, actor=market.keeper, header=header, lines=[row])
    return market.post(draft, market.keeper)


def booked(document: Any) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for line in Line.objects.filter(entry__source=document.source).select_related("account"):
        found[line.account.code] = found.get(line.account.code, Decimal(0)) + line.amount
    return {code: amount for code, amount in found.items() if amount}


def valued(market: Market, method: str) -> Item:
    return Item.objects.create(
        code="M", name=method, unit="个", kind="general", material_class=market.gauze.material_class, cost_method=method,
        lot_required=False, expiry_required=False, trace_mode="none",
    )  # fmt: skip


def test_case_stk_19_the_batch_leaves_at_its_own_price_not_at_the_average(market: Market) -> None:
    market.direct(market.line(market.syringe, 10, "100", lot="B1", expiry="2027-01-01"))
    second = market.direct(market.line(market.syringe, 10, "110", lot="B2", expiry="2027-06-01"))
    document = send_back(market, second, 3)
    assert document.total == Decimal("330.00")
    assert booked(document) == {"2302.02": Decimal("330.00"), "1302.05": Decimal("-330.00")}
    held = StockBalance.objects.values_list("quantity", "amount")
    assert (sum(q for q, _ in held), sum(a for _, a in held)) == (17, Decimal("1770.00"))
    market.check()


def test_an_average_that_has_moved_shows_its_difference_and_the_payable_does_not(market: Market) -> None:
    item = valued(market, "moving_average")
    market.direct(market.line(item, 2, "1.00"))
    dear = market.direct(market.line(item, 1, "1.01"))
    issue(market, item, 2)
    document = send_back(market, dear, 1)
    line = document.lines.get()
    assert (line.amount, line.stock_amount) == (Decimal("1.01"), Decimal("1.00"))
    assert booked(document) == {
        "2302.02": Decimal("1.01"), "1302.05": Decimal("-1.00"), "5001.02.05": Decimal("-0.01"),
    }  # fmt: skip
    assert Valuation.objects.get(item=item).amount == 0
    market.check()


def test_first_in_first_out_gives_back_the_layer_it_made(market: Market) -> None:
    item = valued(market, "fifo")
    market.direct(market.line(item, 10, "10"))
    later = market.direct(market.line(item, 10, "12"))
    document = send_back(market, later, 4)
    assert document.lines.get().stock_amount == Decimal("48.00")
    posting.reverse(_may_reverse(market, document), actor=market.keeper, reason="供应商不收", on=DAY)
    assert Valuation.objects.get(item=item).amount == Decimal("220.00")
    assert issue(market, item, 15).total == Decimal("160.00")
    market.check()


def _may_reverse(market: Market, document: SupplierReturn) -> SupplierReturn:
    market.world.grant(market.keeper, "logistics.supplier_return.reverse")
    return document


def test_no_more_goes_back_than_came_or_than_is_there(market: Market) -> None:
    receipt = market.direct(market.line(market.gauze, 10, "0.333333"))
    first = send_back(market, receipt, 7)
    with pytest.raises(Invalid) as refused:
        send_back(market, receipt, 4)
    assert "已退 7，不能再退 4" in refused.value.problems[0].message
    issue(market, market.gauze, 2)
    with pytest.raises(Conflict) as gone:
        send_back(market, receipt, 3)
    assert gone.value.code == "no_stock"
    last = send_back(market, receipt, 1)
    assert first.total + last.total == Decimal("2.66"), "2.33 of 7, 0.33 of 1 of the 1.00 left for three"
    market.check()


def test_the_last_piece_takes_the_tail_of_what_was_paid(market: Market) -> None:
    receipt = market.direct(market.line(market.gauze, 3, "0", amount="10.00"))
    totals = [send_back(market, receipt, 1).total for _ in range(3)]
    assert totals == [Decimal("3.33"), Decimal("3.34"), Decimal("3.33")]
    assert sum(totals) == Decimal("10.00")
    market.check()


def test_a_receipt_with_a_return_is_not_reversed_and_a_gift_is_not_sent_back(market: Market) -> None:
    receipt = market.direct(market.line(market.gauze, 3, "1"))
    document = send_back(market, receipt, 1)
    market.world.grant(market.keeper, "logistics.stock_receipt.reverse")
    with pytest.raises(Conflict) as refused:
        posting.reverse(receipt, actor=market.keeper, reason="错", on=DAY)
    assert refused.value.code in ("returned", "invoiced"), "whichever room notices first names the return"
    returning.confirm(actor=market.keeper, document=document, paper="红字发票 26310001")
    with pytest.raises(Conflict) as confirmed:
        posting.reverse(_may_reverse(market, document), actor=market.keeper, reason="又不退了", on=DAY)
    assert confirmed.value.code == "confirmed"
    gift = market.direct(market.line(market.gauze, 3, "1"), origin="donation")
    with pytest.raises(Invalid):
        send_back(market, gift, 1)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("receive", "receive", "issue", "return", "undo")), st.integers(1, 300), st.integers(1, 999)
    ),
    min_size=4, max_size=12,
)  # fmt: skip


@pytest.mark.parametrize("method", ["batch", "moving_average", "fifo"])
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_is_returned_the_payable_is_what_was_paid_and_every_invariant_holds(
    market: Market, method: str, steps: list[Any]
) -> None:
    with transaction.atomic():
        item = valued(market, method)
        market.world.grant(market.keeper, "logistics.supplier_return.reverse")
        receipts: list[Any] = []
        returns: list[Any] = []
        for what, size, fen in steps:
            quantity = Decimal(size) / 100
            try:
                with transaction.atomic():
                    if what == "receive":
                        receipts.append(
                            market.direct(market.line(item, quantity, "0", amount=str(Decimal(fen) / 100)))
                        )
                    elif what == "issue":
                        issue(market, item, quantity)
                    elif what == "return" and receipts:
                        returns.append(send_back(market, receipts[fen % len(receipts)], quantity))
                    elif what == "undo" and returns:
                        posting.reverse(returns[-1], actor=market.keeper, reason="撤销", on=DAY)
                        returns.pop()
            except (Conflict, Invalid) as refused:
                if refused.code not in ("no_stock", "invalid", "stock_gone"):
                    raise
            market.check()
        for receipt in receipts:
            line = receipt.lines.get()
            back = [d for d in returns if d.receipt_id == receipt.pk]
            whole = sum((d.lines.get().quantity for d in back), Decimal(0)) == line.quantity
            paid = sum((d.total for d in back), Decimal(0))
            assert paid == line.amount if whole else paid <= line.amount
        transaction.set_rollback(True)
