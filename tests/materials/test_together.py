"""Several people at once, each doing what comes along, on connections of their own: nothing lost, nothing negative.

Lines are typed in any order, so that without sorted locks they would meet in a deadlock; a refusal is an answer, an
error of the database is not.
"""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Sum

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.documents.stock_transfer import StockTransfer
from hrp.logistics.models import StockBalance, StockMove
from hrp.platform.base import clock, health
from hrp.platform.base.refusals import Refusal
from tests.materials.conftest import NOON
from tests.materials.world import LOTS, Hospital

PEOPLE, EACH = 8, 16
# what may come of two people wanting the same: never an error of the database
ANSWERS = {"no_stock", "stock_gone", "received", "more_than_sent", "more_than_received", "invoiced", "returned", "insufficient",
    "invalid",  # somebody reversed meanwhile what a draft was made from
}  # fmt: skip
ACTS = (
    "receive",
    "issue",
    "issue",
    "issue",
    "send",
    "send",
    "arrive",
    "bring_back",
    "send_back",
    "damage",
    "undo",
)


class Somebody:
    """One of several clerks, with what this one did and may undo."""

    def __init__(self, hospital: Hospital, seed: int) -> None:
        self.hospital = hospital
        self.rng = random.Random(seed)
        self.done: list[Any] = []
        self.answers: list[str] = []

    def work(self) -> None:
        try:
            for _ in range(EACH):
                with clock.pinned(NOON):
                    self._act(self.rng.choice(ACTS))
        finally:
            connection.close()

    def _act(self, what: str) -> None:
        try:
            done = getattr(self, f"_{what}")()
        except Refusal as refused:
            self.answers.append(refused.code)
            return
        self.answers.append("done")
        if done is not None:
            self.done.append(done)

    def _lines(self, least: int, most: int) -> list[dict[str, Any]]:
        """Two or three items in an order of their own."""
        items = self.rng.sample(self.hospital.items, self.rng.randint(2, 3))
        return [{"item": item.pk, "quantity": str(self.rng.randint(least, most))} for item in items]

    def _of(self, kind: type) -> Any:
        found = [one for one in self.done if isinstance(one, kind)]
        return self.rng.choice(found) if found else None

    def _receive(self) -> Any:
        h, lot = self.hospital, self.rng.choice(list(LOTS))
        more = {"lot": lot, "expiry": str(LOTS[lot]), "price": "0"}
        lines = [
            line | more | {"amount": f"{self.rng.randint(1, 9999) / 100}"} for line in self._lines(1, 20)
        ]
        header = {"store": self._store(), "supplier": h.room.supplier.pk, "fund": h.room.fund.pk}
        return h.do(StockReceipt, header, *lines)

    def _issue(self) -> Any:
        h = self.hospital
        return h.do(StockIssue, {"store": self._store(), "fund": h.room.fund.pk}, *self._lines(1, 6))

    def _send(self) -> Any:
        source, to = self.rng.sample(self.hospital.stores, 2)
        return self.hospital.do(StockTransfer, {"store": source.pk, "to_store": to.pk}, *self._lines(1, 5))

    def _arrive(self) -> Any:
        waiting = self.hospital.open_transfers()
        return self.hospital.arrive(self.rng.choice(waiting), Decimal("0.5")) if waiting else None

    def _bring_back(self) -> Any:
        issue = self._of(StockIssue)
        return self.hospital.bring_back(issue, Decimal("0.5")) if issue else None

    def _send_back(self) -> Any:
        receipt = self._of(StockReceipt)
        return self.hospital.send_back(receipt, Decimal("0.25")) if receipt else None

    def _damage(self) -> Any:
        return self.hospital.damage(self.rng.randint(0, 2), self.rng.choice(self.hospital.items), Decimal(1))

    def _undo(self) -> None:
        if self.done:
            self.hospital.undo(self.done[-1])
            self.done.pop()

    def _store(self) -> int:
        return int(self.rng.choice(self.hospital.stores).pk)


def test_whatever_they_do_at_once_every_invariant_holds(committed_db: Any) -> None:
    with clock.pinned(NOON):
        hospital = Hospital()
        for item in hospital.items:
            for store in range(3):
                hospital.receive_lot(item, 10, "33.33", "AB"[store % 2], store)
    people = [Somebody(hospital, seed) for seed in range(PEOPLE)]
    with ThreadPoolExecutor(PEOPLE) as together:
        for ended in [together.submit(one.work) for one in people]:
            ended.result()
    with clock.pinned(NOON):
        assert [o.words() for o in health.run() if o.state != "ok"] == []
        answers = [answer for one in people for answer in one.answers]
        assert set(answers) - {"done"} <= ANSWERS
        assert answers.count("done") > len(answers) / 3
        held = StockBalance.objects.aggregate(sum=Sum("quantity"))["sum"]
        assert held == StockMove.objects.aggregate(sum=Sum("quantity"))["sum"]
        assert not StockBalance.objects.filter(quantity__lt=0).exists()
        all_undone(hospital, [done for one in people for done in one.done])


def all_undone(hospital: Hospital, done: list[Any]) -> None:
    """Afterwards one person can undo it all, the newest first.

    Not in any order: a receipt undone early may take the very goods that two transfers need to go home.
    """
    done.sort(key=lambda one: one.posted_at, reverse=True)
    while done:
        before = len(done)
        for one in list(done):
            try:
                hospital.undo(one)
            except Refusal:
                continue
            done.remove(one)
        assert len(done) < before, [str(one) for one in done]
    assert hospital.broken() == []
