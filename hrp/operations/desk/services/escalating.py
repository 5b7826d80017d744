"""Telling people of clocks at risk and of clocks missed: each step once, however late it was found and by whom.

Steps found by looking at many tickets wait in a queue until the look is over, so that after an outage one person gets
one digest instead of hundreds of messages. Queue and messages change in one transaction.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from django.db import connection, transaction
from django.urls import reverse

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.rules import Terms
from hrp.operations.desk.models import Ticket, WatchGap
from hrp.operations.desk.rules import plan
from hrp.operations.desk.rules.clocks import KIND_TITLES, Evaluation
from hrp.platform.base import clock
from hrp.platform.notify import services as notify

LATE_AFTER = dt.timedelta(seconds=60)
DIGEST_OVER = 50
HOLD_AT_MOST = dt.timedelta(seconds=120)

BREACH, RISK = "operations.breach", "operations.risk"

_WRITE = """
WITH made AS (
    INSERT INTO operations_escalation (ticket_id, clock_key, percent, at, found_at, detected_late, roles)
    SELECT ticket, clock_key, percent, at, %s, at < %s, roles
    FROM json_to_recordset(%s::json) AS found (
        ticket bigint, clock_key text, percent smallint, at timestamptz, roles jsonb)
    ON CONFLICT (ticket_id, clock_key, percent) DO NOTHING
    RETURNING id
)
INSERT INTO operations_pending_notice (escalation_id) SELECT id FROM made RETURNING escalation_id
"""

_WAITING = """
SELECT e.id, e.ticket_id, e.clock_key, e.percent, e.at, e.detected_late, e.roles, t.number, t.title, t.owner_id
FROM operations_pending_notice p
JOIN operations_escalation e ON e.id = p.escalation_id
JOIN operations_ticket t ON t.id = e.ticket_id
WHERE (%s OR NOT e.detected_late OR e.found_at < %s) AND (%s::bigint[] IS NULL OR e.id = ANY(%s))
ORDER BY e.at, e.id
"""

_TAKE = "DELETE FROM operations_pending_notice WHERE escalation_id = ANY(%s::bigint[])"
_ONE_TELLER = "SELECT pg_try_advisory_xact_lock(hashtext('operations_pending_notice'))"


Found = dict[str, Any]
"""A step of escalation to be written: ``ticket``, ``clock_key``, ``percent``, ``at`` and ``roles``."""


@dataclass(frozen=True)
class _Notice:
    """One waiting escalation with what its message says."""

    pk: int
    ticket: int
    clock_key: str
    percent: int
    at: dt.datetime
    late: bool
    roles: tuple[str, ...]
    number: str
    title: str
    owner: int | None

    @property
    def kind_title(self) -> str:
        """The clock's kind, from its key: cycle, kind, event."""
        return KIND_TITLES[self.clock_key.split(".")[1]]  # type: ignore[index]

    @cached_property
    def line(self) -> str:
        """Its line in a digest."""
        what = "超时" if self.percent == plan.MISSED else f"已用 {self.percent}%"
        return f"{clock.local(self.at):%m-%d %H:%M:%S}　{self.number}　{self.kind_title}{what}　{self.title}"


@lru_cache(maxsize=64)
def _roles_of(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def reached(ticket: int, result: Evaluation, terms: Terms, now: dt.datetime) -> list[Found]:
    """The steps of a ticket's clocks that somebody has to be told of at ``now``."""
    return [
        {
            "ticket": ticket,
            "clock_key": judged.key,
            "percent": step.percent,
            "at": step.at.isoformat(),
            "roles": step.roles,
        }
        for judged in result.clocks
        for step in plan.reached(judged, terms, now)
    ]


def write(found: Sequence[Found], now: dt.datetime) -> list[int]:
    """Write the steps not yet on record and queue their notices; returns the keys of the new ones."""
    if not found:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [now, now - LATE_AFTER, json.dumps(found)])
        return [pk for (pk,) in cursor.fetchall()]


def write_and_tell(ticket: Ticket, result: Evaluation, terms: Terms, now: dt.datetime) -> None:
    """For a ticket somebody is working on: whoever has to know is told in the same transaction."""
    made = write(reached(ticket.pk, result, terms, now), now)
    if made:
        _tell(_waiting(include_late=True, now=now, only=made))


