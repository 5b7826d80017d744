"""Posting of 20-line issues by eight writers at once, FEFO batch picking and durable, beside Tryton 8 in the same run.

Run with ``make bench`` (or ``.venv/bin/python bench/issuing.py``). Both use the same embedded PostgreSQL with fsync on.
Ours is the whole ``post()``: permission, state, period, voucher, number and audit row; the peer's are direct moves without
access checks, its fastest path. A tenth of 2,000 items is asked for most of the time, as in a hospital's central store;
with 20 hot items among 400 the eight wait for each other's rows and reach half of it. Target: 20 times the peer's lines a
second (307/s on quiet cores when measured), no negative stock, no lost update, no deadlock. The peer is installed into an
environment of its own below HRP_HOME the first time (about a minute); where no package registry answers, the bench says so and
measures ours alone.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hrp.config.settings")

import django
import psycopg
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

django.setup()

from hrp.config import testing
from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.models import Item, StockBalance
from hrp.logistics.tests.test_documents import Stockroom
from hrp.platform.base import health
from hrp.platform.documents import services
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY, World

WRITERS, LINES, ITEMS, HOT, EACH, SECONDS, ROUNDS = 8, 20, 2000, 200, 120, 10, 2
PEER = ("trytond>=8.0,<8.1", "trytond-stock>=8.0,<8.1", "psycopg[binary]", "psycopg_pool")
SCRIPT = ROOT / "bench" / "peers" / "tryton_moves.py"
POST = """
import json, sys, time
import django
django.setup()
from hrp.logistics.documents.stock_issue import StockIssue
from hrp.platform.access.models import User
from hrp.platform.documents import posting
ids, clerk = json.loads(sys.argv[1]), User.objects.get(username="clerk")
print("ready", flush=True)
sys.stdin.readline()
took = []
for pk in ids:
    begun = time.perf_counter()
    posting.post(StockIssue(pk=pk), actor=clerk)
    took.append(time.perf_counter() - begun)
print(json.dumps({"took": took}), flush=True)
"""


# -- ours ------------------------------------------------------------------------------------------------------------


def prepare() -> list[int]:
    """Issues that are approved and wait to be posted, half their lines on a tenth of the items, in two orders."""
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
    for lot, expiry in (("A", "2027-06-30"), ("B", "2028-01-31"), ("C", "2028-06-30")):
        room.receive(
            clerk,
            *(
                {"item": i.pk, "lot": lot, "expiry": expiry, "quantity": "2000", "price": "1.23"}
                for i in items
            ),
        )
    header = {
        "campus": world.campus.pk, "org_unit": world.unit.pk, "business_date": DAY, "store": room.store.pk,
        "fund": room.fund.pk,
    }  # fmt: skip
    waiting = []
    for n in range(WRITERS * EACH * ROUNDS):
        hot = [items[(n * 31 + k * 7) % HOT] for k in range(LINES // 2)]
        cold = [items[HOT + (n * 11 + k * 17) % (ITEMS - HOT)] for k in range(LINES // 2)]
        lines = [{"item": item.pk, "quantity": "3"} for item in (hot + cold)[:: -1 if n % 2 else 1]]
        draft = services.save_draft(StockIssue, actor=clerk, header=header, lines=lines)
        waiting.append(services.submit(draft, actor=clerk).pk)
    return waiting


def ours(database: testing.Database, waiting: Sequence[int]) -> tuple[float, list[float]]:
    """Lines a second of eight writers, and how long each document took."""
    environment = os.environ | {
        "HRP_DATABASE_URL": database.owner_url, "HRP_APP_DATABASE_URL": database.app_url, "HRP_DB_ROLE": "app",
        "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", POST, json.dumps(waiting[n::WRITERS])], env=environment, cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for n in range(WRITERS)
    ]  # fmt: skip
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    begun = time.perf_counter()
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    said = [json.loads(writer.stdout.readline()) for writer in writers if writer.stdout is not None]
    seconds = time.perf_counter() - begun  # what it takes an interpreter to end is not posting
    for writer in writers:
        writer.communicate()
    if any(writer.returncode for writer in writers):
        raise RuntimeError("a writer was refused or met a deadlock")
    return len(waiting) * LINES / seconds, [t for one in said for t in one["took"]]


def check(documents: int) -> None:
    """Nothing negative, nothing lost: what is left is what came less what was posted, and every invariant holds."""
    left = sum(StockBalance.objects.values_list("quantity", flat=True))
    expected = ITEMS * 3 * 2000 - documents * LINES * 3
    if left != expected:
        raise RuntimeError(f"{left} pieces left, {expected} expected")
    broken = [o.id for o in health.run("logistics") if o.state != "ok"]
    if broken:
        raise RuntimeError(f"broken: {broken}")


# -- the peer --------------------------------------------------------------------------------------------------------


def peer_python() -> Path | None:
    """The peer's own environment, made when it is not there; None when it cannot be."""
    home = settings.HRP_HOME / "bench" / "tryton"
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
    return python


