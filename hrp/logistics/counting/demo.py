"""A count in the demo hospital: a sample of the central store, one batch short, its loss decided; an expired lot to scrap."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Mapping

from hrp.logistics.counting.documents.loss_settlement import LossSettlement
from hrp.logistics.counting.documents.scrap import Scrap
from hrp.logistics.counting.documents.stocktake import Stocktake
from hrp.logistics.counting.models import CountTask, PendingLoss
from hrp.logistics.counting.services import concluding, counting, planning
from hrp.logistics.counting.services.counting import Entry
from hrp.logistics.models import StockBalance, Store
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.documents import posting, services
from hrp.platform.ledger.models import Fund

COUNTER, PLANNER, KEEPER = "shenwei", "zhangxiaoyan", "wangmin"
SAMPLE = 12


def counted(users: Mapping[str, User], store: Store, day: dt.date) -> None:
    """A sample counted on a day by two; one batch is two pieces short, and the hospital bears it."""
    planner, counter = users[PLANNER], users[COUNTER]
    rng = random.Random(20260402)  # noqa: S311 - a believable past, not a secret
    with clock.pinned(clock.at(day, 14)):
        task = planning.freeze(
            store, actor=planner, counters=[counter, planner], method=CountTask.Method.RANDOM, sample=SAMPLE,
            note="季度抽盘",
        )  # fmt: skip
    lines = list(task.lines.order_by("position"))
    short = max(lines, key=lambda line: line.book)
    for minutes, person in ((20, counter), (50, planner)):
        at = clock.at(day, 14, minutes)
        entries = [
            Entry(
                uuid.UUID(int=rng.getrandbits(128), version=4),
                line.book - (2 if line == short else 0),
                at,
                line.pk,
            )
            for line in lines
        ]
        with clock.pinned(at):
            counting.record(task, entries, actor=person)
    with clock.pinned(clock.at(day, 16)):
        draft = concluding.conclude(task, actor=planner)
        assert draft is not None  # noqa: S101 - one batch is short
        done = _explained(draft, planner)
        row = PendingLoss.objects.get(source=done.source)
        header = {
            "campus": store.campus_id, "org_unit": store.org_unit_id, "business_date": day, "treatment": "disposal",
            "basis": "物资管理例会：发放差错，医院承担",
        }  # fmt: skip
        settlement = services.save_draft(
            LossSettlement,
            actor=planner,
            header=header,
            lines=[{"pending": row.pk, "amount": abs(row.amount)}],
        )
        posting.post(services.submit(settlement, actor=planner), actor=planner)


def _explained(draft: Stocktake, planner: User) -> Stocktake:
    header = {
        "campus": draft.campus_id, "org_unit": draft.org_unit_id, "business_date": draft.business_date, "task": draft.task_id,
        "store": draft.store_id, "fund": draft.fund_id, "note": draft.note,
    }  # fmt: skip
    lines = [
        {
            "item": x.item_id, "batch": x.batch_id, "book": x.book, "moved": x.moved, "counted": x.counted,
            "reason": "clerical", "reason_note": "发放时多发一包",
        }
        for x in draft.lines.order_by("position")
    ]  # fmt: skip
    saved = services.save_draft(Stocktake, actor=planner, header=header, lines=lines, pk=draft.pk)
    return posting.post(services.submit(saved, actor=planner), actor=planner)


def today(users: Mapping[str, User], store: Store, day: dt.date, now: dt.datetime) -> None:
    """A count under way, and a damaged pack waiting to be examined."""
    with clock.pinned(now):
        planning.freeze(
            store, actor=users[PLANNER], counters=[users[COUNTER], users[PLANNER]], method=CountTask.Method.RANDOM, sample=8,
            note="月度抽盘",
        )  # fmt: skip
        held = StockBalance.objects.filter(store=store, quantity__gte=10, amount__gt=0).order_by("pk")[0]
        header = {
            "campus": store.campus_id, "org_unit": store.org_unit_id, "business_date": day, "store": store.pk,
            "fund": Fund.objects.get(code="F1").pk, "cause": "broken", "description": "外包装受潮破损",
        }  # fmt: skip
        lines = [{"item": held.item_id, "batch": held.batch_id, "quantity": "3"}]
        draft = services.save_draft(Scrap, actor=users[KEEPER], header=header, lines=lines)
        services.submit(draft, actor=users[KEEPER])
