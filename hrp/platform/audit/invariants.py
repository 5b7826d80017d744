"""What must always hold of the audit trail."""

from __future__ import annotations

from typing import Any

from django.db import connection

from hrp.platform.audit import verification
from hrp.platform.audit.models import Block
from hrp.platform.audit.sealed import tables
from hrp.platform.base import health

RECENT_BLOCKS = 500


def recent_chain() -> list[dict[str, Any]]:
    """Findings in the newest blocks and the anchor; the whole chain is the business of ``hrp audit verify``."""
    newest = Block.objects.order_by("-seq").values_list("seq", flat=True)[RECENT_BLOCKS - 1 : RECENT_BLOCKS]
    report = verification.verify(since=next(iter(newest), 0))
    return [{"kind": f.kind, "where": f.where, "detail": f.detail} for f in report.findings]


def overdue_rows() -> list[dict[str, Any]]:
    """Tables with rows older than five minutes that no block holds: the sealer is down, or a transaction is stuck."""
    found = []
    for table in tables:
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT count(*), min(r.{table.at}) FROM {table.table} r
                LEFT JOIN (
                    SELECT epoch, max(to_xact) AS upto FROM audit_block WHERE source = %s GROUP BY epoch
                ) b ON b.epoch = r.epoch
                WHERE r.xact_id >= coalesce(b.upto, 0) AND r.{table.at} < now() - interval '5 minutes'""",  # noqa: S608
                [table.table],
            )
            ((count, oldest),) = cursor.fetchall()
        if count:
            found.append(
                {"table": table.table, "title": table.title, "rows": count, "oldest": oldest.isoformat()}
            )
    return found


def register() -> None:
    health.register(
        health.Invariant(
            "audit.chain_recent", "audit", "最近的审计块、行散列与库外锚点一致", check=recent_chain
        )
    )
    health.register(
        health.Invariant("audit.sealed_in_time", "audit", "没有超过 5 分钟仍未封存的记录", check=overdue_rows)
    )
