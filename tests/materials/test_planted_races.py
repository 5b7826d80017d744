"""Bugs that only two people at once can bring out, and the proof that finds each: planted, and then not."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from hrp.logistics import subledger
from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.models import Reservation
from hrp.logistics.purchasing import outgoing
from hrp.logistics.requesting.documents.requisition import Requisition
from hrp.logistics.subledger import holding, taking, writing
from hrp.platform.base import clock, contention, health
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import Document
from tests.materials.conftest import NOON
from tests.materials.world import Hospital

Patch = pytest.MonkeyPatch
SECONDS = 5
NO_DEADLOCK, NOT_TWICE = "无死锁", "答应的不超过可用"


def submitted(hospital: Hospital, model: type[Document], *quantities: tuple[int, int]) -> Any:
    """One line for each (place of the item, quantity), in that order."""
    header = hospital.header(store=hospital.store.pk)
    if model is StockIssue:
        header["fund"] = hospital.room.fund.pk
    lines = [{"item": hospital.items[item].pk, "quantity": str(quantity)} for item, quantity in quantities]
    return services.submit(
        services.save_draft(model, actor=hospital.clerk, header=header, lines=lines), actor=hospital.clerk
    )


def one_into_the_other(hospital: Hospital, first: Any, second: Any) -> list[str]:
    """The first has posted and not committed while the second posts; what came of each."""
    posted, through = threading.Event(), threading.Event()

    def begin() -> str:
        with clock.pinned(NOON), transaction.atomic():
            state = posting.post(first, actor=hospital.clerk).state
            posted.set()
            _until(lambda: through.is_set() or _somebody_waits())
        return str(state)

    def follow() -> str:
        posted.wait(SECONDS)
        try:
            with clock.pinned(NOON):
                return str(posting.post(second, actor=hospital.clerk).state)
        except Conflict as refused:
            return refused.code
        finally:
            through.set()

    return at_once([begin, follow])


def at_once(acts: Sequence[Callable[[], str]]) -> list[str]:
    def run(act: Callable[[], str]) -> str:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as people:
        return list(people.map(run, acts))


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted"
            " AND a.datname = current_database()"
        )
        return bool(cursor.fetchone()[0])


# -- stories -------------------------------------------------------------------------------------------------------


def two_issues(hospital: Hospital) -> set[str]:
    with clock.pinned(NOON):
        hospital.receive_lot(hospital.items[0], 10, "33.33")
        documents = [submitted(hospital, StockIssue, (0, 4)) for _ in range(2)]
    assert one_into_the_other(hospital, *documents) == ["posted", "posted"]
    return set()


def two_requests(hospital: Hospital) -> set[str]:
    with clock.pinned(NOON):
        hospital.receive_lot(hospital.items[0], 10, "33.33")
        documents = [submitted(hospital, Requisition, (0, 6)) for _ in range(2)]
    one_into_the_other(hospital, *documents)
    return {NOT_TWICE} if sum(Reservation.objects.values_list("quantity", flat=True)) > 10 else set()


def crossing(hospital: Hospital) -> set[str]:
    """Two issues of the same two items, typed the other way round."""
    with clock.pinned(NOON):
        for item in hospital.items[:2]:
            hospital.receive_lot(item, 10, "33.33")
        documents = [
            submitted(hospital, StockIssue, (0, 1), (1, 1)),
            submitted(hospital, StockIssue, (1, 1), (0, 1)),
        ]

    def post(document: Any) -> str:
        with clock.pinned(NOON):
            return str(posting.post(document, actor=hospital.clerk).state)

    with deadlocks() as met:
        outcomes = at_once([lambda one=one: post(one) for one in documents])  # type: ignore[misc]
    assert outcomes == ["posted", "posted"]  # whoever was broken off did it again
    return {NO_DEADLOCK} if met else set()


def arriving_between(hospital: Hospital) -> set[str]:
    """Goods go back to their supplier while others of them arrive, and a third clerk wants both."""
    item = hospital.items[0]
    with clock.pinned(NOON):
        receipt = hospital.receive_lot(item, 10, "33.33", "B")
    held, hold = threading.Event(), subledger.hold

    def held_for_a_while(*args: Any, **more: Any) -> Any:
        found = hold(*args, **more)
        held.set()
        _until(_somebody_waits)
        return found

    def send_back() -> str:
        with clock.pinned(NOON):
            return str(hospital.send_back(receipt, Decimal("0.5")).state)

    def arrive_and_issue() -> str:
        held.wait(SECONDS)
        with clock.pinned(NOON):
            hospital.receive_lot(item, 10, "33.33", "A")
            issue = submitted(hospital, StockIssue, (0, 1))
            return str(posting.post(issue, actor=hospital.clerk).state)

    with Patch.context() as patch, deadlocks() as met:
        patch.setattr(subledger, "hold", held_for_a_while)
        assert at_once([send_back, arrive_and_issue]) == ["posted", "posted"]
    return {NO_DEADLOCK} if met else set()


@contextmanager
def deadlocks() -> Iterator[list[str]]:
    """What the database had to break off meanwhile."""
    met: list[str] = []
    listener = logging.Handler()
    listener.emit = lambda record: met.append(record.getMessage())  # type: ignore[method-assign]
    contention.log.addHandler(listener)
    try:
        yield met
    finally:
        contention.log.removeHandler(listener)


# -- the bugs ------------------------------------------------------------------------------------------------------


def read_then_write(patch: Patch) -> None:
    """No lock when reading what is there, and what was read is what the new balance is made from."""
    patch.setattr(taking, "HOLDINGS_SQL", taking.HOLDINGS_SQL.replace("FOR UPDATE OF b", ""))
    statement = writing.DECREASE_SQL
    for old, new in (
        ("quantity = b.quantity + t", "quantity = o.quantity + t"), ("amount = b.amount + t", "amount = o.amount + t"),
        ("FROM (SELECT item, batch", "FROM logistics_balance o, (SELECT item, batch"), ("WHERE b.store_id", "WHERE o.id = b.id AND b.store_id"),
    ):  # fmt: skip
        assert old in statement
        statement = statement.replace(old, new)
    patch.setattr(writing, "DECREASE_SQL", statement)


def promised_without_lock(patch: Patch) -> None:
    lock = taking.lock_holdings

    def planted(store: int, items: Sequence[int]) -> Any:
        with pytest.MonkeyPatch.context() as within:
            within.setattr(taking, "HOLDINGS_SQL", taking.HOLDINGS_SQL.replace("FOR UPDATE OF b", ""))
            return lock(store, items)

    patch.setattr(holding, "lock_holdings", planted)


def locked_as_typed(patch: Patch) -> None:
    """Item by item in the order of the lines; both stand still between the first and the second."""
    take, lock = taking.take, taking.lock_holdings
    typed, meeting = threading.local(), threading.Barrier(2)

    def planted_take(wants: Sequence[taking.Want], **more: Any) -> Any:
        typed.order = [want.item_id for want in wants]
        return take(wants, **more)

    def planted_lock(store: int, _items: Sequence[int], **_more: Any) -> Any:
        first, second = typed.order
        found = lock(store, [first])
        if not getattr(typed, "met", False):  # not when it is done again
            typed.met = True
            meeting.wait(SECONDS)
        return found | lock(store, [second])

    patch.setattr(subledger, "take", planted_take)
    patch.setattr(taking, "lock_holdings", planted_lock)


def looked_at_anew(patch: Patch) -> None:
    """A document that holds its stock first looks at all there is afterwards."""
    lock = taking.lock_holdings
    patch.setattr(outgoing, "lock_holdings", lambda store, items, **_more: lock(store, items))


@dataclass(frozen=True)
class Bug:
    plant: Callable[[Patch], None]
    story: Callable[[Hospital], set[str]]
    proof: str


BUGS = {
    "并发丢失更新：读余额不加锁": Bug(read_then_write, two_issues, "LOG-I2"),
    "同一份库存答应了两家": Bug(promised_without_lock, two_requests, NOT_TWICE),
    "加锁不排序": Bug(locked_as_typed, crossing, NO_DEADLOCK),
    "锁定之后又看新到的批次": Bug(looked_at_anew, arriving_between, NO_DEADLOCK),
}


def said(hospital: Hospital, story: Callable[[Hospital], set[str]]) -> set[str]:
    failed = story(hospital)
    with clock.pinned(NOON):
        return failed | {o.id for o in health.run() if o.state != "ok"}


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_race_is_found(name: str, committed_db: Any, monkeypatch: Patch) -> None:
    with clock.pinned(NOON):
        hospital = Hospital()
    bug = BUGS[name]
    bug.plant(monkeypatch)
    assert bug.proof in said(hospital, bug.story)


@pytest.mark.parametrize("name", BUGS)
def test_the_proof_is_silent_without_it(name: str, committed_db: Any) -> None:
    with clock.pinned(NOON):
        hospital = Hospital()
    assert said(hospital, BUGS[name].story) == set()
