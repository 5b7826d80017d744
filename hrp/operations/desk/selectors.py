"""Reads of the desk. Everything shown to a person is narrowed to the departments that person may see."""

from __future__ import annotations

import datetime as dt

from django.db.models import Prefetch, QuerySet
from django.urls import reverse

from hrp.operations.desk.models import Breach, Clock, MaintenanceRecord, Ticket, TicketEvent
from hrp.operations.desk.rules import similar as rules
from hrp.operations.desk.rules.calendar import OfficialCalendar
from hrp.operations.desk.rules.events import Event
from hrp.operations.desk.rules.lifecycle import OPEN_STATES
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import NotFound
from hrp.platform.org.selectors import work_calendar

VIEW = "operations.ticket.view"


def calendar() -> OfficialCalendar:
    return OfficialCalendar(work_calendar())


def events_of(ticket: Ticket) -> list[Event]:
    """The chain in the form the clock engine reads, in the order of recording."""
    rows = (
        TicketEvent.objects.filter(ticket=ticket).order_by("seq").values_list("at", "type", "payload", "seq")
    )
    return [Event(at, kind, payload, seq) for at, kind, payload, seq in rows]


def timeline(ticket: Ticket) -> QuerySet[TicketEvent]:
    """The chain as people read it, newest first."""
    return TicketEvent.objects.filter(ticket=ticket).select_related("actor", "evidence").order_by("-seq")


def tickets(actor: User) -> QuerySet[Ticket]:
    """The tickets ``actor`` may see."""
    return scope.filter(actor, VIEW, Ticket.objects.all())


def ticket(actor: User, pk: int) -> Ticket:
    """One ticket with what its page shows. Raises NotFound, Forbidden."""
    found = (
        Ticket.objects.filter(pk=pk)
        .select_related("org_unit", "owner", "opened_by", "contract_version__contract", "annual_contract")
        .first()
    )
    if found is None:
        scope.require(actor, VIEW)
        raise NotFound("没有找到该工单", way_out="请返回工单列表刷新。")
    scope.check_object(actor, VIEW, found)
    return found


def board(actor: User) -> QuerySet[Ticket]:
    """Open tickets by the time left, overdue ones on top; each with the clocks nobody has stopped yet."""
    unstopped = Clock.objects.filter(verdict__in=["running", "breached"], stop__isnull=True).order_by("due")
    return (
        tickets(actor)
        .filter(state__in=OPEN_STATES)
        .select_related("org_unit", "owner")
        .prefetch_related(Prefetch("clocks", unstopped, "unstopped"))
        .order_by("pressing_due_at", "-level_rank", "first_contact_at")
    )


def clocks(ticket: Ticket) -> list[Clock]:
    return list(Clock.objects.filter(ticket=ticket).order_by("position"))


def breaches(ticket: Ticket) -> list[Breach]:
    return list(Breach.objects.filter(ticket=ticket).order_by("due"))


def record_of(ticket: Ticket) -> MaintenanceRecord | None:
    """The maintenance record of the ticket's current cycle."""
    return (
        MaintenanceRecord.objects.filter(ticket=ticket, cycle=ticket.cycle)
        .select_related("engineer", "signer", "archive")
        .first()
    )


def records(actor: User) -> QuerySet[MaintenanceRecord]:
    """Maintenance records of the tickets ``actor`` may see, newest first."""
    found = MaintenanceRecord.objects.select_related("ticket__org_unit", "engineer", "signer")
    return scope.filter(actor, VIEW, found, "ticket__org_unit_id").order_by("-pk")


def overdue_ids(now: dt.datetime, limit: int) -> list[int]:
    """Tickets holding a clock whose due time has passed and whose breach is not yet written."""
    return list(
        Ticket.objects.filter(next_due_at__lt=now)
        .order_by("next_due_at")
        .values_list("pk", flat=True)[:limit]
    )


def similar(
    actor: User, *, module: str, title: str, error_hash: str, since: dt.datetime, but: int = 0
) -> list[Ticket]:
    """Open tickets of the module first reported since ``since`` that tell of the same error or a like matter."""
    recent = (
        tickets(actor)
        .filter(state__in=OPEN_STATES, module=module, first_contact_at__gte=since)
        .exclude(pk=but)
        .select_related("org_unit")
        .order_by("-first_contact_at")[:200]
    )
    same_error: set[int] = set()
    if error_hash:
        same_error = set(
            TicketEvent.objects.filter(
                ticket__in=[one.pk for one in recent], type="CONTACT", payload__error_hash=error_hash
            ).values_list("ticket_id", flat=True)
        )
    scored = [(one.pk in same_error, rules.likeness(title, one.title), one) for one in recent]
    found = [row for row in scored if row[0] or row[1] >= rules.ALIKE]
    return [one for _, _, one in sorted(found, key=lambda row: (not row[0], -row[1], -row[2].pk))][:5]


def url_of(ticket: Ticket) -> str:
    return reverse("operations.ticket.detail", args=[ticket.pk])


def late_count(actor: User) -> int:
    """Open tickets somebody has still not attended to although a target has passed."""
    return tickets(actor).filter(state__in=OPEN_STATES, pressing_due_at__lt=clock.now()).count()


def owes_emergency_start(ticket: Ticket) -> bool:
    """Whether an emergency service is still to be started on this ticket."""
    waiting = Clock.objects.filter(
        ticket=ticket, cycle=ticket.cycle, kind="emergency_start", stop__isnull=True
    )
    return waiting.filter(verdict__in=["running", "breached"]).exists()


def record(actor: User, pk: int) -> MaintenanceRecord:
    """One maintenance record. Raises NotFound, Forbidden."""
    found = (
        MaintenanceRecord.objects.filter(pk=pk)
        .select_related("ticket__org_unit", "engineer", "signer", "archive")
        .defer("archive__pdf", "archive__body")
        .first()
    )
    if found is None:
        scope.require(actor, VIEW)
        raise NotFound("没有找到该维护记录", way_out="请返回维护记录列表刷新。")
    scope.check_object(actor, VIEW, found, "ticket.org_unit_id")
    return found
