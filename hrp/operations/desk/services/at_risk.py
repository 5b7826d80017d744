"""Targets at risk: at each agreed share of a running clock somebody more senior is told, once, late ones marked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.rules import Terms
from hrp.operations.desk import selectors
from hrp.operations.desk.models import Clock, Ticket
from hrp.operations.desk.rules.lifecycle import OPEN_STATES
from hrp.operations.desk.services.paging import source_of
from hrp.operations.duty import selectors as duty
from hrp.operations.duty.services import escalations
from hrp.platform.access.models import User
from hrp.platform.base import clock

KINDS = ("response", "onsite")
OWNER = "值班工程师"


def scan() -> int:
    """Tell of every mark that has been passed and not told; returns how many were. Safe from several workers at once."""
    now = clock.now()
    rows = Clock.objects.filter(
        kind__in=KINDS, verdict="running", stop__isnull=True, due__gt=now, ticket__state__in=OPEN_STATES
    ).values_list("ticket_id", flat=True)
    return sum(_tell(pk, now) for pk in sorted(set(rows)))


def _tell(pk: int, now: dt.datetime) -> int:
    """One ticket. Nothing is locked unless a mark is new: the scan comes every two seconds."""
    ticket = Ticket.objects.select_related("contract_version", "owner", "org_unit").get(pk=pk)
    terms = contracts.terms_of(ticket.contract_version)
    if not _passed(ticket, terms, now):
        return 0
    with transaction.atomic():
        held = Ticket.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
        if held is None:
            return 0
        return sum(_tell_mark(ticket, row, mark) for row, mark in _passed(held, terms, now))


def _passed(ticket: Ticket, terms: Terms, now: dt.datetime) -> list[tuple[Clock, Mapping[str, Any]]]:
    """Marks of the ticket's running clocks that have been passed and not told."""
    told = escalations.told(source_of(ticket))
    running = Clock.objects.filter(
        ticket=ticket, kind__in=KINDS, verdict="running", stop__isnull=True, due__gt=now
    )
    return [
        (row, mark)
        for row in running
        for mark in terms.plan.get("at_risk", ())
        if planned_at(row, mark["percent"]) <= now and (row.key, mark["percent"]) not in told
    ]


def planned_at(row: Clock, percent: int) -> dt.datetime:
    """When this share of the clock's time is used up."""
    return row.start + (row.due - row.start) * percent / 100


def _tell_mark(ticket: Ticket, row: Clock, mark: Mapping[str, Any]) -> bool:
    percent, roles = mark["percent"], mark["roles"]
    made = escalations.tell(
        source=source_of(ticket),
        key=row.key,
        percent=percent,
        planned_at=planned_at(row, percent),
        roles=roles,
        people=_people(ticket, roles),
        title=f"{row.get_kind_display()}时限已用 {percent}%：{ticket.number}",
        body=f"{ticket.level} 级 · {ticket.title} · 时限 {clock.local(row.due):%m-%d %H:%M:%S}",
        url=selectors.url_of(ticket),
    )
    return made is not None


def _people(ticket: Ticket, roles: Sequence[str]) -> list[User]:
    """Who fills the roles. The engineer is whoever has the ticket; while nobody has, whoever is on duty first."""
    found: dict[int, User] = {}
    for role in roles:
        holders = contracts.users_with([role])
        if role == OWNER:
            standing = next(iter(duty.on_duty(clock.now()).values()), [])
            holders = [ticket.owner] if ticket.owner is not None else standing or holders
        found |= {user.pk: user for user in holders}
    return list(found.values())
