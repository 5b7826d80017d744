"""Whatever is done and undone in three stores with five items, four lots and every method: every invariant holds after each step.

And when all of it is undone, in any order that is legal, nothing is left: not a piece, not a fen, not a promise.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, ClassVar

from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents.testing import DAY
from tests.materials.world import LOTS, Hospital, Use, posted

# refusals a person may meet who asks for what is not there, or undoes what somebody has built upon
EXPECTED = {
    "no_stock", "stock_gone", "received", "more_than_sent", "more_than_received", "invoiced", "insufficient", "returned",
    "use_booked", "settled",
}  # fmt: skip
ITEMS, STORES = st.integers(0, 3), st.integers(0, 2)
QUANTITIES = st.integers(1, 800).map(lambda hundredths: Decimal(hundredths) / 100)
FEN = st.integers(0, 9999).map(lambda fen: Decimal(fen) / 100)
PARTS = st.sampled_from([Decimal(1), Decimal("0.5"), Decimal("0.33")])
WHICH = st.integers(0, 99)


class Business(RuleBasedStateMachine):
    """Every rule is one document (or its reversal); ``done`` is what can still be undone."""

    hospital: ClassVar[Hospital]
    opening: ClassVar[list[Any]]

    def __init__(self) -> None:
        super().__init__()
        self.done: list[Any] = []
        self.minute = 0
        self.order = 0
        self.step = transaction.atomic()
        self.step.__enter__()

    @initialize(order=st.integers(0, 9))
    def begin(self, order: int) -> None:
        """There is something of everything, and ``order`` decides in which order all of it is undone."""
        self.order, self.done = order, list(self.opening)

    @contextmanager
    def _later(self) -> Iterator[None]:
        """A minute after the step before."""
        self.minute += 1
        with clock.pinned(clock.at(DAY, 12 + self.minute // 60, self.minute % 60)):
            yield

    def _do(self, act: Callable[[], Any]) -> None:
        with self._later():
            try:
                with transaction.atomic():
                    made = act()
            except Conflict as refused:
                if refused.code not in EXPECTED:
                    raise
            else:
                if made is not None:
                    self.done.append(made)

    def _one(self, kind: type, which: int) -> Any:
        found = posted(self.done, kind)
        return found[which % len(found)] if found else None

    @rule(item=ITEMS, store=STORES, lot=st.sampled_from(sorted(LOTS)), quantity=QUANTITIES, amount=FEN)
    def receive(self, item: int, store: int, lot: str, quantity: Decimal, amount: Decimal) -> None:
        self._do(lambda: self.hospital.receive_lot(self.hospital.items[item], quantity, amount, lot, store))

    @rule(item=ITEMS, store=STORES, quantity=QUANTITIES)
    def issue(self, item: int, store: int, quantity: Decimal) -> None:
        self._do(lambda: self.hospital.issue(self.hospital.items[item], quantity, store=store))

    @rule(item=ITEMS, store=STORES, further=st.integers(1, 2), quantity=QUANTITIES)
    def send(self, item: int, store: int, further: int, quantity: Decimal) -> None:
        to = (store + further) % 3
        self._do(lambda: self.hospital.send_to(self.hospital.items[item], quantity, store, to))

    @rule(which=WHICH, part=PARTS)
    def arrive(self, which: int, part: Decimal) -> None:
        waiting = self.hospital.open_transfers()
        if waiting:
            self._do(lambda: self.hospital.arrive(waiting[which % len(waiting)], part))

    @rule(which=WHICH, part=PARTS)
    def bring_back(self, which: int, part: Decimal) -> None:
        issue = self._one(StockIssue, which)
        if issue is not None:
            self._do(lambda: self.hospital.bring_back(issue, part))

    @rule(which=WHICH, part=PARTS)
    def send_back(self, which: int, part: Decimal) -> None:
        receipt = self._one(StockReceipt, which)
        if receipt is not None:
            self._do(lambda: self.hospital.send_back(receipt, part))

    @rule(store=STORES, difference=st.integers(-300, 300).map(lambda n: Decimal(n) / 100))
    def count(self, store: int, difference: Decimal) -> None:
        self._do(lambda: self.hospital.count_with(store, difference))

    @rule(item=ITEMS, store=STORES, quantity=QUANTITIES)
    def damage(self, item: int, store: int, quantity: Decimal) -> None:
        self._do(lambda: self.hospital.damage(store, self.hospital.items[item], quantity))

    @rule(which=WHICH, amount=st.integers(-200, 999).filter(bool).map(lambda fen: Decimal(fen) / 100))
    def freight(self, which: int, amount: Decimal) -> None:
        receipt = self._one(StockReceipt, which)
        if receipt is not None:
            self._do(lambda: self.hospital.freight(receipt, amount))

    @rule(quantity=st.integers(1, 3), lot=st.sampled_from(sorted(LOTS)))
    def consign(self, quantity: int, lot: str) -> None:
        self._do(lambda: self.hospital.consign(quantity, lot))
        self._do(self.hospital.use)

    @rule(which=WHICH)
    def book(self, which: int) -> None:
        use = self._one(Use, which)
        if use is not None and not use.row.bookings.filter(document__state="posted").exists():
            self._do(lambda: self.hospital.book_use(use))

    @rule(which=WHICH)
    def undo(self, which: int) -> None:
        if self.done:
            self._undo(self.done[which % len(self.done)])

    def _undo(self, one: Any) -> None:
        def act() -> None:
            self.hospital.undo(one)
            self.done.remove(one)

        self._do(act)

    @invariant()
    def everything_agrees(self) -> None:
        if self.minute:
            with self._later():
                assert self.hospital.broken() == []

    def teardown(self) -> None:
        try:
            random.Random(self.order).shuffle(self.done)
            while self.done:
                before = len(self.done)
                for one in list(self.done):
                    self._undo(one)
                assert len(self.done) < before, self.done
            self.everything_agrees()
            assert self.hospital.leftovers() == []
        finally:
            transaction.set_rollback(True)
            self.step.__exit__(None, None, None)


def test_whatever_is_done_every_invariant_holds_and_undoing_leaves_nothing(hospital: Hospital) -> None:
    Business.hospital = hospital
    Business.opening = [
        hospital.receive_lot(item, 5 + place, f"{10 + store}.01", "ABCD"[place], store)
        for place, item in enumerate(hospital.items)
        for store in range(3)
    ]
    run_state_machine_as_test(
        Business,
        settings=settings(
            max_examples=5, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
