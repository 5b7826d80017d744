"""A store to be counted: its keeper, the planner, and two counters who keep nothing."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from hrp.logistics.counting.documents.stocktake import Stocktake
from hrp.logistics.counting.models import CountTask
from hrp.logistics.counting.services import concluding, counting, planning
from hrp.logistics.counting.services.counting import Entry, Outcome
from hrp.logistics.models import Item
from hrp.logistics.tests.test_subledger import Business
from hrp.platform.base import clock
from hrp.platform.documents import posting, services
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY, World
from hrp.platform.ledger.models import Line

KINDS = ("stocktake", "scrap", "loss_settlement")


@contextmanager
def at(hour: int, minute: int = 0) -> Iterator[None]:
    with clock.pinned(clock.at(DAY, hour, minute)):
        yield


class Counted(Business):
    """The business of :mod:`test_subledger`, with people who count it."""

    def __init__(self, world: World | None = None) -> None:
        super().__init__(world)
        self.planner = self.world.user(
            "planner", "物资会计", "logistics.count.view", "logistics.count.edit", "logistics.scrap.appraise",
            *(f"logistics.{kind}.{act}" for kind in KINDS for act in ACTS),
        )  # fmt: skip
        self.first = self.world.user("first_counter", "何静", "logistics.count.work", "logistics.count.view")
        self.second = self.world.user(
            "second_counter", "周敏", "logistics.count.work", "logistics.count.view"
        )
        self.appraiser = self.world.user(
            "appraiser", "鉴定员", "logistics.scrap.appraise", "logistics.scrap.destroy"
        )
        self.store = self.stores[0]

    def plan(self, **more: Any) -> CountTask:
        return planning.freeze(
            self.store, actor=self.planner, counters=more.pop("counters", [self.first, self.second]), **more
        )

    def count(
        self,
        task: CountTask,
        item: Item,
        quantity: Any,
        *,
        by: Any = None,
        when: dt.datetime | None = None,
        **more: Any,
    ) -> list[Outcome]:
        """Both counters (or ``by``) find ``quantity`` of the only batch of an item."""
        line = task.lines.get(item=item)
        return [
            outcome
            for counter in ([by] if by else [self.first, self.second])
            for outcome in counting.record(
                task,
                [Entry(uuid.uuid4(), Decimal(str(quantity)), when or clock.now(), line.pk, **more)],
                actor=counter,
            )
        ]

    def conclude(self, task: CountTask) -> Stocktake | None:
        return concluding.conclude(task, actor=self.planner)

    def explained(self, draft: Stocktake, **line: Any) -> Stocktake:
        """The draft with a reason for each line, submitted."""
        lines = [
            {
                "item": x.item_id, "batch": x.batch_id, "book": x.book, "moved": x.moved, "counted": x.counted,
                "reason": "clerical", **line,
            }
            for x in draft.lines.order_by("position")
        ]  # fmt: skip
        header = {"campus": draft.campus_id, "org_unit": draft.org_unit_id, "business_date": DAY, "task": draft.task_id,
                  "store": draft.store_id, "fund": draft.fund_id}  # fmt: skip
        draft = services.save_draft(Stocktake, actor=self.planner, header=header, lines=lines, pk=draft.pk)
        return services.submit(draft, actor=self.planner)

    def book(self, draft: Stocktake | None, **line: Any) -> Stocktake:
        assert draft is not None
        return posting.post(self.explained(draft, **line), actor=self.planner)

    def ledger(self, account: str) -> Decimal:
        return sum(Line.objects.filter(account__code=account).values_list("amount", flat=True), Decimal(0))
