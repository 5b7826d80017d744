"""Reads of the desk. Everything shown to a person is narrowed to the departments that person may see."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence

from django.db import connection
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    OuterRef,
    Prefetch,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.urls import reverse

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import PARTIES, Side
from hrp.operations.desk.models import (
    Breach,
    Clock,
    Escalation,
    MaintenanceRecord,
    Ruling,
    RulingSignature,
    Ticket,
    TicketEvent,
)
from hrp.operations.desk.rules import similar as rules
from hrp.operations.desk.rules.calendar import OfficialCalendar
from hrp.operations.desk.rules.events import CLOCK_TYPES, Event
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


_EVENTS_SQL = """
SELECT ticket_id, at, type, payload, seq FROM operations_ticket_event
WHERE ticket_id = ANY(%s::bigint[]) AND type = ANY(%s) AND recorded_at <= %s
"""

_VERDICTS_SQL = (
    "SELECT ticket_id, key, verdict, due FROM operations_clock WHERE ticket_id = ANY(%s::bigint[])"
)


def clock_events_of_many(
    tickets: Sequence[int], *, recorded_by: dt.datetime | None = None, types: Sequence[str] = CLOCK_TYPES
) -> dict[int, list[Event]]:
    """The events the clock engine reads, of many tickets at once; a ticket without any is missing."""
    found: dict[int, list[Event]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS_SQL, [_array(tickets), list(types), recorded_by or "infinity"])
        for ticket, at, kind, payload, seq in cursor.fetchall():
            found.setdefault(ticket, []).append(Event(at, kind, json.loads(payload), seq))
    return found


def verdicts_of_many(tickets: Sequence[int]) -> dict[int, dict[str, tuple[str, dt.datetime]]]:
    """Ticket -> clock key -> (verdict, due) as last stored."""
    found: dict[int, dict[str, tuple[str, dt.datetime]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_VERDICTS_SQL, [_array(tickets)])
        for ticket, key, verdict, due in cursor.fetchall():
            found.setdefault(ticket, {})[key] = (verdict, due)
    return found


def _array(keys: Sequence[int]) -> str:
    """Keys as one parameter: a thousand placeholders cost more than the query."""
    return f"{{{','.join(map(str, keys))}}}"


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


def with_standing(found: QuerySet[Breach]) -> QuerySet[Breach]:
    """Breaches with how they count: ``outcome`` in force (None: none), the ``latest`` proposal and what is
    ``proposed`` by it, and ``awaits``.

    ``awaits`` is the side whose signature the latest proposal waits for (``both``), ``none`` without a proposal, and
    ``nobody`` once it is in force.
    """
    rulings = Ruling.objects.filter(breach=OuterRef("pk")).order_by("-pk")
    signed = {
        side: Exists(RulingSignature.objects.filter(ruling=OuterRef("latest"), side=side)) for side in PARTIES
    }
    return found.annotate(
        latest=Subquery(rulings.values("pk")[:1]),
        proposed=Subquery(rulings.values("outcome")[:1]),
        outcome=Subquery(
            rulings.annotate(parties=Count("signatures")).filter(parties=2).values("outcome")[:1]
        ),
    ).annotate(
        awaits=Case(
            When(latest__isnull=True, then=Value("none")),
            When(signed["hospital"] & signed["supplier"], then=Value("nobody")),
            When(signed["hospital"], then=Value("supplier")),
            When(signed["supplier"], then=Value("hospital")),
            default=Value("both"),
            output_field=CharField(),
        )
    )


def breaches(ticket: Ticket) -> list[Breach]:
    """The missed targets of a ticket, each with how it counts."""
    return list(with_standing(Breach.objects.filter(ticket=ticket)).order_by("due"))


def all_breaches(actor: User) -> QuerySet[Breach]:
    """The missed targets of the tickets ``actor`` may see, each with how it counts."""
    found = scope.filter(actor, VIEW, Breach.objects.all(), "ticket__org_unit_id")
    return with_standing(found.select_related("ticket__org_unit"))


def rulings(breach: Breach) -> list[Ruling]:
    """What was proposed about a breach, newest first, with the signatures."""
    return list(
        Ruling.objects.filter(breach=breach)
        .select_related("proposed_by")
        .prefetch_related("signatures__signer")
        .order_by("-pk")
    )


def escalations(breach: Breach) -> list[Escalation]:
    """Who had to be told of the clock that was missed, step by step."""
    return list(Escalation.objects.filter(ticket=breach.ticket_id, clock_key=breach.clock_key).order_by("at"))


def unsigned_ruling(breach: int, side: str) -> Ruling | None:
    """The latest proposal about a breach while ``side`` has not signed it."""
    latest = Ruling.objects.filter(breach=breach).select_related("breach__ticket").order_by("-pk").first()
    if latest is None or RulingSignature.objects.filter(ruling=latest, side=side).exists():
        return None
    return latest


def to_sign(actor: User) -> int:
    """Proposals that wait for the signature of the actor's side: counted from the proposals, which are few."""
    side = contracts.side_of(actor)
    if not side:
        return 0
    later = Ruling.objects.filter(breach=OuterRef("breach"), pk__gt=OuterRef("pk"))
    signed = RulingSignature.objects.filter(ruling=OuterRef("pk"), side=side)
    waiting = Ruling.objects.exclude(Exists(later)).exclude(Exists(signed))
    return scope.filter(actor, VIEW, waiting, "breach__ticket__org_unit_id").count()


_EXCUSED_SQL = """
SELECT breach_id FROM (
    SELECT DISTINCT ON (b.id) b.id AS breach_id, r.outcome
    FROM operations_breach b
    JOIN operations_ruling r ON r.breach_id = b.id
    JOIN operations_ruling_signature s ON s.ruling_id = r.id
    WHERE b.start >= %s AND b.start < %s AND s.signed_at <= %s
    GROUP BY b.id, r.id, r.outcome HAVING count(*) = 2
    ORDER BY b.id, r.id DESC
) in_force WHERE outcome IN ('excused', 'revoked')
"""


def excused_breach_ids(
    begins: dt.datetime, ends: dt.datetime, *, as_of: dt.datetime | None = None
) -> set[int]:
    """Breaches of clocks started in [begins, ends) that do not count: ruled 免责 or 撤销, in force at ``as_of`` (now)."""
    with connection.cursor() as cursor:
        cursor.execute(_EXCUSED_SQL, [begins, ends, as_of or clock.now()])
        return {pk for (pk,) in cursor.fetchall()}


def of_side(users: Iterable[User], side: Side) -> list[User]:
    """Those of the users who stand on a side."""
    known = set(contracts.members(side).values_list("user_id", flat=True))
    return [user for user in users if user.pk in known]


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
