"""350 tamperings by the owner of the tables with the triggers off: the database and its anchor find every one."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from hrp.config import testing
from hrp.config.settings.database import connection_settings
from hrp.platform.audit import anchor, sealing
from hrp.platform.audit.models import ActionLog, Block
from hrp.platform.audit.rows import hash_sql
from hrp.platform.audit.sealing import BLOCK_HASH
from hrp.platform.audit.services import record
from hrp.platform.audit.verification import verify

EACH = 50
REHASH = hash_sql(ActionLog, ActionLog.hashed, "r")


def sql(statement: str, *params: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def victim(dice: random.Random) -> int:
    return dice.choice(list(ActionLog.objects.values_list("id", flat=True)))


CHANGES = (
    "act = act || 'x'",
    "target = 'logistics.stock_issue:1'",
    "actor_name = '张三丰'",
    "ip = '10.0.0.9'",
    "summary = '无'",
    """data = '{"total": "0.01"}'""",
    "unit_id = coalesce(unit_id, 0) + 1",
    "actor_id = 999",
    "request_id = 'forged-request'",
)


def edit(dice: random.Random) -> None:
    sql(f"UPDATE audit_action SET {dice.choice(CHANGES)} WHERE id = %s", victim(dice))


def edit_and_rehash(dice: random.Random) -> None:
    row = victim(dice)
    sql(f"UPDATE audit_action SET {dice.choice(CHANGES)} WHERE id = %s", row)
    sql(f"UPDATE audit_action r SET row_hash = {REHASH} WHERE id = %s", row)


def delete(dice: random.Random) -> None:
    sql("DELETE FROM audit_action WHERE id = %s", victim(dice))


def backdate(dice: random.Random) -> None:
    row = victim(dice)
    sql(
        "UPDATE audit_action SET at = at - make_interval(mins => %s) WHERE id = %s",
        dice.randint(1, 9999),
        row,
    )
    sql(f"UPDATE audit_action r SET row_hash = {REHASH} WHERE id = %s", row)


def swap(dice: random.Random) -> None:
    one, other = dice.sample(list(ActionLog.objects.values_list("id", flat=True)), 2)
    sql("UPDATE audit_action SET id = -1 WHERE id = %s", one)
    sql("UPDATE audit_action SET id = %s WHERE id = %s", one, other)
    sql("UPDATE audit_action SET id = %s WHERE id = -1", other)
    if dice.random() < 0.5:
        sql(f"UPDATE audit_action r SET row_hash = {REHASH} WHERE id IN (%s, %s)", one, other)


def cut_tail(dice: random.Random) -> None:
    keep = dice.randint(0, Block.objects.count() - 1)
    sql("DELETE FROM audit_action a USING audit_block b WHERE b.seq > %s AND a.xact_id >= b.from_xact", keep)
    sql("DELETE FROM audit_block WHERE seq > %s", keep)


def rewrite_all(dice: random.Random) -> None:
    """Change a row, then forge its hash and every block after it, link by link: the chain is perfect again."""
    edit_and_rehash(dice)
    before = bytes(32)
    for seq in Block.objects.order_by("seq").values_list("seq", flat=True):
        sql(
            """UPDATE audit_block b SET prev_hash = %s, root = (
                   SELECT sha256(string_agg(row_hash, ''::bytea ORDER BY xact_id, id)) FROM audit_action
                   WHERE xact_id >= b.from_xact AND xact_id < b.to_xact) WHERE seq = %s""",
            before,
            seq,
        )
        sql(f"UPDATE audit_block SET hash = {BLOCK_HASH} WHERE seq = %s", seq)
        before = bytes(Block.objects.get(pk=seq).hash)


KINDS: tuple[Callable[[random.Random], None], ...] = (
    edit, edit_and_rehash, delete, backdate, swap, cut_tail, rewrite_all,
)  # fmt: skip
INVISIBLE_INSIDE = {"cut_tail", "rewrite_all"}


@pytest.mark.slow
def test_350_of_350(committed_db: testing.Database):
    seed = 20261123
    dice = random.Random(seed)
    for block in range(8):
        for i in range(dice.randint(3, 25)):
            record(
                actor=None,
                act="post",
                target=f"t:{block}:{i}",
                data={"total": f"{dice.randint(1, 10**6)}.00"},
            )
        sealing.seal()
    anchor.extend()
    assert verify().ok
    connection.close()
    connection.settings_dict.update(connection_settings(committed_db.owner_url))
    inside: Counter[str] = Counter()
    outside: Counter[str] = Counter()
    started = time.perf_counter()
    for kind in KINDS:
        for _ in range(EACH):
            with transaction.atomic():
                sql("ALTER TABLE audit_action DISABLE TRIGGER USER")
                sql("ALTER TABLE audit_block DISABLE TRIGGER USER")
                kind(dice)
                report = verify()
                kinds = {finding.kind for finding in report.findings}
                inside[kind.__name__] += bool(kinds - {"anchor"})
                outside[kind.__name__] += bool(kinds)
                assert all(finding.where and finding.detail for finding in report.findings)
                transaction.set_rollback(True)
    print(
        f"\nseed {seed}: {sum(inside.values())}/350 by the database alone, {sum(outside.values())}/350 with the anchor,"
        f" {time.perf_counter() - started:.1f} s; {dict(inside)}"
    )
    assert outside == {kind.__name__: EACH for kind in KINDS}
    assert {name for name in outside if inside[name] < EACH} == INVISIBLE_INSIDE
    assert verify().ok


@pytest.mark.slow
def test_speed_of_the_check(committed_db: testing.Database):
    """Printed, with a floor far below what a quiet machine does: a check that crawls is a check nobody runs."""
    rows = 100_000
    started = time.perf_counter()
    sql(
        """INSERT INTO audit_action
               (at, actor_name, duty, act, target, ip, request_id, summary, data, epoch, xact_id, row_hash)
           SELECT now(), '张三', 'business', 'post', 'logistics.stock_issue:' || i, '10.0.0.1', 'r-' || i, '过账出库单',
                  '{"lines": 20, "total": "1234.50"}', 0, 0, '' FROM generate_series(1, %s) i""",
        rows,
    )
    inserted = time.perf_counter()
    sealing.seal()
    sealed = time.perf_counter()
    report = verify(with_anchor=False)
    print(
        f"\n{rows} rows: inserted in {inserted - started:.2f} s, sealed in {sealed - inserted:.2f} s,"
        f" checked in {report.seconds:.2f} s = {rows / report.seconds:,.0f} rows/s"
    )
    assert report.ok
    assert report.rows == rows
    assert rows / report.seconds > 20_000
