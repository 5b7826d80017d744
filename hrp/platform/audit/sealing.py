"""Sealing: unsealed rows become the next block of the chain.

A block takes the rows of one table by transaction id, from where the last block of that table ended up to the oldest
transaction still running. Every transaction below that line has ended, so a row that commits late is never skipped:
its transaction held the line back.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, transaction

from hrp.platform.audit.sealed import SealedTable, tables

_LOCK = 7_216_001

BLOCK_HASH = """sha256(convert_to(jsonb_build_array(
    seq, source, epoch, from_xact, to_xact, count, encode(root, 'hex'), encode(prev_hash, 'hex'),
    extract(epoch FROM sealed_at))::text, 'UTF8'))"""

GENESIS = bytes(32)


@dataclass(frozen=True)
class Sealed:
    """A block just made."""

    seq: int
    source: str
    count: int
    hash: bytes


def _epochs(table: SealedTable) -> list[int]:
    """The epochs that have rows, by skipping through the index."""
    with connection.cursor() as cursor:
        cursor.execute(f"""
            WITH RECURSIVE found(epoch) AS (
                (SELECT epoch FROM {table.table} ORDER BY epoch LIMIT 1)
                UNION ALL
                SELECT (SELECT t.epoch FROM {table.table} t WHERE t.epoch > f.epoch ORDER BY t.epoch LIMIT 1)
                FROM found f WHERE f.epoch IS NOT NULL
            ) SELECT epoch FROM found WHERE epoch IS NOT NULL""")  # noqa: S608 (a registered table)
        return [row[0] for row in cursor.fetchall()]


def _seal(table: SealedTable, epoch: int, own_epoch: int, horizon: int) -> Sealed | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(to_xact), 0) FROM audit_block WHERE source = %s AND epoch = %s",
            [table.table, epoch],
        )
        ((start,),) = cursor.fetchall()
        if epoch == own_epoch:
            end = horizon
        else:
            # A cluster this database was once dumped from: nothing runs there any more.
            cursor.execute(f"SELECT max(xact_id) + 1 FROM {table.table} WHERE epoch = %s", [epoch])  # noqa: S608
            ((end,),) = cursor.fetchall()
        if end <= start:
            return None
        cursor.execute(
            f"""
            WITH rows AS (
                SELECT count(*) AS count, sha256(string_agg(row_hash, ''::bytea ORDER BY xact_id, id)) AS root
                FROM {table.table} WHERE epoch = %(epoch)s AND xact_id >= %(start)s AND xact_id < %(end)s
            ), head AS (
                SELECT coalesce(max(seq), 0) AS seq,
                       coalesce((SELECT hash FROM audit_block ORDER BY seq DESC LIMIT 1), %(genesis)s) AS hash
                FROM audit_block
            ), block AS MATERIALIZED (
                SELECT head.seq + 1 AS seq, %(source)s::text AS source, %(epoch)s::bigint AS epoch,
                       %(start)s::bigint AS from_xact, %(end)s::bigint AS to_xact, rows.count, rows.root,
                       head.hash AS prev_hash, clock_timestamp() AS sealed_at
                FROM rows, head WHERE rows.count > 0
            )
            INSERT INTO audit_block
                (seq, source, epoch, from_xact, to_xact, count, root, prev_hash, sealed_at, hash)
            SELECT block.*, {BLOCK_HASH} FROM block RETURNING seq, source, count, hash""",  # noqa: S608
            {"epoch": epoch, "start": start, "end": end, "source": table.table, "genesis": GENESIS},
        )
        row = cursor.fetchone()
    return Sealed(row[0], row[1], row[2], bytes(row[3])) if row else None


def seal() -> list[Sealed]:
    """Seal everything that can be sealed now, in one transaction; two sealers wait for one another.

    Inside a caller's transaction only what was committed before it is sealed.
    """
    made = []
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            cursor.execute(
                """SELECT system_identifier, pg_snapshot_xmin(pg_current_snapshot())::text::bigint
                   FROM pg_control_system()"""
            )
            ((own_epoch, horizon),) = cursor.fetchall()
        for table in tables:
            for epoch in _epochs(table):
                block = _seal(table, epoch, own_epoch, horizon)
                if block is not None:
                    made.append(block)
    return made
