"""Sealing and the anchor: nothing committed is skipped, nobody seals twice, contradictions stop it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, transaction

from hrp.config import testing
from hrp.platform.audit import anchor, invariants, sealed, sealing
from hrp.platform.audit.models import ActionLog, Block
from hrp.platform.audit.rows import hash_sql
from hrp.platform.audit.selectors import seal_state
from hrp.platform.audit.services import record
from hrp.platform.audit.verification import verify
from hrp.platform.base.refusals import Conflict

INSERT = """INSERT INTO audit_action
    (at, actor_name, duty, act, target, ip, request_id, summary, data, epoch, xact_id, row_hash)
    VALUES (now(), '并发', '', 'a', %s, '', '', '', '{}', 0, 0, '')"""


def write(*targets: str) -> None:
    with transaction.atomic():
        for target in targets:
            record(actor=None, act="post", target=target)


def test_rows_become_a_block_and_the_block_a_line(committed_db: testing.Database, anchor_home: Path):
    write("t:1", "t:2")
    write("t:3")
    assert seal_state().unsealed == 3
    (made,) = sealing.seal()
    assert (made.seq, made.source, made.count) == (1, "audit_action", 3)
    assert sealing.seal() == []
    assert anchor.extend() == 1
    line = anchor.file().read_text().split("\t")
    assert line[:2] == ["1", made.hash.hex()]
    assert (anchor_home / "secrets" / "anchor.key").stat().st_mode & 0o077 == 0
    state = seal_state()
    assert (state.seq, state.unsealed, state.hash) == (1, 0, made.hash.hex())
    write("t:4")
    (second,) = sealing.seal()
    first_block, second_block = Block.objects.order_by("seq")
    assert bytes(second_block.prev_hash) == bytes(first_block.hash)
    assert second_block.from_xact == first_block.to_xact
    anchor.extend()
    report = verify()
    assert report.ok
    assert (report.rows, report.blocks, report.anchored, report.unsealed) == (4, 2, 2, 0)
    assert report.head["seq"] == second.seq


def test_a_late_commit_is_sealed_by_the_next_block(committed_db: testing.Database):
    """A transaction that wrote first and commits last holds the line back: its rows are neither lost nor backdated."""
    with psycopg.connect(committed_db.app_url) as late:
        late.execute(INSERT, ["late"])
        write("early")
        assert sealing.seal() == []
        assert seal_state().unsealed == 1
        late.commit()
    (made,) = sealing.seal()
    assert made.count == 2
    anchor.extend()
    assert verify().ok


def test_nothing_is_skipped_under_concurrent_writers_and_two_sealers(committed_db: testing.Database):
    rounds, writers = 25, 4
    failures: list[BaseException] = []

    def guarded(work: Any) -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    def write_slowly(number: int) -> None:
        with psycopg.connect(committed_db.app_url) as own:
            for i in range(rounds):
                own.execute(INSERT, [f"{number}:{i}"])
                own.execute("SELECT pg_sleep(%s)", [0.001 * ((number + i) % 4)])
                own.execute(INSERT, [f"{number}:{i}b"])
                own.rollback() if i % 5 == 4 else own.commit()

    stop = threading.Event()

    def seal_again() -> None:
        while not stop.is_set():
            sealing.seal()

    def started(*works: Any) -> list[threading.Thread]:
        threads = [threading.Thread(target=guarded, args=[work]) for work in works]
        for thread in threads:
            thread.start()
        return threads

    sealers = started(seal_again, seal_again)
    for thread in started(*[lambda n=n: write_slowly(n) for n in range(writers)]):
        thread.join()
    stop.set()
    for thread in sealers:
        thread.join()
    assert failures == []
    sealing.seal()
    written = rounds * writers * 2 * 4 // 5
    assert ActionLog.objects.count() == written
    assert sum(Block.objects.values_list("count", flat=True)) == written
    assert Block.objects.count() > 1
    anchor.extend()
    report = verify()
    assert report.ok
    assert (report.rows, report.unsealed) == (written, 0)


def test_the_window_before_the_seal_is_told(
    committed_db: testing.Database, owner_connection: psycopg.Connection
):
    """Rows not yet sealed are counted; after five minutes without a seal the invariant speaks up."""
    write("t:1")
    assert verify().unsealed == 1
    assert invariants.overdue_rows() == []
    owner_connection.execute("ALTER TABLE audit_action DISABLE TRIGGER USER")
    owner_connection.execute("UPDATE audit_action SET at = at - interval '6 minutes'")
    owner_connection.commit()
    (overdue,) = invariants.overdue_rows()
    assert (overdue["table"], overdue["rows"]) == ("audit_action", 1)


def test_rows_of_another_cluster_keep_their_place(
    committed_db: testing.Database, owner_connection: psycopg.Connection
):
    """After a dump is restored elsewhere, transaction ids start again: the epoch keeps old and new rows apart."""
    owner_connection.execute("ALTER TABLE audit_action DISABLE TRIGGER USER")
    stamp = hash_sql(ActionLog, ActionLog.hashed, "r")
    for i in range(3):
        owner_connection.execute(
            INSERT.replace("0, 0, ''", f"99, {10**9 + i}, ''"),
            [f"old:{i}"],
        )
    owner_connection.execute(f"UPDATE audit_action r SET row_hash = {stamp}")
    owner_connection.execute("ALTER TABLE audit_action ENABLE ALWAYS TRIGGER zz_row_stamp")
    owner_connection.commit()
    write("new:1")
    made = sealing.seal()
    assert [block.count for block in made] == [3, 1]
    assert sealing.seal() == []
    anchor.extend()
    assert verify().ok


def test_the_anchor_refuses_to_sign_over_a_contradiction(
    committed_db: testing.Database, owner_connection: psycopg.Connection
):
    for i in range(3):
        write(f"t:{i}")
        sealing.seal()
    anchor.extend()
    for table in ("audit_block", "audit_action"):
        owner_connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    owner_connection.execute(
        "DELETE FROM audit_action WHERE xact_id >= (SELECT from_xact FROM audit_block WHERE seq = 3)"
    )
    owner_connection.execute("DELETE FROM audit_block WHERE seq = 3")
    for table in ("audit_block", "audit_action"):
        owner_connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    owner_connection.commit()
    write("t:after")
    sealing.seal()
    with pytest.raises(Conflict) as refused:
        anchor.extend()
    assert refused.value.code == "anchor_mismatch"
    assert "第 3 块" in refused.value.reason
    report = verify()
    assert [finding.kind for finding in report.findings] == ["anchor"]
    assert invariants.recent_chain()[0]["kind"] == "anchor"

    anchor.accept_restore(name="shenji", reason="恢复 6 月 3 日备份，院办批准")
    report = verify()
    assert report.ok
    assert "恢复 6 月 3 日备份" in report.notes[0]
    write("t:later")
    sealing.seal()
    anchor.extend()
    assert verify().ok


@pytest.mark.parametrize("fault", ["hash", "cut_middle", "garbage"])
def test_a_changed_anchor_names_its_line(committed_db: testing.Database, fault: str):
    for i in range(4):
        write(f"t:{i}")
        sealing.seal()
    anchor.extend()
    lines = anchor.file().read_text().splitlines()
    if fault == "hash":
        lines[1] = lines[1].replace(lines[1].split("\t")[1], "0" * 64)
    elif fault == "cut_middle":
        del lines[1]
    else:
        lines[1] = "no anchor"
    anchor.file().write_text("\n".join(lines) + "\n")
    (finding,) = verify().findings
    assert (finding.kind, finding.where) == ("anchor", "锚点第 2 行")


def test_a_line_cut_short_by_a_kill_is_written_again(committed_db: testing.Database):
    for i in range(3):
        write(f"t:{i}")
        sealing.seal()
    anchor.extend()
    whole = anchor.file().read_bytes()
    for kept in (len(whole) - 1, len(whole) - 40, 30):
        anchor.file().write_bytes(whole[:kept])
        anchor.extend()
        assert anchor.file().read_bytes() == whole
    assert verify().ok


def test_whoever_comes_first_makes_the_key(anchor_home: Path):
    ready = threading.Barrier(8)
    found: list[bytes] = []

    def ask() -> None:
        ready.wait()
        found.append(anchor.key())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert len(found[0]) == 32
    assert [file.name for file in (anchor_home / "secrets").iterdir()] == ["anchor.key"]


def test_a_cut_anchor_is_found_by_its_copy(committed_db: testing.Database, tmp_path: Path, settings: Any):
    settings.AUDIT_ANCHOR_COPY = str(tmp_path / "second" / "audit.log")
    (tmp_path / "second").mkdir()
    for i in range(3):
        write(f"t:{i}")
        sealing.seal()
        anchor.extend()
    copy = Path(settings.AUDIT_ANCHOR_COPY)
    assert copy.read_text() == anchor.file().read_text()
    anchor.file().write_text("".join(f"{line}\n" for line in copy.read_text().splitlines()[:2]))
    write("t:9")
    sealing.seal()
    assert verify(anchor_path=copy).ok
    copy.write_text(copy.read_text().replace("\t", " ", 1))
    with pytest.raises(Conflict) as refused:
        anchor.extend()
    assert refused.value.code == "anchor_copy_failed"


def test_the_head_is_mailed(committed_db: testing.Database, settings: Any, mailoutbox: list[Any]):
    write("t:1")
    sealing.seal()
    anchor.extend()
    anchor.mail_head()
    assert mailoutbox == []
    settings.AUDIT_ANCHOR_MAIL, settings.EMAIL_HOST = "jiwei@example.org", "127.0.0.1"
    anchor.mail_head()
    assert anchor.read()[-1].text() in mailoutbox[0].body


def test_the_command_line(committed_db: testing.Database, capsys: Any):
    write("t:1")
    call_command("audit", "seal")
    call_command("audit", "head")
    call_command("audit", "verify")
    call_command("audit", "verify", "--json")
    out = capsys.readouterr().out
    assert "封存 1 块 1 行，锚点新增 1 行" in out
    assert "审计链完整" in out
    assert '"ok": true' in out
    anchor.file().write_text("x\n")
    with pytest.raises(SystemExit) as ended:
        call_command("audit", "verify")
    assert ended.value.code == 1
    assert "锚点第 1 行" in capsys.readouterr().out


def test_every_sealed_table_hashes_what_its_model_says(db: None):
    """The trigger and the check are built from two lists; they must be one."""
    assert len(sealed.tables) >= 1
    for table in sealed.tables:
        with connection.cursor() as cursor:
            cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = %s", [f"{table.table}_stamp"])
            ((source,),) = cursor.fetchall()
        assert hash_sql(table.model, table.model.hashed, "NEW") in source
        unhashed = {f.name for f in table.model._meta.concrete_fields} - {*table.model.hashed}
        assert unhashed == {"epoch", "xact_id", "row_hash"}
