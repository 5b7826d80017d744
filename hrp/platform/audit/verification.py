"""Checking the past: every row's hash, every block, the chain, and the anchor outside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from hrp.platform.audit import anchor
from hrp.platform.audit.models import Block
from hrp.platform.audit.sealed import SealedTable, tables
from hrp.platform.audit.sealing import BLOCK_HASH, GENESIS

MOST_FINDINGS = 100


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was sealed. ``kind`` is row, block, chain or anchor; ``where`` names the first."""

    kind: str
    where: str
    detail: str


@dataclass
class Report:
    rows: int = 0
    blocks: int = 0
    unsealed: int = 0
    anchored: int = 0
    seconds: float = 0.0
    head: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.findings

    def as_dict(self) -> dict[str, Any]:
        return {"ok": self.ok, **asdict(self)}


def _dicts(sql: str, params: Any = None) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _chain(since: int) -> Iterator[Finding]:
    """Block hashes, their links, their numbers, and that the ranges of each table leave no gap."""
    for row in _dicts(
        f"""
        SELECT * FROM (
            SELECT seq, source, hash <> {BLOCK_HASH} AS changed,
                   prev_hash <> coalesce(lag(hash) OVER chain, CASE WHEN seq = 1 THEN %s END, prev_hash) AS broken,
                   seq <> coalesce(lag(seq) OVER chain + 1, CASE WHEN %s = 0 THEN 1 ELSE seq END) AS skipped,
                   from_xact <> coalesce(lag(to_xact) OVER ranges, CASE WHEN %s = 0 THEN 0 ELSE from_xact END) AS gap
            FROM audit_block WHERE seq >= %s
            WINDOW chain AS (ORDER BY seq), ranges AS (PARTITION BY source, epoch ORDER BY seq)
        ) b WHERE changed OR broken OR skipped OR gap ORDER BY seq LIMIT {MOST_FINDINGS}""",  # noqa: S608
        [GENESIS, since, since, since],
    ):
        where = f"第 {row['seq']} 块（{row['source']}）"
        if row["changed"]:
            yield Finding("block", where, "块内容与块散列不符")
        if row["skipped"]:
            yield Finding("chain", where, "块号不连续，前面有块被删除")
        elif row["broken"]:
            yield Finding("chain", where, "与前一块的链接断开")
        if row["gap"]:
            yield Finding("chain", where, "与本表前一块之间有未封存的空当")


def _rows(table: SealedTable, since: int, report: Report) -> Iterator[Finding]:
    """Recompute every sealed row of ``table``, block by block, in one statement."""
    sums = _dicts(
        f"""
        SELECT b.seq, b.count, f.count AS found, f.bad, f.first_bad, f.root IS DISTINCT FROM b.root AS changed
        FROM audit_block b CROSS JOIN LATERAL (
            SELECT count(*) AS count, count(*) FILTER (WHERE s.row_hash <> s.now) AS bad,
                   min(s.id) FILTER (WHERE s.row_hash <> s.now) AS first_bad,
                   sha256(string_agg(s.now, ''::bytea ORDER BY s.xact_id, s.id)) AS root
            FROM (
                SELECT r.id, r.xact_id, r.row_hash, {table.hash_sql} AS now FROM {table.table} r
                WHERE r.epoch = b.epoch AND r.xact_id >= b.from_xact AND r.xact_id < b.to_xact OFFSET 0
            ) s
        ) f WHERE b.source = %s AND b.seq >= %s ORDER BY b.seq""",  # noqa: S608 (a registered table)
        [table.table, since],
    )
    for row in sums:
        report.rows += row["found"]
        where = f"第 {row['seq']} 块（{table.title}）"
        if row["bad"]:
            detail = f"{row['bad']} 行内容与行散列不符"
            yield Finding("row", f"{table.table} 第 {row['first_bad']} 行，{where}", detail)
        if row["found"] != row["count"]:
            yield Finding("block", where, f"封存时 {row['count']} 行，现有 {row['found']} 行")
        elif row["changed"] and not row["bad"]:
            yield Finding("block", where, "行被改写并重算了散列，或次序被调换：根散列不符")


