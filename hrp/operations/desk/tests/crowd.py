"""Many tickets at once, for tests and benchmarks of the scan: set-based SQL through every trigger of the tables."""

from __future__ import annotations

import datetime as dt

from django.db import connection

from hrp.operations.contracts.models import AnnualContract
from hrp.operations.desk.rules.clocks import ENGINE_VERSION
from hrp.operations.desk.tests.world import World

_TICKETS = """
INSERT INTO operations_ticket (
    number, contract_version_id, annual_contract_id, org_unit_id, module, in_scope, title, description, reporter_name,
    reporter_phone, opened_by_id, opened_at, state, level, level_rank, reported_level, flags, notify, cycle,
    first_contact_at, next_due_at, pressing_due_at, judged_at, last_seq, head_hash)
SELECT 'FW2026-' || CASE WHEN n > 99999 THEN n::text ELSE lpad(n::text, 5, '0') END, %(version)s, %(year)s, %(unit)s, '物流管理系统', true, '第 ' || n || ' 号报修', '',
       '王药师', '', %(agent)s, at, 'new', level, rank, level, '[]', %(notify)s, 1,
       at, at + target / 2, at + target, at, 0, repeat('0', 64)
FROM (
    SELECT n, %(first)s::timestamptz + %(spread)s::interval * (n - %(after)s) / %(count)s AS at,
           CASE WHEN n %% 4 = 0 THEN 'C' ELSE 'B' END AS level, CASE WHEN n %% 4 = 0 THEN 1 ELSE 2 END AS rank,
           CASE WHEN n %% 4 = 0 THEN interval '2 hours' ELSE interval '1 hour' END AS target
    FROM generate_series(%(after)s + 1, %(after)s + %(count)s) n
) made ORDER BY n
"""

_EVENTS = """
INSERT INTO operations_ticket_event (
    ticket_id, seq, type, at, recorded_at, actor_id, side, payload, prev_hash, hash, epoch, xact_id, row_hash)
SELECT id, 1, 'CONTACT', first_contact_at, first_contact_at, %(agent)s, 'supplier',
       jsonb_build_object('channel', 'phone', 'level', level, 'dept', '设备科库房'), '', '', 0, 0, ''
FROM operations_ticket WHERE last_seq = 0 ORDER BY id
"""

_CLOCKS = """
INSERT INTO operations_clock (ticket_id, key, position, cycle, kind, level, start, due, verdict, engine_version)
SELECT id, '1.response.1', 0, 1, 'response', level, first_contact_at, pressing_due_at, 'running', %(engine)s
FROM operations_ticket t WHERE NOT EXISTS (SELECT 1 FROM operations_clock WHERE ticket_id = t.id) ORDER BY id
"""

_SERIES = "INSERT INTO operations_number_series (key, last) VALUES ('FW2026', %(last)s)"


def gather(
    world: World, count: int, *, first: dt.datetime, spread: dt.timedelta, after: int = 0, total: int = 0
) -> None:
    """``count`` unanswered B and C calls, evenly from ``first`` on over ``spread``: one running clock each.

    ``after`` is how many were gathered before, ``total`` how many there will be in the end.
    """
    year = AnnualContract.objects.get(contract=world.contract, starts_on__year=2026)
    facts = {
        "version": world.version.pk, "year": year.pk, "unit": world.store.pk, "agent": world.engineer.pk,
        "notify": '["值班工程师", "甲方系统主管工程师"]', "first": first, "spread": spread, "count": count, "after": after,
        "engine": ENGINE_VERSION,
    }  # fmt: skip
    with connection.cursor() as cursor:
        for statement in (_TICKETS, _EVENTS, _CLOCKS):
            cursor.execute(statement, facts)
        if not after:
            cursor.execute(_SERIES, {"last": total or count})
