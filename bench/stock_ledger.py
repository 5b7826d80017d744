"""收发存 over a ledger of five million moves: the month's report before and after closing, a past day, and closing itself.

Run with ``.venv/bin/python bench/stock_ledger.py`` (about five minutes, most of it making the moves). Target: the report of
a month and its snapshot, each from the closing before it, under 3 seconds on two quiet cores. The moves are made by one
statement; months before the last are closed for real, one by one.
"""

from __future__ import annotations

import calendar
import datetime as dt
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

django.setup()

from hrp.config import testing
from hrp.logistics.models import Item, Store
from hrp.logistics.settlement.models import MaterialClose
from hrp.logistics.settlement.selectors import months, stock_ledger
from hrp.logistics.settlement.selectors.stock_ledger import Wanted
from hrp.logistics.settlement.services import closing
from hrp.logistics.tests.test_documents import Stockroom
from hrp.platform.base import clock, sql
from hrp.platform.documents.testing import World
from hrp.platform.ledger import services as ledger
from hrp.platform.ledger.models import Period

MOVES, ITEMS, LOTS, STORES, MONTHS = 5_000_000, 4_000, 3, 5, 12

# an item's batch in a store receives far more than it issues, so that no balance falls below zero
MOVES_SQL = """
INSERT INTO logistics_move (source, line_position, kind, store_id, item_id, batch_id, quantity, amount, date, period_id, posted_at)
SELECT CASE WHEN n %% 3 = 0 THEN 'bench.receipt:' ELSE 'bench.issue:' END || n / 20, n %% 20 + 1,
    CASE WHEN n %% 3 = 0 THEN 'receipt' ELSE 'issue' END, s.id, b.item_id, b.id,
    CASE WHEN n %% 3 = 0 THEN 100 ELSE -1 - n %% 7 END, CASE WHEN n %% 3 = 0 THEN 250.00 ELSE (-1 - n %% 7) * 2.5 END,
    %s::date + (n %% %s)::int, %s, %s
FROM generate_series(%s, %s) n
JOIN (SELECT id, item_id, row_number() OVER (ORDER BY id) - 1 AS place FROM logistics_batch) b
    ON b.place = n::bigint * 7919 %% %s
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM logistics_store) s ON s.place = n %% %s
"""


def prepare() -> tuple[World, list[Period]]:
    world = World()
    room = Stockroom(world)
    Store.objects.bulk_create(
        Store(code=f"B{n}", name=f"二级库{n}", kind="second", campus=world.campus, org_unit=world.unit)
        for n in range(1, STORES)
    )
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
    sql.run(
        "INSERT INTO logistics_batch (item_id, lot, expiry, supplier_id, hold)"
        " SELECT i, 'L' || g, '2029-01-01', %s, '' FROM unnest(%s::bigint[]) i, generate_series(1, %s) g",
        [room.supplier.pk, [item.pk for item in items], LOTS],
    )
    periods = [world.period]
    for n in range(1, MONTHS):
        year, month = 2026 + (10 + n) // 12, (10 + n) % 12 + 1
        periods.append(ledger.open_period(book=world.book, year=year, month=month, actor=world.owner))
    return world, periods


def without_foreign_keys(database: testing.Database) -> None:
    """Five million rows made by one statement are checked by that statement; row triggers would take ten minutes."""
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        names = owner.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'logistics_move'::regclass AND contype = 'f'"
        ).fetchall()
        for (name,) in names:
            owner.execute(
                psycopg.sql.SQL("ALTER TABLE logistics_move DROP CONSTRAINT {}").format(
                    psycopg.sql.Identifier(name)
                )
            )


def fill(periods: list[Period]) -> None:
    each = MOVES // len(periods)
    for place, period in enumerate(periods):
        days = calendar.monthrange(period.first_day.year, period.first_day.month)[1]
        sql.run(
            MOVES_SQL,
            [
                period.first_day,
                days,
                period.pk,
                clock.now(),
                place * each,
                (place + 1) * each - 1,
                ITEMS * LOTS,
                STORES,
            ],
        )


def snapshot(world: World, period: Period) -> MaterialClose:
    """The part of 月结 that grows with the moves, without the checks of invariants."""
    before = months.previous(period)
    made = MaterialClose.objects.create(
        book=world.book, period=period, closed_by=world.owner, closed_at=clock.now()
    )
    if before is None:
        sql.run(closing.FROM_MOVES_SQL, [period.pk, period.pk, made.pk])
    else:
        sql.run(closing.FROM_LAST_SQL, [before.pk, period.pk, made.pk])
    return made


def timed(title: str, work: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    result = work()
    print(f"{title:<40}{time.perf_counter() - started:8.2f} s", flush=True)
    return result


def main() -> None:
    with testing.bench_database() as database:
        without_foreign_keys(database)
        world, periods = timed("准备", prepare)
        timed(f"生成 {MOVES:,} 条流水", lambda: fill(periods))
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            owner.execute("VACUUM ANALYZE logistics_move")
        for period in periods[:-1]:
            timed(f"快照 {period}", lambda period=period: snapshot(world, period))  # type: ignore[misc]
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            owner.execute("VACUUM ANALYZE logistics_period_balance")
        last = periods[-1]
        whole = Wanted(last.first_day, last.last_day)
        rows = timed("收发存：未月结的月份（按物资）", lambda: stock_ledger.summary(world.book, whole))
        before = stock_ledger.total(rows)
        timed("收发存：未月结的月份（按批次）", lambda: stock_ledger.summary(world.book, whole, by="batch"))
        timed(f"快照 {last}", lambda: snapshot(world, last))
        after = stock_ledger.total(
            timed("收发存：已月结的月份", lambda: stock_ledger.summary(world.book, whole))
        )
        day = last.first_day - dt.timedelta(days=15)
        timed(f"{day} 的库存", lambda: stock_ledger.held(world.book, day))
        year = Wanted(periods[0].first_day, last.last_day)
        total = stock_ledger.total(
            timed("收发存：全年", lambda: stock_ledger.summary(world.book, year, by="class"))
        )
        [(quantity, amount)] = sql.rows("SELECT sum(quantity), sum(amount) FROM logistics_move", [])
        exact = before == after and (total.closing_quantity, total.closing_amount) == (quantity, amount)
        print(f"{len(rows):,} 行，与流水合计{'一致' if exact else '不一致'}")
        if not exact:
            raise SystemExit(1)


if __name__ == "__main__":
    main()
