"""Tracing one piece, one lot and one patient among hundreds of thousands of pieces: seconds to the answer.

Run with ``.venv/bin/python bench/tracing.py [pieces in thousands]`` (default 300). Target: each under 2 s.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hrp.config.settings")

import django
import psycopg

django.setup()

from hrp.config import testing
from hrp.logistics.highvalue import selectors
from hrp.logistics.highvalue.tests.world import Theatre

MOST = 1000

FILL = """
INSERT INTO logistics_batch (item_id, lot, expiry, supplier_id, hold)
    SELECT %(item)s, 'TL' || n, DATE '2028-01-31', %(supplier)s, '' FROM generate_series(1, %(count)s / 20) n;
INSERT INTO logistics_unit (uid, item_id, batch_id, gtin, serial, raw, owner, mode, state, store_id, tray, visit_no, source,
        line_position, registered_at)
    SELECT 'T' || n, %(item)s, b.id, '', '', '', 'hospital', 'bought', 'used', %(store)s, '', '', %(source)s, 1, now()
    FROM generate_series(0, %(count)s - 1) n
    JOIN (SELECT row_number() OVER (ORDER BY id) - 1 AS place, id FROM logistics_batch WHERE lot LIKE 'TL%%') b ON b.place = n / 20;
INSERT INTO logistics_patient_use (unit_id, visit_no, patient, operation, operator, diagnosis, site, campus_id, org_unit_id,
        used_on, used_at, nurse_id, raw, emergency)
    SELECT u.id, 'V' || (u.id / 3), '张**', '支架', '陈医生', '', '', %(campus)s, %(unit)s, DATE '2026-11-01', now(), %(actor)s, '', false
    FROM logistics_unit u WHERE u.uid LIKE 'T%%'
"""


def timed(title: str, work: Callable[[], object]) -> None:
    started = time.perf_counter()
    found = work()
    print(f"{title:24} {time.perf_counter() - started:6.3f} s (target 2)  {found}")


def main() -> None:
    thousands = max(1, min(int(sys.argv[1]) if len(sys.argv) > 1 else 300, MOST))
    with testing.bench_database() as database:
        theatre = Theatre()
        [known] = theatre.consign(1)
        values = {
            "item": theatre.stent.pk, "supplier": theatre.supplier.pk, "count": thousands * 1000, "store": theatre.store.pk,
            "source": known.source, "campus": theatre.world.campus.pk, "unit": theatre.world.unit.pk, "actor": theatre.nurse.pk,
        }  # fmt: skip
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            for statement in FILL.split(";\n"):
                owner.execute(statement, values)
            owner.execute("ANALYZE")
        print(f"{thousands},000 pieces, each used for a patient")
        [unit] = selectors.find("T777")
        use = unit.uses.get()
        timed("a piece by its code", lambda: len(selectors.find("T4321")))
        timed("a lot to its patients", lambda: len(selectors.uses_by_unit(selectors.find("TL99"))))
        timed("a patient's pieces", lambda: len(selectors.find(use.visit_no)))
        timed("everything of a piece", lambda: selectors.trace(unit).uses[0].visit_no == use.visit_no)


if __name__ == "__main__":
    main()
