"""A count posts differences: what moved between the snapshot and the count is nobody's loss."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hrp.logistics.counting.documents.stocktake import Stocktake
from hrp.logistics.counting.models import Count, CountTask, PendingLoss
from hrp.logistics.counting.services import counting, planning
from hrp.logistics.counting.services.counting import Entry
from hrp.logistics.counting.tests.world import Counted, at
from hrp.logistics.models import Item
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid
from hrp.platform.documents import posting, services
from hrp.platform.documents.testing import DAY, DocumentContract

pytestmark = pytest.mark.django_db
BATCH, AVERAGE, FIFO = 0, 1, 2


class TestStocktake(DocumentContract):
    model = Stocktake

    def prepare(self) -> None:
        self.shop = Counted(self.world)
        with at(8):
            self.shop.receive(self.shop.items[BATCH], 1000, "333.33")
        self.hour = 8

    def header(self) -> dict[str, Any]:
        """Each header is that of a count of its own, one piece short."""
        self.hour += 1
        with at(self.hour % 12 + 8, self.hour):
            task = self.shop.plan()
            line = task.lines.get()
            self.shop.count(task, line.item, line.book - 1)
            self.made = self.shop.conclude(task)
        assert self.made is not None
        return {
            **self.common_header(), "task": task.pk, "store": self.shop.store.pk, "fund": self.shop.room.fund.pk,
        }  # fmt: skip

    def lines(self) -> list[dict[str, Any]]:
        [x] = self.made.lines.all()
        return [
            {"item": x.item_id, "batch": x.batch_id, "book": x.book, "moved": x.moved, "counted": x.counted, "reason": "lost"}
        ]  # fmt: skip


@pytest.fixture
def shop() -> Counted:
    with at(8):
        return Counted()


def test_the_published_case_what_moved_before_the_count_is_no_difference(shop: Counted) -> None:
    """ACC-04: book 100 at the freeze, 30 issued and 10 received before the count, 78 counted: two short."""
    item = shop.items[AVERAGE]
    with at(8, 30):
        shop.receive(item, 100, "250.00", "A")
    with at(9):
        task = shop.plan()
    with at(9, 20):
        shop.issue(item, 30)
        shop.receive(item, 10, "25.00", "A")
    with at(9, 40):
        shop.count(task, item, 78)
    with at(10):
        shop.issue(item, 5)
    with at(11):
        draft = shop.conclude(task)
        assert draft is not None
        [line] = draft.lines.all()
        assert (line.book, line.moved, line.counted, line.difference) == (100, -20, 78, -2)
        done = shop.book(draft)
    assert done.total == Decimal("-5.00")
    assert shop.worth(item)[0] == 73, "a difference is posted, the balance is not set"
    assert shop.ledger("1902") == Decimal("5.00")
    shop.check()


@pytest.mark.parametrize("method", [BATCH, AVERAGE, FIFO])
def test_a_loss_costs_an_issue_and_a_gain_the_average(shop: Counted, method: int) -> None:
    item = shop.items[method]
    with at(8, 30):
        shop.receive(item, 3, "10.00", "A")
    for hour, counted, worth in ((9, 2, "-3.33"), (11, 3, "3.34")):
        with at(hour):
            task = shop.plan()
            shop.count(task, item, counted)
            done = shop.book(shop.conclude(task))
            assert done.total == Decimal(worth)
            shop.check()
    posting.reverse(done, actor=shop.planner, reason="错盘", on=DAY)
    shop.check()
    assert shop.worth(item) == (2, Decimal("6.67"))


def test_a_gain_of_what_was_all_gone_takes_the_latest_price(shop: Counted) -> None:
    item = shop.items[BATCH]
    with at(8, 30):
        shop.receive(item, 4, "10.00", "A")
        shop.receive(shop.items[AVERAGE], 1, "1.00")
        shop.issue(item, 4)
    with at(9):
        task = shop.plan()
        shop.count(task, shop.items[AVERAGE], 1)
        for counter in (shop.first, shop.second):
            found = Entry(uuid.uuid4(), Decimal(2), clock.now(), item=item.pk, lot="A")
            [outcome] = counting.record(task, [found], actor=counter)
            assert outcome.state == "ok"
        assert shop.book(shop.conclude(task)).total == Decimal("5.00")
    shop.check()


def test_all_in_order_makes_no_document(shop: Counted) -> None:
    with at(8, 30):
        shop.receive(shop.items[BATCH], 4, "10.00", "A")
    with at(9):
        task = shop.plan()
        shop.count(task, shop.items[BATCH], 4)
        assert shop.conclude(task) is None
    task.refresh_from_db()
    assert task.state == "done"


def test_who_keeps_the_store_does_not_count_it_and_two_must(shop: Counted) -> None:
    with at(9):
        shop.receive(shop.items[BATCH], 4, "10.00", "A")
        for counters, field in (
            ([shop.clerk, shop.first], "counter_1"),
            ([shop.first], "counter_2"),
            ([shop.first] * 2, "counter_2"),
        ):
            with pytest.raises(Invalid) as refused:
                shop.plan(counters=counters)
            assert [p.field for p in refused.value.problems] == [field]
        with pytest.raises(Forbidden):
            planning.freeze(shop.store, actor=shop.first, counters=[shop.first, shop.second])
        task = shop.plan()
        with pytest.raises(Conflict) as busy:
            shop.plan()
        assert busy.value.code == "counting"
        with pytest.raises(Forbidden):
            shop.count(task, shop.items[BATCH], 4, by=shop.planner)


def test_two_who_differ_are_asked_again_before_it_ends(shop: Counted) -> None:
    item = shop.items[BATCH]
    with at(9):
        shop.receive(item, 40, "10.00", "A")
        task = shop.plan()
        for said in (None, 39, 38):
            if said is not None:
                shop.count(task, item, said, by=shop.first if said == 39 else shop.second)
            with pytest.raises(Conflict) as refused:
                shop.conclude(task)
            assert refused.value.code == "not_counted"
        assert "0 行未盘、1 行待复盘" in refused.value.reason
        [outcome] = shop.count(task, item, 40, by=shop.first)
        assert outcome.state == "ok"
        assert Count.objects.filter(recount=True).count() == 1
        [late] = shop.count(task, item, 12, by=shop.second)
        assert (late.state, late.code) == ("conflict", "settled")
        assert shop.conclude(task) is None


def test_what_a_device_sends_late_or_twice(shop: Counted) -> None:
    item = shop.items[BATCH]
    with at(9):
        shop.receive(item, 4, "10.00", "A")
        task = shop.plan()
        line = task.lines.get()
        key = uuid.uuid4()
        entry = Entry(key, Decimal(4), clock.now(), line.pk)
        other = Entry(uuid.uuid4(), Decimal(5), clock.now(), line.pk)
        assert [o.state for o in counting.record(task, [entry, entry], actor=shop.first)] == ["ok", "again"]
        assert [o.state for o in counting.record(task, [entry], actor=shop.first)] == ["again"]
        [changed] = counting.record(task, [other], actor=shop.first)
        assert (changed.state, changed.code, changed.words) == (
            "conflict",
            "counted_before",
            "您已盘 4，这次是 5",
        )
        insisted = Entry(other.key, Decimal(5), clock.now(), line.pk, replace=True)
        assert [o.state for o in counting.record(task, [insisted], actor=shop.first)] == ["ok"]
        tomorrow = Entry(uuid.uuid4(), Decimal(5), clock.now() + dt.timedelta(days=1), line.pk)
        nowhere = Entry(uuid.uuid4(), Decimal(5), clock.now(), line.pk + 999)
        unknown = Entry(uuid.uuid4(), Decimal(5), clock.now(), item=item.pk, lot="ZZ")
        outcomes = counting.record(task, [tomorrow, nowhere, unknown], actor=shop.first)
        assert [o.code for o in outcomes] == ["bad_time", "no_such_line", "no_such_batch"]
        planning.cancel(task, actor=shop.planner, reason="改期")
        [ended] = counting.record(
            task, [Entry(uuid.uuid4(), Decimal(5), clock.now(), line.pk)], actor=shop.second
        )
        assert (ended.state, ended.code) == ("conflict", "ended")


def test_a_difference_needs_a_reason_and_cannot_be_edited(shop: Counted) -> None:
    item = shop.items[BATCH]
    with at(9):
        shop.receive(item, 4, "10.00", "A")
        task = shop.plan()
        shop.count(task, item, 3)
        draft = shop.conclude(task)
        assert draft is not None
        with pytest.raises(Conflict) as refused:
            posting.post(services.submit(draft, actor=shop.planner), actor=shop.planner)
        assert refused.value.code == "reason_unknown"
        services.withdraw(draft, actor=shop.planner)
        with pytest.raises(Invalid):
            shop.explained(draft, counted="4")
        with pytest.raises(Invalid):
            shop.explained(draft, reason="other")
        done = shop.book(draft)
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE logistics_count SET quantity = 4")
        assert PendingLoss.objects.get(source=done.source).amount == Decimal("-2.50")


def test_a_loss_greater_than_what_is_left_asks_for_another_count(shop: Counted) -> None:
    item = shop.items[BATCH]
    with at(9):
        shop.receive(item, 4, "10.00", "A")
        task = shop.plan()
        shop.count(task, item, 1)
        draft = shop.conclude(task)
    with at(10):
        shop.issue(item, 2)
        with pytest.raises(Conflict) as refused:
            shop.book(draft)
    assert refused.value.code == "loss_exceeds_book"


def test_cycles_by_class_and_samples(shop: Counted) -> None:
    for place, item in enumerate(shop.items[:3]):
        Item.objects.filter(pk=item.pk).update(abc="ABC"[place])
        shop.receive(item, 4, "10.00", "A")
    with at(9):
        task = shop.plan(method=CountTask.Method.CYCLE, classes="A")
        assert [line.item for line in task.lines.all()] == [shop.items[0]]
        shop.count(task, shop.items[0], 4)
        shop.conclude(task)
        with pytest.raises(Conflict) as refused:
            shop.plan(method=CountTask.Method.CYCLE, classes="A")
        assert refused.value.code == "nothing_to_count"
        planning.cancel(
            shop.plan(method=CountTask.Method.CYCLE, classes="BC"), actor=shop.planner, reason="x"
        )
        assert shop.plan(method=CountTask.Method.RANDOM, sample=2).lines.count() == 2
    with clock.pinned(clock.at(DAY + dt.timedelta(days=30), 10)):
        planning.cancel(CountTask.objects.get(state="counting"), actor=shop.planner, reason="x")
        assert shop.plan(method=CountTask.Method.CYCLE, classes="A").lines.count() == 1


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from((BATCH, AVERAGE, FIFO)), fen=st.integers(1, 99999), before=st.integers(-9, 9),
    after=st.integers(0, 5), off=st.integers(-3, 3),
)  # fmt: skip
def test_whatever_moves_around_the_count_only_the_difference_is_posted(
    shop: Counted, method: int, fen: int, before: int, after: int, off: int
) -> None:
    item = shop.items[method]
    with transaction.atomic():
        with at(8, 30):
            shop.receive(item, 20, Decimal(fen) / 100, "A")
        with at(9):
            task = shop.plan()
        with at(9, 10):
            if before < 0:
                shop.issue(item, -before)
            elif before:
                shop.receive(item, before, Decimal(fen) / 100, "A")
        with at(9, 20):
            shop.count(task, item, 20 + before + off)
        with at(9, 30):
            if after:
                shop.issue(item, after)
        with at(10):
            draft = shop.conclude(task)
            assert (draft is None) == (off == 0)
            if draft is not None:
                done = shop.book(draft)
                shop.check()
                assert shop.worth(item)[0] == 20 + before + off - after
                posting.reverse(done, actor=shop.planner, reason="撤", on=DAY)
        shop.check()
        assert shop.worth(item)[0] == 20 + before - after
        transaction.set_rollback(True)