class Tryton:
    """Tryton's database on the bench's server."""

    NAME = "bench_tryton"

    def __init__(self, python: Path, database: testing.Database) -> None:
        self.python, self.owner_url = python, database.owner_url
        where = conninfo_to_dict(database.owner_url)
        self.uri = f"postgresql://{where['user']}:{where['password']}@{where['host']}:{where['port']}/"

    def prepare(self) -> None:
        home = self.python.parents[1]
        self.drop()
        with psycopg.connect(self.owner_url, autocommit=True) as owner:
            owner.execute(f"CREATE DATABASE {self.NAME}")
        (home / "conf").write_text(f"[database]\nuri = {self.uri}\n")
        (home / "pass").write_text("only-for-this-bench")
        environment = os.environ | {"TRYTONPASSFILE": str(home / "pass")}
        subprocess.run(
            [
                home / "bin" / "trytond-admin", "-c", home / "conf", "-d", self.NAME, "-u", "stock",
                "--activate-dependencies", "--email", "bench@example.org",
            ],
            env=environment, check=True, capture_output=True,
        )  # fmt: skip
        self.ids = self._script("prepare").splitlines()[-1]

    def _script(self, *words: str) -> str:
        return subprocess.run(
            [self.python, SCRIPT, words[0], self.uri, self.NAME, *words[1:]],
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def run(self) -> tuple[float, list[float]]:
        """Lines a second of eight processes, and how long each commit of twenty took."""
        writers = [
            subprocess.Popen(
                [self.python, SCRIPT, "run", self.uri, self.NAME, str(SECONDS), str(n), self.ids],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            )
            for n in range(WRITERS)
        ]  # fmt: skip
        took = [t for writer in writers for t in json.loads(writer.communicate()[0])["took"]]
        return len(took) * LINES / SECONDS, took

    def drop(self) -> None:
        with psycopg.connect(self.owner_url, autocommit=True) as owner:
            owner.execute(f"DROP DATABASE IF EXISTS {self.NAME} WITH (FORCE)")


def p95(took: Sequence[float]) -> float:
    return statistics.quantiles(took, n=20)[-1] * 1000


def main() -> None:
    with testing.bench_database() as database:
        waiting = prepare()
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            owner.execute("ANALYZE")
        python = peer_python()
        peer = Tryton(python, database) if python else None
        try:
            if peer is not None:
                peer.prepare()
            print(f"{WRITERS} writers, {LINES} lines a document       lines/s   p95 ms   ours to it")
            ratios = []
            for n in range(ROUNDS):
                part = waiting[n * WRITERS * EACH : (n + 1) * WRITERS * EACH]
                speed, took = ours(database, part)
                print(f"  ours, whole post()                  {speed:8.0f} {p95(took):8.0f}")
                if peer is not None:
                    theirs, slow = peer.run()
                    ratios.append(speed / theirs)
                    print(
                        f"  peer: Tryton 8, direct moves        {theirs:8.0f} {p95(slow):8.0f}   {ratios[-1]:7.1f} (target 20)"
                    )
            check(len(waiting))
            print(
                "  what is left is what came less what was posted; every invariant holds; nobody met a deadlock"
            )
        finally:
            if peer is not None:
                peer.drop()


if __name__ == "__main__":
    main()
