"""Computing anew what a chain amounts to, storing it, and telling whoever the contract names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.rules import Terms
from hrp.operations.desk import selectors
from hrp.operations.desk.models import Breach, Clock, Ticket
from hrp.operations.desk.rules import clocks as engine
from hrp.operations.desk.rules import lifecycle, plan
from hrp.operations.desk.rules.events import Event
from hrp.operations.desk.services import escalating
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict
from hrp.platform.notify import services as notify

_PROJECTED = [
    "state", "level", "level_rank", "reported_level", "flags", "notify", "cycle", "owner", "first_contact_at",
    "resolved_at", "closed_at", "next_due_at", "pressing_due_at", "judged_at",
]  # fmt: skip
_CLOCK_FIELDS = (
    "position",
    "cycle",
    "kind",
    "level",
    "start",
    "due",
    "stop",
    "verdict",
    "margin_s",
    "engine_version",
)


def project(ticket: Ticket, terms: Terms, now: dt.datetime) -> engine.Evaluation:
    """Compute state, level, flags, clocks and breaches from the chain and store them. ``ticket`` must be locked."""
    events = selectors.events_of(ticket)
    result = engine.evaluate(events, terms, selectors.calendar(), now)
    told = set(ticket.notify)
    ticket.state = lifecycle.state_of(events, needs_review=result.is_emergency)
    ticket.level = result.final_level or ""
    ticket.level_rank = terms.levels[ticket.level].rank if ticket.level else 0
    ticket.reported_level = result.reported_level or ""
    ticket.flags, ticket.notify, ticket.cycle = list(result.flags), list(result.notify), max(result.cycles, 1)
    ticket.first_contact_at = result.first_contact_at or ticket.first_contact_at
    ticket.resolved_at = None if ticket.state in lifecycle.OPEN_STATES else result.resolved_at
    ticket.closed_at = _closed_at(ticket.state, events)
    ticket.next_due_at = plan.next_step_at(result.clocks, terms, now)
    ticket.pressing_due_at = min((c.due for c in result.clocks if _unstopped(c)), default=None)
    ticket.judged_at = now
    ticket.save(update_fields=_PROJECTED)
    _store_clocks(ticket, result.clocks)
    _store_breaches(ticket, result, now)
    escalating.write_and_tell(ticket, result, terms, now)
    _tell_roles(ticket, terms, [role for role in result.notify if role not in told])
    return result


def rebuild(ticket: Ticket) -> list[Clock]:
    """The ticket's clocks computed afresh as of the instant they were last judged; writes nothing.

    Raises Conflict (``clock_rebuild_differs``) when they are not the stored ones: somebody changed one of the two.
    """
    fresh = _judged_again(ticket, selectors.events_of(ticket))
    wrong = _differing(fresh, Clock.objects.filter(ticket=ticket))
    if wrong:
        raise Conflict(
            f"工单 {ticket.number} 的时钟与事件重算结果不符：{'、'.join(wrong)}",
            way_out="请勿继续处理，通知双方系统负责人核对事件链与时钟表。",
            code="clock_rebuild_differs",
        )
    return fresh


def differing(tickets: Sequence[Ticket]) -> dict[str, list[str]]:
    """Ticket number -> keys of the clocks that recomputing does not give, of many tickets in four statements."""
    keys = [ticket.pk for ticket in tickets]
    events, calendar = selectors.clock_events_of_many(keys), selectors.calendar()
    terms = contracts.terms_of_many({ticket.contract_version_id for ticket in tickets})
    stored: dict[int, dict[str, tuple[object, ...]]] = {}
    for ticket_id, key, *values in (
        Clock.objects.filter(ticket__in=keys).order_by().values_list("ticket_id", "key", *_CLOCK_FIELDS)
    ):
        stored.setdefault(ticket_id, {})[key] = tuple(values)
    found = {}
    for ticket in tickets:
        figures = terms[ticket.contract_version_id]
        judged = engine.evaluate(events.get(ticket.pk, []), figures, calendar, ticket.judged_at).clocks
        fresh = {row.key: _values(row) for row in _rows(ticket, judged)}
        known = stored.get(ticket.pk, {})
        wrong = [key for key in {**fresh, **known} if fresh.get(key) != known.get(key)]
        if wrong:
            found[ticket.number] = wrong
    return found


def _values(row: Clock) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in _CLOCK_FIELDS)


def _judged_again(ticket: Ticket, events: Sequence[Event]) -> list[Clock]:
    terms = contracts.terms_of(ticket.contract_version)
    return _rows(ticket, engine.evaluate(events, terms, selectors.calendar(), ticket.judged_at).clocks)


def _differing(fresh: Sequence[Clock], found: Iterable[Clock]) -> list[str]:
    stored = {row.key: row for row in found}
    wrong = [row.key for row in fresh if row.key not in stored or not _same(row, stored[row.key])]
    known = {row.key for row in fresh}
    return wrong + [key for key in stored if key not in known]


def _unstopped(judged: engine.Clock) -> bool:
    return judged.stop is None and judged.verdict in ("running", "breached")


def _closed_at(state: str, events: Sequence[Event]) -> dt.datetime | None:
    return max(event.at for event in events if event.type == "CLOSED") if state == "closed" else None


def _rows(ticket: Ticket, judged: Sequence[engine.Clock]) -> list[Clock]:
    return [
        Clock(
            ticket=ticket,
            key=c.key,
            position=position,
            cycle=c.cycle,
            kind=c.kind,
            level=c.level or "",
            start=c.start,
            due=c.due,
            stop=c.stop,
            verdict=c.verdict,
            margin_s=c.margin_s,
            engine_version=engine.ENGINE_VERSION,
        )
        for position, c in enumerate(judged)
    ]


def _same(one: Clock, other: Clock) -> bool:
    return _values(one) == _values(other)


def _store_clocks(ticket: Ticket, judged: Sequence[engine.Clock]) -> None:
    stored = {row.key: row for row in Clock.objects.filter(ticket=ticket)}
    fresh = _rows(ticket, judged)
    added = [row for row in fresh if row.key not in stored]
    changed = []
    for row in fresh:
        known = stored.pop(row.key, None)
        if known is not None and not _same(row, known):
            row.pk = known.pk
            changed.append(row)
    if stored:
        Clock.objects.filter(pk__in=[row.pk for row in stored.values()]).delete()
    if changed:
        Clock.objects.bulk_update(changed, _CLOCK_FIELDS)
    if added:
        Clock.objects.bulk_create(added)


def _store_breaches(ticket: Ticket, result: engine.Evaluation, now: dt.datetime) -> None:
    """Insert the breaches not yet on record, each with its true due time whenever it is found."""
    known = set(Breach.objects.filter(ticket=ticket).values_list("clock_key", flat=True))
    Breach.objects.bulk_create(
        Breach(
            ticket=ticket,
            clock_key=c.key,
            kind=c.kind,
            level=c.level or "",
            start=c.start,
            due=c.due,
            found_at=now,
            detected_late=now - c.due > escalating.LATE_AFTER,
            notify=list(result.notify_on_breach),
        )
        for c in result.clocks
        if c.verdict == "breached" and c.key not in known
    )


def _tell_roles(ticket: Ticket, terms: Terms, roles: Sequence[str]) -> None:
    """Tell whom the level newly calls for; notices already sent are never withdrawn."""
    recipients = contracts.users_with(roles) if roles else []
    if recipients:
        level = terms.levels[ticket.level]
        notify.notify(
            recipients=recipients,
            kind="operations.ticket",
            title=f"{level.title}工单 {ticket.number}：{ticket.title}",
            body=f"{ticket.org_unit} · {ticket.module} · 首次联系 {clock.local(ticket.first_contact_at):%m-%d %H:%M:%S}",
            url=selectors.url_of(ticket),
            dedupe_key=f"ticket:{ticket.pk}:{ticket.cycle}:{ticket.level}:{','.join(roles)}",
        )
