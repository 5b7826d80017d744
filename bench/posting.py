"""Posting of 20-line stock issues through the whole ``post()``, one client: documents a second.

Run with ``make bench`` (or ``.venv/bin/python bench/posting.py``). Target: at least 300 documents a second on two
quiet cores. For scale, on the same machine: an ORM loop with save() gave 46, one database function 1,211.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hrp.config.settings")

import django
import psycopg

django.setup()

from hrp.config import testing
from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.models import Item
from hrp.logistics.tests.test_documents import Stockroom
from hrp.platform.documents import posting, services
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY, World

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


def main() -> None:
    with testing.bench_database() as database:
        clerk, drafts = prepare()
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            owner.execute("ANALYZE")  # autovacuum's work within a minute of any hospital's first day
        posting.post(drafts[0], actor=clerk)
        started, cpu = time.perf_counter(), time.process_time()
        for document in drafts[1:]:
            posting.post(document, actor=clerk)
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
        n = len(drafts) - 1
        print(f"posting  {n} documents x {LINES} lines  {n / seconds:7.0f} docs/s  {n * LINES / seconds:8.0f} lines/s"
              f"  client cpu {cpu / n * 1000:.2f} ms/doc")  # fmt: skip


if __name__ == "__main__":
    main()
