"""What the desk proves of paging and notices: everybody the level names was told, and somebody answered (AC-30)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import PartyRole
from hrp.operations.contracts.proofs import Evidence, Finding, Span, Verdict
from hrp.operations.contracts.rules import Terms
from hrp.operations.desk import selectors
from hrp.operations.desk.models import Ticket, TicketEvent
from hrp.platform.base import clock
from hrp.platform.notify.selectors import first_deliveries

PRODUCT = "产品团队"
MOST = 20


def everybody_was_told(span: Span) -> Finding:
    """AC-30: for each ticket first reported in the span, every role of ``notify`` has a delivered message in the plan's
    time, and somebody answered the paging or the caller."""
    tickets = list(
        Ticket.objects.filter(
            first_contact_at__gte=span.begins, first_contact_at__lt=span.ends
        ).select_related("contract_version")
    )
    if not tickets:
        return Finding(Verdict.NOT_APPLICABLE, figure="期间没有工单")
    holders = _holders(tickets)
    answered = _answered([ticket.pk for ticket in tickets])
    starts = _level_starts(tickets)
    delivered = _delivered(span)
    told = owed = 0
    failures: list[str] = []
    waiting: list[str] = []
    for ticket in tickets:
        terms = contracts.terms_of(ticket.contract_version)
        times = delivered.get(ticket.pk, {})
        for role in ticket.notify:
            owed += 1
            wrong = _role_failure(role, terms, holders.get(role, []), times, starts[ticket.pk])
            told += not wrong
            failures += [f"{ticket.number} {wrong}"] if wrong else []
        if ticket.pk not in answered:
            due = ticket.first_contact_at + dt.timedelta(seconds=terms.levels[ticket.level].response_s)
            (failures if due < span.ends else waiting).append(f"{ticket.number} 无人应答呼叫，也没有响应")
    figure = f"通知 {told}/{owed}，应答 {len(answered)}/{len(tickets)}"
    evidence = tuple(
        Evidence(f"工单 {one.number}", selectors.url_of(one), one.head_hash) for one in tickets[:MOST]
    )
    if failures:
        return Finding(Verdict.NOT_MET, figure, tuple(failures[:MOST]), evidence=evidence)
    if waiting:
        return Finding(Verdict.UNPROVEN, figure, missing=tuple(waiting[:MOST]), evidence=evidence)
    return Finding(Verdict.MET, figure, evidence=evidence)


def _delivered(span: Span) -> dict[int, dict[int, dt.datetime]]:
    """Ticket -> person -> when the first notice of the ticket reached that person."""
    found: defaultdict[int, dict[int, dt.datetime]] = defaultdict(dict)
    for key, user, first in first_deliveries("operations.ticket", span.begins, span.as_of):
        found[int(key.split(":")[1])].setdefault(user, first)
    return dict(found)


def _holders(tickets: Sequence[Ticket]) -> dict[str, list[int]]:
    titles = {role for ticket in tickets for role in ticket.notify}
    found: defaultdict[str, list[int]] = defaultdict(list)
    for title, user in PartyRole.objects.filter(title__in=titles).values_list("title", "member__user_id"):
        found[title].append(user)
    return dict(found)


def _answered(ids: Sequence[int]) -> set[int]:
    """Tickets somebody answered: the paging, or the caller as a person."""
    by_page = TicketEvent.objects.filter(ticket__in=ids, type="PAGE_ACKED")
    by_hand = TicketEvent.objects.filter(ticket__in=ids, type="RESPONSE", payload__kind="human")
    on_the_phone = TicketEvent.objects.filter(
        ticket__in=ids, type__in=["CONTACT", "REOPEN_CONTACT"], payload__answered_at__isnull=False
    )
    return {
        pk for rows in (by_page, by_hand, on_the_phone) for pk in rows.values_list("ticket_id", flat=True)
    }


def _level_starts(tickets: Sequence[Ticket]) -> dict[int, dt.datetime]:
    """From when the ticket's present level was known: its roles were to be told from then."""
    starts = {ticket.pk: ticket.first_contact_at for ticket in tickets}
    levels = {ticket.pk: ticket.level for ticket in tickets}
    rises = TicketEvent.objects.filter(
        ticket__in=list(starts),
        type__in=["RECLASS", "CONTACT", "REOPEN_CONTACT", "EMERGENCY_FLAG"],
        seq__gt=1,
    ).order_by("seq")
    for pk, kind, at, payload in rises.values_list("ticket_id", "type", "recorded_at", "payload"):
        if kind == "EMERGENCY_FLAG" or payload.get("to") == levels[pk] or payload.get("level") == levels[pk]:
            starts[pk] = max(starts[pk], at)
    return starts


def _role_failure(
    role: str, terms: Terms, holders: Sequence[int], times: dict[int, dt.datetime], start: dt.datetime
) -> str:
    """What is wrong with telling one role; empty when it was told in time."""
    if not holders:
        return f"{role}：无人担任"
    told = [times[user] for user in holders if user in times]
    if not told:
        return f"{role}：没有送达"
    allowed = terms.plan["notify_product_s" if role == PRODUCT else "notify_s"]
    late = (min(told) - start).total_seconds() - allowed
    if late > 0:
        return f"{role}：{clock.local(min(told)):%m-%d %H:%M:%S} 才送达，超 {round(late)} 秒"
    return ""
