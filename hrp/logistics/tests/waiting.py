"""Looking at what a posting holds while it waits for stock that somebody else has: the order of its locks, seen from outside."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString

import psycopg
from django.db import connection
from psycopg import sql

WAITING_SQL = "SELECT count(*) FROM pg_locks WHERE NOT granted"
FREE_SQL = "SELECT id FROM {} FOR UPDATE SKIP LOCKED"
PATIENCE_S = 20


def free_while_waiting(
    owner: psycopg.Connection, act: Callable[[], Any], table: LiteralString
) -> tuple[int, int]:
    """How many rows of ``table`` nobody holds while ``act`` waits for stock, and how many there are; then it may go on."""
    owner.execute("SELECT id FROM logistics_balance FOR UPDATE")

    def alone() -> None:
        try:
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        done = other.submit(alone)
        try:
            until = time.monotonic() + PATIENCE_S
            while owner.execute(WAITING_SQL).fetchone() == (0,):
                assert not done.done(), done.exception() or "it never waited for stock"
                assert time.monotonic() < until
                time.sleep(0.02)
            free = len(owner.execute(sql.SQL(FREE_SQL).format(sql.Identifier(table))).fetchall())
            whole = len(owner.execute(sql.SQL("SELECT id FROM {}").format(sql.Identifier(table))).fetchall())
        finally:
            owner.rollback()
        done.result(PATIENCE_S)
    return free, whole
