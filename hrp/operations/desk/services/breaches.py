"""Finding missed targets and clocks at risk by looking at state: whoever was asleep, each carries its true due time.

Many tickets are judged in one transaction and a handful of statements. Time alone can only turn a running clock into
a missed one, so that is all this writes; a ticket of which anything else differs is projected anew as a whole.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.rules import Terms
from hrp.operations.desk import selectors
from hrp.operations.desk.models import Breach, Ticket, Watch, WatchGap
from hrp.operations.desk.rules import clocks as engine
from hrp.operations.desk.rules import plan
from hrp.operations.desk.services import escalating
from hrp.operations.desk.services.projection import project
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Refusal

logger = logging.getLogger(__name__)

BATCH = 2000
MOST_SECONDS = 20  # the duty loop does one thing at a time; the rest of a catch-up is done two seconds later
TRY_AGAIN = dt.timedelta(minutes=10)  # a ticket that cannot be judged must not hold up the others

_DUE = """
SELECT id, contract_version_id FROM operations_ticket
WHERE next_due_at < %s ORDER BY next_due_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""

_WRITE_BREACHES = """
INSERT INTO operations_breach (ticket_id, clock_key, kind, level, start, due, found_at, detected_late, notify)
SELECT ticket, clock_key, kind, level, start, due, %s, due < %s, notify
FROM json_to_recordset(%s::json) AS found (
    ticket bigint, clock_key text, kind text, level text, start timestamptz, due timestamptz, notify jsonb)
ON CONFLICT (ticket_id, clock_key) DO NOTHING
RETURNING ticket_id
"""

_MARK_CLOCKS = """
UPDATE operations_clock c SET verdict = 'breached'
FROM json_to_recordset(%s::json) AS missed (ticket bigint, clock_key text)
WHERE c.ticket_id = missed.ticket AND c.key = missed.clock_key AND c.verdict = 'running'
"""

_MARK_TICKETS = """
UPDATE operations_ticket t SET next_due_at = judged.due, judged_at = %s
FROM json_to_recordset(%s::json) AS judged (ticket bigint, due timestamptz) WHERE t.id = judged.ticket
"""


@dataclass
class _Batch:
    """What judging some tickets found."""

    missed: list[dict[str, Any]] = field(default_factory=list)
    steps: list[escalating.Found] = field(default_factory=list)
    tickets: list[dict[str, Any]] = field(default_factory=list)


def scan(*, actor: User) -> int:
    """Judge every ticket with a step of escalation or a due time behind it; returns how many breaches were written.

    Safe to run from several workers at once: a ticket another one holds is left to it. Works for at most twenty
    seconds; what it leaves is found by the next look.
    """
    _watch(clock.now())
    began, written = time.monotonic(), 0
    while True:
        judged, found = judge_due(actor=actor)
        written += found
        if judged < BATCH or time.monotonic() - began > MOST_SECONDS:
            break
    now = clock.now()
    escalating.tell_waiting(now=now, backlog=_has_backlog(now))
    return written


@transaction.atomic
def judge_due(*, actor: User) -> tuple[int, int]:
    """Judge up to two thousand tickets; returns how many, and how many breaches were written."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [now, BATCH])
        versions: dict[int, int] = dict(cursor.fetchall())
    if not versions:
        return 0, 0
    terms = contracts.terms_of_many(set(versions.values()))
    events, stored = (
        selectors.clock_events_of_many(list(versions)),
        selectors.verdicts_of_many(list(versions)),
    )
    calendar = selectors.calendar()
    batch, repaired = _Batch(), 0
    for ticket, version in versions.items():
        figures = terms[version]
        try:
            result = engine.evaluate(events.get(ticket, []), figures, calendar, now)
        except Refusal:
            logger.exception("ticket %s cannot be judged", ticket)
            Ticket.objects.filter(pk=ticket).update(next_due_at=now + TRY_AGAIN)
            continue
        if _only_time_passed(result.clocks, stored.get(ticket, {})):
            _note(batch, ticket, result, figures, now)
        else:
            repaired += _repair(Ticket.objects.get(pk=ticket), figures, now, actor)
    return len(versions), repaired + _write(batch, now, actor)


def _repair(ticket: Ticket, terms: Terms, now: dt.datetime, actor: User) -> int:
    """Project anew a ticket whose stored clocks were not those of its events, and leave a trace that this was so."""
    before = Breach.objects.filter(ticket=ticket).count()
    project(ticket, terms, now)
    logger.error("stored clocks of ticket %s differed from its events", ticket.number)
    audit.record(
        actor=actor,
        act="operations.ticket.rebuild",
        target=f"operations.ticket:{ticket.pk}",
        summary=f"{ticket.number} 存储的时钟与事件不符，已按事件重建",
    )
    return Breach.objects.filter(ticket=ticket).count() - before


def _note(batch: _Batch, ticket: int, result: engine.Evaluation, terms: Terms, now: dt.datetime) -> None:
    batch.missed += [
        {
            "ticket": ticket,
            "clock_key": judged.key,
            "kind": judged.kind,
            "level": judged.level or "",
            "start": judged.start.isoformat(),
            "due": judged.due.isoformat(),
            "notify": result.notify_on_breach,
        }
        for judged in result.clocks
        if judged.verdict == "breached"
    ]
    batch.steps += escalating.reached(ticket, result, terms, now)
    due = plan.next_step_at(result.clocks, terms, now)
    batch.tickets.append({"ticket": ticket, "due": due.isoformat() if due else None})


def _write(batch: _Batch, now: dt.datetime, actor: User) -> int:
    missed = json.dumps(batch.missed)
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_BREACHES, [now, now - escalating.LATE_AFTER, missed])
        written = sorted(ticket for (ticket,) in cursor.fetchall())
        cursor.execute(_MARK_CLOCKS, [missed])
        cursor.execute(_MARK_TICKETS, [now, json.dumps(batch.tickets)])
    escalating.write(batch.steps, now)
    if written:
        audit.record(
            actor=actor,
            act="operations.ticket.breach",
            target="operations.breach:",
            summary=f"写入超时 {len(written)} 项",
            data={"tickets": written},
        )
    return len(written)


def _only_time_passed(judged: Iterable[engine.Clock], stored: dict[str, tuple[str, dt.datetime]]) -> bool:
    """Whether the stored clocks are the judged ones, save that running ones may have been missed since."""
    clocks = list(judged)
    return len(clocks) == len(stored) and all(
        one.key in stored
        and one.due == stored[one.key][1]
        and (
            one.verdict == stored[one.key][0] or (one.verdict, stored[one.key][0]) == ("breached", "running")
        )
        for one in clocks
    )


@transaction.atomic
def _watch(now: dt.datetime) -> None:
    """Write down that the clocks are being looked at, and for how long nobody did."""
    row, created = Watch.objects.select_for_update().get_or_create(key="clocks", defaults={"seen_at": now})
    if created or row.seen_at >= now:
        return
    if now - row.seen_at > escalating.LATE_AFTER:
        WatchGap.objects.bulk_create([WatchGap(began_at=row.seen_at, ended_at=now)], ignore_conflicts=True)
    Watch.objects.filter(pk=row.pk).update(seen_at=now)


def _has_backlog(now: dt.datetime) -> bool:
    return Ticket.objects.filter(next_due_at__lt=now - escalating.LATE_AFTER).exists()