def _unsealed(table: SealedTable) -> Iterator[tuple[int, int | None, int]]:
    """(how many rows wait for the seal, first of them whose hash is wrong, how many are wrong)."""
    for row in _dicts(
        f"""
        SELECT count(*) AS waiting, min(s.id) FILTER (WHERE s.row_hash <> s.now) AS first_bad,
               count(*) FILTER (WHERE s.row_hash <> s.now) AS bad
        FROM (
            SELECT r.id, r.row_hash, {table.hash_sql} AS now FROM {table.table} r
            LEFT JOIN (
                SELECT epoch, max(to_xact) AS upto FROM audit_block WHERE source = %s GROUP BY epoch
            ) b ON b.epoch = r.epoch
            WHERE r.xact_id >= coalesce(b.upto, 0) OFFSET 0
        ) s""",  # noqa: S608 (a registered table)
        [table.table],
    ):
        yield row["waiting"], row["first_bad"], row["bad"]


def _accepted(lines: list[anchor.Line], report: Report) -> list[float]:
    """For each line, up to which block it still speaks: a restore accepted later supersedes what it undid."""
    limits: list[float] = []
    limit = float("inf")
    for number in range(len(lines), 0, -1):
        limits.append(limit)
        floor = lines[number - 1].true_up_to
        if floor is not None:
            limit = min(limit, floor)
            reason = lines[number - 1].note.split(":", 2)[2]
            report.notes.append(f"锚点第 {number} 行承认过一次恢复（第 {floor} 块之后）：{reason}")
    return limits[::-1]


def _anchored(report: Report, path: str | Path | None) -> Iterator[Finding]:
    """Every line of the anchor against the block of its number."""
    try:
        lines = anchor.read(path)
    except anchor.BadLine as bad:
        yield Finding("anchor", f"锚点第 {bad.number} 行", bad.reason)
        return
    except OSError as error:
        yield Finding("anchor", "锚点文件", f"不能读取：{error}")
        return
    report.anchored = len(lines)
    if not lines:
        if report.blocks:
            yield Finding("anchor", "锚点文件", "不存在或为空，而链上已有块")
        return
    true_up_to = _accepted(lines, report)
    hashes = {seq: bytes(value).hex() for seq, value in Block.objects.values_list("seq", "hash").iterator()}
    for number, line in enumerate(lines, start=1):
        if line.seq == 0 or line.seq > true_up_to[number - 1]:
            continue
        if line.seq not in hashes:
            yield Finding("anchor", f"锚点第 {number} 行", f"第 {line.seq} 块在库中已不存在：尾部被截断")
            return
        if hashes[line.seq] != line.hash:
            yield Finding("anchor", f"锚点第 {number} 行", f"第 {line.seq} 块与锚点不符：链被重写")
            return
    behind = report.blocks and max(hashes) - lines[-1].seq
    if behind:
        report.notes.append(f"{behind} 个新块尚未写入锚点")


def verify(*, since: int = 0, anchor_path: str | Path | None = None, with_anchor: bool = True) -> Report:
    """Recompute the chain from block ``since`` on (0 = all of it). Reads only; safe while the hospital works."""
    started = time.perf_counter()
    report = Report()
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        report.blocks = Block.objects.count()
        head = Block.objects.order_by("-seq").first()
        if head is not None:
            report.head = {
                "seq": head.seq,
                "hash": bytes(head.hash).hex(),
                "sealed_at": head.sealed_at.isoformat(),
            }
        report.findings.extend(_chain(since))
        for table in tables:
            report.findings.extend(_rows(table, since, report))
            for waiting, first_bad, bad in _unsealed(table):
                report.unsealed += waiting
                if bad:
                    where = f"{table.table} 第 {first_bad} 行（未封存）"
                    report.findings.append(Finding("row", where, f"{bad} 行内容与行散列不符"))
        if with_anchor:
            report.findings.extend(_anchored(report, anchor_path))
    for source in Block.objects.values_list("source", flat=True).distinct().order_by():
        if source not in tables:
            report.findings.append(Finding("block", source, "封存过的表不再登记，无法核对"))
    del report.findings[MOST_FINDINGS:]
    report.seconds = round(time.perf_counter() - started, 3)
    return report
