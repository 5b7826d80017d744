"""A month's depreciation of every card of a hospital, split by source of funding and by department, computed and stored.

Run with ``.venv/bin/python bench/depreciation.py`` (50,000 and 1,000,000 cards; ``bench/depreciation.py 50000`` for one
size), alone on the machine. Measured is the whole ``post()`` of a 折旧计提单: permission, order of months, the statement that
computes and stores each department's share of each funding line to the fen, the journal entry, number and audit row.
Durable PostgreSQL. Targets: a million cards in 10 seconds, 50,000 under 2, and a register of 50,000 cards as of a past month
under 3. Every third card has two sources, every fifth two departments by thirds. After each run J1, J2, J3, J5 and J9 are
asked. The cards are made by one statement, without their audit triggers.

Beside it Tryton 8 posts the depreciation of its own assets in the same run, in-process and without access checks
(``bench/peers/tryton_assets.py``); target: 5,000 times its cards a second. It is installed below HRP_HOME the first time;
where no package registry answers, the bench says so and measures ours alone.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import time
import venv
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hrp.config.settings")

import django
import psycopg
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

django.setup()

from django.db import transaction
from django.http import QueryDict

from hrp.assets.documents.depreciation_run import DepreciationRun
from hrp.assets.models import Depreciation
from hrp.assets.reports import books
from hrp.assets.reports.queries import VIEW
from hrp.assets.tests.world import FIRST, AssetHospital, end
from hrp.config import testing
from hrp.platform.base import clock, health
from hrp.platform.documents import posting, services
from hrp.platform.ledger import selectors as ledger_reads
from hrp.platform.ledger import services as ledger
from hrp.platform.ledger.drafts import EntryDraft, LineDraft
from hrp.platform.ledger.models import Entry
from hrp.platform.ui import reports

SIZES = (50_000, 1_000_000)
TARGETS = {50_000: 2.0, 1_000_000: 10.0}
ASKED = ("AST-J1", "AST-J2", "AST-J3", "AST-J5", "AST-J9")
PEER = (
    "trytond>=8.0,<8.1",
    "trytond-account-asset>=8.0,<8.1",
    "proteus>=8.0,<8.1",
    "psycopg[binary]",
    "psycopg_pool",
)
SCRIPT = ROOT / "bench" / "peers" / "tryton_assets.py"

# cards n of {size}: booked on the first day of the books, five to eight years, 1,000.01 yuan and more
CARDS_SQL = """
INSERT INTO assets_asset (id, number, token, name, pinyin, asset_class_id, spec, model, brand, manufacturer, country, serial_number,
    udi, registration_number, device_class, unit, quantity, way, value_kind, supplier, contract_number, invoice_number, origin,
    booked_on, cost, life_months, campus_id, org_unit_id, status, shared, life_support, technical, note, life_basis)
SELECT n, 'B' || lpad(n::text, 8, '0'), gen_random_uuid(), '设备' || n, '', {device}, '', '', '', '', '', '', '', '', '', '台', 1, 'opening', 'cost',
    '', '', '', '', '{day}', round(1000.01 + n %% 99991 * 7.13, 2), 60 + n %% 37, {campus}, {unit}, 'in_use', false, false, '', '', ''
