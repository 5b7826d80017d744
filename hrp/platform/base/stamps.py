"""Version stamps: how a process knows that what it remembers of slowly changing registers is still true.

A stamp is a random token per topic ("tree", "calendar", "grants"), replaced by a statement trigger on every table
of the topic, inside the transaction of the change, so that no reader can see it before the change itself. Each
process reads all stamps at most once in :data:`MAX_AGE_SECONDS`; what it memorised under another token is dropped.
A token is never reused, so a rolled-back change cannot make a later one look already known. A token that is not
yet committed is known to the thread that wrote it only: otherwise other threads would file the old state under it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import connection
from django.db.migrations.operations import RunSQL

T = TypeVar("T")

MAX_AGE_SECONDS = 1.0

STAMP_SQL = """
CREATE TABLE hrp_stamp (
    topic text PRIMARY KEY,
    token uuid NOT NULL,
    writer xid8 NOT NULL
);
CREATE FUNCTION hrp_bump_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO hrp_stamp (topic, token, writer) VALUES (TG_ARGV[0], gen_random_uuid(), pg_current_xact_id())
        ON CONFLICT (topic) DO UPDATE SET token = excluded.token, writer = excluded.writer;
    RETURN NULL;
END $$;
"""
DROP_STAMP_SQL = "DROP FUNCTION IF EXISTS hrp_bump_stamp(); DROP TABLE IF EXISTS hrp_stamp;"


class BumpStamp(RunSQL):
    """Migration operation: every change of ``table`` (an UPDATE only of ``columns``, when given) bumps ``topic``."""

    def __init__(self, table: str, topic: str, columns: Sequence[str] = ()) -> None:
        self.table, self.topic, self.columns = table, topic, tuple(columns)
        updates = "UPDATE" + (" OF " + ", ".join(columns) if columns else "")
        super().__init__(
            sql=f"""
            CREATE TRIGGER bump_stamp_{topic} AFTER INSERT OR DELETE OR TRUNCATE OR {updates} ON "{table}"
                FOR EACH STATEMENT EXECUTE FUNCTION hrp_bump_stamp('{topic}');
            """,
            reverse_sql=f'DROP TRIGGER IF EXISTS bump_stamp_{topic} ON "{table}";',
        )

    def deconstruct(self) -> Any:
        return (
            self.__class__.__qualname__,
            [],
            {"table": self.table, "topic": self.topic, "columns": self.columns},
        )


class _Reading(NamedTuple):
    tokens: Mapping[str, str]
    read_at: float

    def is_fresh(self) -> bool:
        return time.monotonic() - self.read_at < MAX_AGE_SECONDS


_NEVER = _Reading({}, float("-inf"))


class _Memory(threading.local):
    """What this thread alone knows: tokens of its own uncommitted changes, and that it must read for itself."""

    mine: _Reading = _NEVER
    must_read: bool = False


_memory = _Memory()
_shared: _Reading = _NEVER


def _tokens() -> Mapping[str, str]:
    global _shared
    if _memory.mine.is_fresh():
        return _memory.mine.tokens
    if _shared.is_fresh() and not _memory.must_read:
        return _shared.tokens
    started = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT topic, token::text, coalesce(writer = pg_current_xact_id_if_assigned(), false) FROM hrp_stamp"
        )
        rows = cursor.fetchall()
    reading = _Reading({topic: token for topic, token, _ in rows}, started)
    _memory.must_read = False
    if any(own for _, _, own in rows):
        _memory.mine = reading
    else:
        _memory.mine, _shared = _NEVER, reading
    return reading.tokens


def current(topic: str) -> str:
    """The token of ``topic``, at most :data:`MAX_AGE_SECONDS` old; empty when nothing of it was ever written."""
    return _tokens().get(topic, "")


def forget() -> None:
    """Read the stamps again at the next question: called by a verb that has just changed one of the registers."""
    global _shared
    _memory.mine, _memory.must_read = _NEVER, True
    _shared = _NEVER


class Memo(Generic[T]):
    """Answers remembered per key for as long as the stamps of ``topics`` stand. Answers must be immutable."""

    def __init__(self, *topics: str, limit: int = 10_000) -> None:
        self.topics, self.limit = topics, limit
        self._state: tuple[tuple[str, ...], dict[Any, T]] = ((), {})

    def get(self, key: Any, compute: Callable[[], T]) -> T:
        stamp = tuple(current(topic) for topic in self.topics)
        known, answers = self._state
        if known != stamp or len(answers) >= self.limit:
            answers = {}
            self._state = (stamp, answers)
        if key not in answers:
            answers[key] = compute()
        return answers[key]
