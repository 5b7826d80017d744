"""What the grid of an issue shows is what posting takes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from hrp.config import testing
from hrp.logistics.models import Batch, StockMove
from hrp.logistics.subledger.looking import would_take
from hrp.logistics.subledger.taking import Want
from hrp.logistics.tests.test_subledger import Business
from hrp.platform.base import clock, stamps
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents.testing import DAY

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture(autouse=True)
def _now() -> Any:
    with clock.pinned(clock.at(DAY, 10)):
        yield


class Looking(TestCase):
    @settings(max_examples=12, deadline=None)
    @given(
        came=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 999)), min_size=1, max_size=4),
        wanted=st.integers(1, 24), which=st.integers(0, 1),
    )  # fmt: skip
    def test_a_look_and_the_posting_agree(self, came: list[tuple[int, int]], wanted: int, which: int) -> None:
        testing.forget()  # what the example before left in caches was rolled back with it
        business = Business()
        item = business.items[which]
        for place, (quantity, fen) in enumerate(came):
            business.receive(item, quantity, D(fen) / 100, lot=f"L{place}", expiry=f"2028-0{9 - place}-01")
        [look] = would_take([Want(1, item.pk, D(wanted))], store_id=business.stores[0].pk, on=DAY)
        if look.is_short:
            with pytest.raises(Conflict):
                business.issue(item, wanted)
            assert look.free == sum(quantity for quantity, _ in came)
            return
        issue = business.issue(item, wanted)
        moves = StockMove.objects.filter(source=issue.source).order_by("id")
        assert [(m.batch_id, -m.quantity) for m in moves] == [(p.batch_id, p.quantity) for p in look.picks]
        assert look.amount == issue.total


def stock(business: Business) -> Any:
    item = business.items[0]
    business.receive(item, 5, "50.00", lot="NEAR", expiry="2028-01-31")
    business.receive(item, 10, "110.00", lot="LATE", expiry="2028-06-30")
    return item


def test_lines_of_one_item_leave_less_for_each_other() -> None:
    business = Business()
    item = stock(business)
    looks = would_take(
        [Want(1, item.pk, D(7)), Want(2, item.pk, D(8)), Want(3, item.pk, D(1))],
        store_id=business.stores[0].pk,
        on=DAY,
    )
    assert [look.free for look in looks] == [15, 8, 0]
    assert [look.is_short for look in looks] == [False, False, True]


def advice(client: Client, business: Business, *lines: dict[str, Any], **header: Any) -> dict[str, Any]:
    given = {"store": business.stores[0].pk, "business_date": str(DAY)} | header
    for place, line in enumerate(lines):
        given |= {f"lines-{place}-{name}": value for name, value in line.items()}
    answer = client.post("/logistics/stock-issues/advise", given)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()["rows"]
    return found


def test_the_grid_says_what_is_there_what_goes_and_why(client: Client) -> None:
    business = Business()
    item = stock(business)
    Batch.objects.filter(lot="LATE").update(hold="frozen")
    business.world.grant(business.clerk, "logistics.stock.view")
    stamps.forget()
    client.force_login(business.clerk)
    told = advice(
        client,
        business,
        {"item": item.pk, "quantity": "3"},
        {"item": "", "quantity": ""},
        {"item": item.pk, "quantity": "3"},
    )
    assert told["0"]["shown"] == {"available": "5", "batches": "NEAR 至 2028-01-31", "amount": "30.00"}
    assert "LATE 10（已冻结）" in told["0"]["why"]["batches"]
    assert "1" not in told, "an empty row is asked nothing"
    assert told["2"]["wrong"] == {"quantity": "库存不足：需 3，可用 2 个"}
    nonsense = advice(
        client, business, {"item": "9" * 30, "quantity": "NaN"}, store="x", business_date="gestern"
    )
    assert nonsense["0"] == {"fill": {}, "shown": {}, "why": {}, "wrong": {}}


def test_stock_of_a_store_one_may_not_see_is_not_told(client: Client) -> None:
    business = Business()
    item = stock(business)
    client.force_login(business.clerk)
    assert advice(client, business, {"item": item.pk, "quantity": "3"})["0"]["shown"] == {}
    client.force_login(business.world.user("nobody", "外人", "logistics.item.view"))
    assert client.post("/logistics/stock-issues/advise", {}).status_code == 403