FROM generate_series({since}, {until}) n
"""
LINES_SQL = """
INSERT INTO assets_funding (id, asset_id, source_id, project, cost, opening, opening_months)
SELECT 2 * a.id, a.id, {own}, '', CASE WHEN a.id %% 3 = 0 THEN round(a.cost / 3, 2) ELSE a.cost END, 0, 0 FROM assets_asset a WHERE a.id >= {since}
UNION ALL
SELECT 2 * a.id + 1, a.id, {fiscal}, '', a.cost - round(a.cost / 3, 2), 0, 0 FROM assets_asset a WHERE a.id >= {since} AND a.id %% 3 = 0
"""
SHARES_SQL = """
INSERT INTO assets_share (asset_id, org_unit_id, ratio, valid_from)
SELECT a.id, {unit}, CASE WHEN a.id %% 5 = 0 THEN 33.3333 ELSE 100 END, '{day}'::date FROM assets_asset a WHERE a.id >= {since}
UNION ALL SELECT a.id, {other}, 66.6667, '{day}'::date FROM assets_asset a WHERE a.id >= {since} AND a.id %% 5 = 0
"""
MOVES_SQL = """
INSERT INTO assets_move (source, kind, asset_id, line_id, account_id, cost, accumulated, date, period_id, posted_at)
SELECT 'assets.booking:0', 'booking', l.asset_id, l.id, k.asset_account_id, l.cost, 0, '{day}', {period}, now()
FROM assets_funding l JOIN assets_asset a ON a.id = l.asset_id JOIN assets_class k ON k.id = a.asset_class_id WHERE a.id >= {since}
"""
PLANS_SQL = """
INSERT INTO assets_plan (line_id, effective, first, months, base, before, residual, monthly, source, made_at)
SELECT l.id, {month}, {month}, a.life_months, l.cost, 0, 0, round(l.cost / a.life_months, 2), 'assets.booking:0', now()
FROM assets_funding l JOIN assets_asset a ON a.id = l.asset_id WHERE a.id >= {since}
"""
# the voucher of it all, so that J3 and J9 can be asked of the journal
ENTRY_SQL = """
SELECT k.code, f.code, sum(m.cost) FROM assets_move m JOIN assets_funding l ON l.id = m.line_id JOIN assets_source s ON s.id = l.source_id
JOIN ledger_fund f ON f.id = s.fund_id JOIN ledger_account k ON k.id = m.account_id WHERE m.asset_id >= %s GROUP BY 1, 2
"""
QUIET = ("assets_asset", "assets_funding", "assets_share")


def seed(hospital: AssetHospital, owner: psycopg.Connection, since: int, until: int, *, day: dt.date) -> None:
    """Cards ``since`` to ``until``, booked on ``day``, with their lines, shares, moves, plans and voucher."""
    period = hospital.period(day.year, day.month)
    given = {
        "device": hospital.device.pk, "campus": hospital.world.campus.pk, "unit": hospital.world.unit.pk,
        "other": hospital.world.other.pk, "own": hospital.own.pk, "fiscal": hospital.fiscal.pk, "day": day,
        "month": day.year * 12 + day.month - 1, "period": period.pk, "since": since, "until": until,
    }  # fmt: skip
    for statement in (CARDS_SQL, LINES_SQL, SHARES_SQL, MOVES_SQL, PLANS_SQL):
        owner.execute(statement.format(**given).replace("%%", "%"))
    sums = owner.execute(ENTRY_SQL, [since]).fetchall()
    _voucher(hospital, sums, since, day)
    owner.execute("ANALYZE")


def _voucher(hospital: AssetHospital, sums: list[tuple[str, str, Decimal]], since: int, day: dt.date) -> None:
    lines = [LineDraft(account=code, amount=amount, fund=fund) for code, fund, amount in sums]
    lines += [LineDraft(account="3001", amount=-amount, fund=fund) for _, fund, amount in sums]
    with transaction.atomic():
        period = ledger_reads.lock_open_period(hospital.world.campus.pk, day)
        ledger.record(
            [EntryDraft(day, "期初建账", lines)], period=period, source=f"assets.booking:{since}",
            kind=Entry.Kind.POST, actor=hospital.accountant,
        )  # fmt: skip


def posted(hospital: AssetHospital, month: int) -> tuple[float, DepreciationRun]:
    """Seconds of posting one month's run, and the run."""
    day = end(month)
    hospital.period(day.year, day.month)
    header = {"campus": hospital.world.campus.pk, "org_unit": hospital.world.unit.pk, "business_date": day}
    with clock.pinned(clock.at(day, 17)):
        draft = services.save_draft(DepreciationRun, actor=hospital.accountant, header=header, lines=[])
        document = services.submit(draft, actor=hospital.accountant)
        begun = time.perf_counter()
        run = posting.post(document, actor=hospital.accountant)
    return time.perf_counter() - begun, run


