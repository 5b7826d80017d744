"""Posting of 20-line stock issues through the whole ``post()``, one client: documents a second.

Run with ``make bench`` (or ``.venv/bin/python bench/posting.py``). Target: at least 300 documents a second on two
quiet cores of the machine where an ORM loop with save() gave 45 and the floor was 5,066; on any machine, as ratios of
one run: 6.7 times that loop, which writes no voucher, number, state or audit row, and 0.06 of the floor.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hrp.config.settings")

import django
import psycopg
from django.db import transaction

django.setup()

from hrp.config import testing
from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.models import Item, StockBalance, StockMove
from hrp.logistics.rules.valuation import value_out
from hrp.logistics.tests.test_documents import Stockroom
from hrp.platform.base import clock
from hrp.platform.documents import posting, services
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY, World
from hrp.platform.ledger.models import Period

DOCUMENTS, LINES, ITEMS = 300, 20, 400


def prepare() -> tuple[Any, list[StockIssue]]:
    world = World()
    room = Stockroom(world)
    kinds = ("logistics.stock_receipt", "logistics.stock_issue")
    clerk = world.user("clerk", "库管员", *(f"{kind}.{act}" for kind in kinds for act in ACTS))
    items = Item.objects.bulk_create(
        Item(
            code=f"B{n:05d}",
            name=f"物资{n}",
            unit="个",
            kind="consumable",
            material_class=room.syringe.material_class,
        )
        for n in range(ITEMS)
    )
    for lot in ("A", "B", "C"):
        room.receive(
            clerk,
            *(
                {"item": i.pk, "lot": lot, "expiry": "2028-01-31", "quantity": "100000", "price": "1.23"}
                for i in items
            ),
        )
    header = {
        "campus": world.campus.pk, "org_unit": world.unit.pk, "business_date": DAY, "store": room.store.pk,
        "fund": room.fund.pk,
    }  # fmt: skip
    drafts = []
    for n in range(DOCUMENTS):
        lines = [{"item": items[(n * 7 + k * 13) % ITEMS].pk, "quantity": "3"} for k in range(LINES)]
        draft = services.save_draft(StockIssue, actor=clerk, header=header, lines=lines)
        drafts.append(services.submit(draft, actor=clerk))
    return clerk, drafts


def measured(work: Callable[[], None], count: int) -> tuple[float, float]:
    """Documents a second, and milliseconds of this process's CPU for each."""
    started, cpu = time.perf_counter(), time.process_time()
    work()
    return count / (time.perf_counter() - started), (time.process_time() - cpu) / count * 1000


def floor(database: testing.Database) -> float:
    """What the disk and one connection give at most: durable commits of one bare 20-row INSERT, a second."""
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("CREATE TABLE bench_floor (a bigint, b bigint, c numeric, d text)")
        owner.commit()
        statement = "INSERT INTO bench_floor SELECT n, n, n * 1.5, 'x' FROM unnest(%s::bigint[]) n"

        def work() -> None:
            for _ in range(DOCUMENTS):
                owner.execute(statement, [list(range(LINES))], prepare=True)
                owner.commit()

        return measured(work, DOCUMENTS)[0]


def orm_loop(drafts: list[StockIssue]) -> float:
    """The peer: the same moves and balances written the way most Django code would, a save() a line, nothing else."""

    @transaction.atomic
    def issue(document: StockIssue) -> None:
        period = Period.objects.get(first_day__lte=DAY, last_day__gte=DAY)
        for line in document.lines.select_related("item").order_by("item_id"):
            balance = (
                StockBalance.objects.select_for_update(of=("self",))
                .filter(store_id=document.store_id, item=line.item, quantity__gte=line.quantity)
                .order_by("batch__expiry", "batch_id")
                .first()
            )
            assert balance is not None
            amount = value_out(balance.quantity, balance.amount, line.quantity)
            balance.quantity -= line.quantity
            balance.amount -= amount
            balance.save()
            StockMove(
                source=f"bench:{document.pk}", line_position=line.position, kind="issue", store_id=document.store_id,
                item=line.item, batch_id=balance.batch_id, quantity=-line.quantity, amount=-amount, date=DAY,
                period=period, posted_at=clock.now(),
            ).save()  # fmt: skip

    def work() -> None:
        for document in drafts:
            issue(document)

    return measured(work, len(drafts))[0]


def main() -> None:
    with testing.bench_database() as database:
        clerk, drafts = prepare()
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            owner.execute("ANALYZE")  # autovacuum's work within a minute of any hospital's first day
        warm, peers, ours = drafts[:10], drafts[10:60], drafts[60:]
        for document in warm:
            posting.post(document, actor=clerk)
        most, loop = floor(database), orm_loop(peers)
        docs, cpu = measured(
            lambda: [posting.post(document, actor=clerk) for document in ours] and None, len(ours)
        )
        print(f"posting of {LINES}-line issues, one client                 docs/s   lines/s   ours to it")
        print(f"  whole post(), {cpu:.2f} ms of client CPU each        {docs:7.0f}  {docs * LINES:8.0f}")
        print(
            f"  peer: ORM loop, moves and balances only        {loop:7.0f}  {loop * LINES:8.0f}  {docs / loop:7.1f} (target 6.7)"
        )
        print(
            f"  floor: one bare 20-row INSERT                  {most:7.0f}  {most * LINES:8.0f}  {docs / most:7.2f} (target 0.06)"
        )


if __name__ == "__main__":
    main()
