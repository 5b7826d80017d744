"""The list of a recall over millions of moves: seconds from entering it to the full list.

Run with ``.venv/bin/python bench/recall.py [moves in millions]`` (default 1). Target: under 10 s with 10 million moves.
The moves are made by set-based SQL in a database of their own: 20,000 batches, the recalled lot drawn by every department.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hrp.config.settings")

import django
import psycopg

django.setup()

from hrp.config import testing
from hrp.logistics.highvalue.services import recalls
from hrp.logistics.highvalue.tests.world import Theatre
from hrp.logistics.models import Item
from hrp.platform.documents.testing import DAY

ITEMS, LOTS, MOST = 2000, 10, 10
ISSUES_PER_MILLION = 100_000

FILL = """
INSERT INTO logistics_batch (item_id, lot, expiry, supplier_id, hold)
    SELECT i.id, 'BL' || n, DATE '2028-01-31', %(supplier)s, '' FROM logistics_item i, generate_series(1, %(lots)s) n
    WHERE i.code LIKE 'BENCH%%';
INSERT INTO logistics_issue (campus_id, org_unit_id, business_date, state, version, total, note, maker_id, created_at,
        updated_at, print_count, store_id, fund_id, receiver)
    SELECT %(campus)s, u.id, DATE '2026-11-10', 'draft', 1, 0, '', %(actor)s, now(), now(), 0, %(store)s, %(fund)s, ''
    FROM generate_series(1, %(issues)s) n JOIN LATERAL (
        SELECT id FROM org_unit ORDER BY id OFFSET n %% (SELECT count(*) FROM org_unit) LIMIT 1) u ON true;
CREATE TEMP TABLE bench_batch AS SELECT row_number() OVER (ORDER BY id) - 1 AS n, id, item_id FROM logistics_batch WHERE lot LIKE 'BL%%';
CREATE TEMP TABLE bench_issue AS SELECT row_number() OVER (ORDER BY id) - 1 AS n, id FROM logistics_issue;
CREATE INDEX ON bench_batch (n);
CREATE INDEX ON bench_issue (n);
INSERT INTO logistics_move (source, line_position, kind, store_id, item_id, batch_id, quantity, amount, date, period_id, posted_at)
    SELECT 'logistics.stock_receipt:0', 1, 'receipt', %(store)s, item_id, id, 100000, 100000, DATE '2026-11-01', %(period)s, now()
    FROM bench_batch;
INSERT INTO logistics_balance (store_id, item_id, batch_id, quantity, amount) SELECT %(store)s, item_id, id, 50, 50 FROM bench_batch;
"""
MOVES = """
INSERT INTO logistics_move (source, line_position, kind, store_id, item_id, batch_id, quantity, amount, date, period_id, posted_at)
    SELECT 'logistics.stock_issue:' || i.id, 1 + (g.n / %(issues)s) %% 30, 'issue', %(store)s, b.item_id, b.id, -1, -1,
           DATE '2026-11-01' + (g.n %% 28)::int, %(period)s, now()
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS g(n)
    JOIN bench_batch b ON b.n = (g.n * 7919) %% %(batches)s JOIN bench_issue i ON i.n = (g.n * 31) %% %(issues)s
"""


def fill(owner: psycopg.Connection, theatre: Theatre, millions: int) -> None:
    """Millions of moves, a million a statement."""
    Item.objects.bulk_create(
        Item(
            code=f"BENCH{n:05d}",
            name=f"物资{n}",
            unit="个",
            kind="consumable",
            material_class=theatre.stent.material_class,
        )
        for n in range(ITEMS)
    )
    values = {
        "supplier": theatre.supplier.pk, "lots": LOTS, "campus": theatre.world.campus.pk, "actor": theatre.nurse.pk,
        "store": theatre.store.pk, "fund": theatre.room.fund.pk, "issues": ISSUES_PER_MILLION * millions,
        "period": theatre.world.period.pk, "batches": ITEMS * LOTS,
    }  # fmt: skip
    for statement in FILL.split(";\n"):
        if statement.strip():
            owner.execute(statement, values)
    for part in range(millions):
        first = part * 1_000_000
        owner.execute(MOVES, values | {"first": first, "last": first + 999_999})
        print(f"  {part + 1} million moves", flush=True)
    owner.execute("ANALYZE")


def main() -> None:
    millions = max(1, min(int(sys.argv[1]) if len(sys.argv) > 1 else 1, MOST))
    with testing.bench_database() as database:
        theatre = Theatre()
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            started = time.perf_counter()
            fill(owner, theatre, millions)
            print(f"made in {time.perf_counter() - started:.0f} s")
        item = Item.objects.get(code="BENCH00007")
        for title, keys in (
            ("one lot", {"item_id": item.pk, "lot": "BL3"}),
            ("one item, ten lots", {"item_id": item.pk}),
            ("a supplier, every batch", {"supplier_id": theatre.supplier.pk}),
        ):
            started = time.perf_counter()
            recall = recalls.enter(
                actor=theatre.nurse, title=title, level="1", decided_on=DAY, campus_id=theatre.world.campus.pk,
                is_drill=True, **keys,
            )  # fmt: skip
            took = time.perf_counter() - started
            print(f"{title:28} {recall.places.count():8d} places {took:8.2f} s (target 10)")


if __name__ == "__main__":
    main()