@transaction.atomic
def tell_waiting(*, now: dt.datetime, backlog: bool) -> int:
    """Tell what waits; returns how many escalations were told.

    While a ``backlog`` of late tickets is still being judged, late notices wait for it (but no longer than two
    minutes), so that they can go out as one digest. Only one process tells at a time.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ONE_TELLER)
        (mine,) = cursor.fetchone()
    if not mine:
        return 0
    notices = _waiting(include_late=not backlog, now=now)
    _tell(notices)
    return len(notices)


def _waiting(*, include_late: bool, now: dt.datetime, only: Sequence[int] | None = None) -> list[_Notice]:
    keys = list(only) if only is not None else None
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [include_late, now - HOLD_AT_MOST, keys, keys])
        return [
            _Notice(pk, ticket, key, percent, at, late, _roles_of(roles), number, title, owner)
            for pk, ticket, key, percent, at, late, roles, number, title, owner in cursor.fetchall()
        ]


def _tell(notices: Sequence[_Notice]) -> None:
    if not notices:
        return
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [f"{{{','.join(str(one.pk) for one in notices)}}}"])
    people: dict[tuple[str, ...], list[int]] = {}
    late: dict[int, list[_Notice]] = defaultdict(list)
    messages: list[notify.Notice] = []
    gaps = _Gaps(notices)
    for one in notices:
        if one.roles not in people:
            people[one.roles] = [user.pk for user in contracts.users_with(one.roles)]
        recipients = set(people[one.roles])
        if one.percent < plan.MISSED and one.owner:
            recipients.add(one.owner)
        if one.late:
            for recipient in recipients:
                late[recipient].append(one)
        elif recipients:
            messages.append(_message(one, sorted(recipients), gaps))
    for recipient, waited in late.items():
        if len(waited) > DIGEST_OVER:
            messages.append(_digest(recipient, waited, gaps))
        else:
            messages += [_message(one, [recipient], gaps) for one in waited]
    notify.notify_many(messages)


def _message(one: _Notice, recipients: Sequence[int], gaps: _Gaps) -> notify.Notice:
    missed = one.percent == plan.MISSED
    late = f"（{gaps.words(one.at)}）" if one.late else ""
    head = (
        f"超时：{one.number} {one.kind_title}"
        if missed
        else f"时限已用 {one.percent}%：{one.number} {one.kind_title}"
    )
    return notify.Notice(
        recipients=tuple(recipients),
        kind=BREACH if missed else RISK,
        title=f"{'［迟发］' if one.late else ''}{head}",
        body=f"{one.title} · {'时限' if missed else '应通知'} {clock.local(one.at):%m-%d %H:%M:%S}{late}",
        url=reverse("operations.ticket.detail", args=[one.ticket]),
        dedupe_key=f"breach:{one.ticket}:{one.clock_key}" if missed else f"risk:{one.pk}",
    )


def _digest(recipient: int, waited: Sequence[_Notice], gaps: _Gaps) -> notify.Notice:
    """One message for many: everything that would have been told, in the order in which it fell due."""
    lines = [one.line for one in waited]
    return notify.Notice(
        recipients=(recipient,),
        kind=BREACH,
        title=f"［迟发］{len(waited)} 项超时与预警（{gaps.words(waited[0].at)}）",
        body="\n".join([f"{gaps.words(waited[0].at)}，共 {len(waited)} 项：", *lines]),
        url=reverse("operations.breach.list"),
        dedupe_key=f"digest:{waited[0].pk}:{waited[-1].pk}:{len(waited)}",
    )


class _Gaps:
    """When nobody watched the clocks, as far as it concerns these notices."""

    def __init__(self, notices: Iterable[_Notice]) -> None:
        instants = [one.at for one in notices if one.late]
        self.rows = list(WatchGap.objects.filter(ended_at__gte=min(instants))) if instants else []

    def words(self, at: dt.datetime) -> str:
        """Why a notice of ``at`` comes late."""
        for gap in self.rows:
            if gap.began_at - LATE_AFTER <= at <= gap.ended_at:
                return f"因服务在 {_span(gap.began_at, gap.ended_at)} 停止而迟发"
        return "系统发现较晚，迟发"


def _span(began: dt.datetime, ended: dt.datetime) -> str:
    first, last = clock.local(began), clock.local(ended)
    if first.date() == last.date():
        return f"{first:%H:%M}–{last:%H:%M}"
    return f"{first:%m-%d %H:%M} 至 {last:%m-%d %H:%M}"