def check(run: DepreciationRun) -> None:
    broken = [o.id for o in health.run(module="assets") if o.id in ASKED and o.state != "ok"]
    if broken:
        raise RuntimeError(f"{run}: {broken}")


def register(hospital: AssetHospital) -> float:
    """Seconds of 资产明细账 as of the first month, every card of it."""
    hospital.world.grant(hospital.accountant, VIEW)
    given = QueryDict(mutable=True)
    given.update({"month": f"{FIRST:%Y-%m}"})
    begun = time.perf_counter()
    rows = reports.ask(books.AS_OF, given, hospital.accountant).rows
    seconds = time.perf_counter() - begun
    if len(rows) < SIZES[0]:
        raise RuntimeError(f"{len(rows)} cards in the register")
    return seconds


# -- the peer --------------------------------------------------------------------------------------------------------


def peer(database: testing.Database) -> float | None:
    """Cards a second that Tryton posts; None where it cannot be installed."""
    home = settings.HRP_HOME / "bench" / "tryton_assets"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        venv.create(home, with_pip=True, clear=True)
        done = subprocess.run(
            [python, "-m", "pip", "install", "-q", *PEER], capture_output=True, text=True, check=False
        )
        if done.returncode:
            print(f"the peer could not be installed:\n{done.stderr[-500:]}")
            return None
        (home / "ready").touch()
    where = conninfo_to_dict(database.owner_url)
    uri = f"postgresql://{where['user']}:{where['password']}@{where['host']}:{where['port']}/"
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("DROP DATABASE IF EXISTS bench_tryton_assets WITH (FORCE)")
        owner.execute("CREATE DATABASE bench_tryton_assets")
    (home / "conf").write_text(f"[database]\nuri = {uri}\n")
    (home / "pass").write_text("only-for-this-bench")
    try:
        subprocess.run(
            [
                home / "bin" / "trytond-admin", "-c", home / "conf", "-d", "bench_tryton_assets", "-u", "account_asset",
                "--activate-dependencies", "--email", "bench@example.org",
            ],
            env=os.environ | {"TRYTONPASSFILE": str(home / "pass")}, check=True, capture_output=True,
        )  # fmt: skip
        said = subprocess.run(
            [python, SCRIPT, uri, "bench_tryton_assets"], capture_output=True, text=True, check=False
        )
        if said.returncode:
            raise RuntimeError(said.stderr[-2000:])
        return float(json.loads(said.stdout.splitlines()[-1])["cards_per_second"])
    finally:
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            owner.execute("DROP DATABASE IF EXISTS bench_tryton_assets WITH (FORCE)")


def main() -> None:
    sizes = [int(one) for one in sys.argv[1:]] or list(SIZES)
    with testing.bench_database() as database, psycopg.connect(database.owner_url, autocommit=True) as owner:
        hospital = AssetHospital()
        for table in QUIET:
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        theirs = peer(database)
        if theirs is not None:
            print(f"  peer: Tryton 8, depreciation moves of its assets        {theirs:10.1f} cards/s")
        done = 0
        for month, size in enumerate(sizes, start=1):
            seed(hospital, owner, done + 1, size, day=end(month).replace(day=1))
            done = size
            seconds, run = posted(hospital, month)
            ratio = f", {size / seconds / theirs:,.0f} times the peer (target 5,000)" if theirs else ""
            target = f" (target {TARGETS[size]:.0f})" if size in TARGETS else ""
            written = Depreciation.objects.filter(run_id=run.pk).count()
            print(
                f"  {size:9,d} cards, {written:9,d} rows: {seconds:6.2f} s{target}, {size / seconds:,.0f} cards/s{ratio}"
            )
            check(run)
            if size == SIZES[0]:
                print(f"  资产明细账 as of the first month: {register(hospital):.2f} s (target 3)")
        print("  J1, J2, J3, J5 and J9 hold")


if __name__ == "__main__":
    main()
