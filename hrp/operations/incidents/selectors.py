"""Reads of major incidents: what a ticket's chain says about its emergency, and what still has to be done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.contracts.rules import Terms
from hrp.operations.desk import selectors as desk
from hrp.operations.desk.models import Clock, Ticket, TicketEvent
from hrp.operations.desk.rules.lifecycle import OPEN_STATES
from hrp.operations.desk.rules.working_days import due_after
from hrp.operations.incidents.models import ActionDone, ArrivalEvidence, Gate, Reminder, TravelTime
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import NotFound

ROLES = {
    "commander": "指挥",
    "scribe": "记录",
    "technical": "技术处置",
    "liaison": "联络通报",
    "hospital": "甲方协调",
}
LATE_AFTER = dt.timedelta(seconds=60)


@dataclass(frozen=True)
class Trip:
    """Somebody sent on site."""

    person: str
    left_at: dt.datetime
    expected: dt.datetime | None
    minutes: str


@dataclass(frozen=True)
class Situation:
    """An emergency as its chain tells it, within the ticket's current cycle."""

    ticket: Ticket
    events: Sequence[TicketEvent]
    started: TicketEvent | None = None
    ended: TicketEvent | None = None
    roles: dict[str, str] = field(default_factory=dict)
    updates: Sequence[TicketEvent] = ()
    decisions: Sequence[TicketEvent] = ()
    trips: Sequence[Trip] = ()
    remote_failed: TicketEvent | None = None
    arrived: TicketEvent | None = None
    departed: TicketEvent | None = None
    next_update: dt.datetime | None = None
    update_every: dt.timedelta | None = None

    def started_with(self, name: str) -> str:
        """A fact of the start: ``staff``, ``plan``, ``bridge``."""
        return str(self.started.payload.get(name, "")) if self.started else ""


@dataclass(frozen=True)
class Action:
    """An action of an approved review. ``key`` names it for ever: the event and the place in it."""

    ticket: Ticket
    event_id: int
    position: int
    what: str
    owner: str
    due: dt.date
    done: ActionDone | None

    @property
    def key(self) -> str:
        return f"{self.event_id}-{self.position}"

    @property
    def overdue(self) -> bool:
        return self.done is None and self.due < clock.today()


@dataclass(frozen=True)
class ReviewDue:
    """The plan clock of a review; ``official`` is False while a year on the way has no published calendar."""

    due: dt.datetime
    official: bool
    approved_at: dt.datetime | None

    @property
    def overdue(self) -> bool:
        return (self.approved_at or clock.now()) > self.due


def emergencies(found: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """Those whose current cycle owes an emergency service."""
    owed = Clock.objects.filter(ticket=OuterRef("pk"), cycle=OuterRef("cycle"), kind="emergency_start")
    return found.filter(Exists(owed.exclude(verdict="superseded")))


def is_emergency(ticket: Ticket) -> bool:
    return emergencies(Ticket.objects.filter(pk=ticket.pk)).exists()


def incident(actor: User, pk: int) -> Ticket:
    """A ticket that is an emergency. Raises NotFound for others, Forbidden."""
    ticket = desk.ticket(actor, pk)
    if not is_emergency(ticket):
        raise NotFound(
            f"工单 {ticket.number} 不是紧急事件",
            way_out="1级、A级工单，或标为紧急事件的工单，才有应急指挥页面。",
        )
    return ticket


def cycle_events(ticket: Ticket) -> list[TicketEvent]:
    """The chain since the current cycle began, in the order of recording."""
    rows = list(TicketEvent.objects.filter(ticket=ticket).select_related("actor").order_by("seq"))
    begins = max((row.seq for row in rows if row.type == "REOPEN_CONTACT"), default=0)
    return [row for row in rows if row.seq >= begins]


def situation(ticket: Ticket) -> Situation:
    """Fold the chain of the current cycle."""
    events = cycle_events(ticket)
    by_type: dict[str, list[TicketEvent]] = {}
    for event in events:
        by_type.setdefault(event.type, []).append(event)

    def last(kind: str) -> TicketEvent | None:
        return by_type.get(kind, [None])[-1]

    started, ended = last("EMERGENCY_STARTED"), last("EMERGENCY_ENDED")
    if started and ended and ended.seq < started.seq:
        ended = None
    updates = by_type.get("STATUS_UPDATE", [])
    every = _update_every(ticket, contracts.terms_of(ticket.contract_version))
    next_update = None
    if started and not ended and every and ticket.state in OPEN_STATES:
        next_update = max([started.at, *(event.at for event in updates)]) + every
    departures = [event for event in by_type.get("NOTE", []) if event.payload.get("departed")]
    return Situation(
        ticket=ticket,
        events=events,
        started=started,
        ended=ended,
        roles=_roles(started, by_type.get("NOTE", [])),
        updates=updates,
        decisions=by_type.get("DECISION", []),
        trips=[_trip(event) for event in by_type.get("DISPATCHED", [])],
        remote_failed=by_type.get("REMOTE_FAILED", [None])[0],
        arrived=by_type.get("ONSITE_ARRIVED", [None])[0],
        departed=departures[-1] if departures else None,
        next_update=next_update,
        update_every=every,
    )


def _update_every(ticket: Ticket, terms: Terms) -> dt.timedelta | None:
    """How often the hospital is told: the level's figure, the shortest for a flagged emergency of a milder level."""
    figures: dict[str, int] = terms.plan.get("update_s", {})
    level = terms.levels[ticket.level]
    seconds = figures.get(ticket.level)
    if level.emergency_start_s is None and figures:
        seconds = min(figures.values())
    return dt.timedelta(seconds=seconds) if seconds else None


def _roles(started: TicketEvent | None, notes: Sequence[TicketEvent]) -> dict[str, str]:
    held = {"commander": str(started.payload.get("commander", ""))} if started else {}
    for note in notes:
        if note.payload.get("role") in ROLES:
            held[str(note.payload["role"])] = str(note.payload.get("person", ""))
    return held


def _trip(event: TicketEvent) -> Trip:
    expected = event.payload.get("expected")
    return Trip(
        str(event.payload.get("person", "")),
        event.at,
        dt.datetime.fromisoformat(expected) if expected else None,
        str(event.payload.get("minutes", "")),
    )


def cycle_contact(ticket: Ticket) -> dt.datetime:
    """The first contact of the current cycle."""
    reopened = TicketEvent.objects.filter(ticket=ticket, type="REOPEN_CONTACT").order_by("-seq").first()
    return reopened.at if reopened else ticket.first_contact_at


def evidence(ticket: Ticket) -> list[ArrivalEvidence]:
    return list(
        ArrivalEvidence.objects.filter(ticket=ticket, cycle=ticket.cycle).select_related("given_by", "gate")
    )


def reminders(ticket: Ticket) -> list[Reminder]:
    return list(Reminder.objects.filter(ticket=ticket).order_by("-sent_at")[:20])


def engineers() -> list[tuple[User, TravelTime | None]]:
    """The supplier's people, nearest first, with the time each needs to the hospital."""
    known = {row.user_id: row for row in TravelTime.objects.all()}
    people = [member.user for member in contracts.members(Side.SUPPLIER) if member.user.is_active]
    far = 10**6
    return sorted(
        ((user, known.get(user.pk)) for user in people),
        key=lambda pair: (pair[1].minutes if pair[1] else far, pair[0].pk),
    )


def gate(code: str) -> Gate:
    """The gate of a scanned code. Raises NotFound."""
    found = Gate.objects.select_related("campus__hospital").filter(code=code, is_active=True).first()
    if found is None:
        raise NotFound("签到码无效或已停用", way_out="请扫描门禁处张贴的最新签到码，或由甲方工程师签认到场。")
    return found


def expected_at(found: QuerySet[Ticket], at_gate: Gate) -> QuerySet[Ticket]:
    """Tickets of the gate's hospital that somebody is expected for, or is on site for."""
    return (
        found.filter(state__in=("dispatched", "onsite"), org_unit__campus__hospital=at_gate.campus.hospital)
        .select_related("org_unit")
        .order_by("pressing_due_at", "first_contact_at")
    )


# --- looking back ----------------------------------------------------------------------------------------------------


def review_due(ticket: Ticket) -> ReviewDue | None:
    """By when the review is to be approved; None while the fault is not cleared or nothing is owed."""
    if ticket.resolved_at is None or not is_emergency(ticket):
        return None
    days = contracts.terms_of(ticket.contract_version).plan["review_working_days"]
    due, official = due_after(ticket.resolved_at, days, desk.calendar())
    approved = approved_review(ticket)
    return ReviewDue(due, official, approved.recorded_at if approved else None)


def written_review(ticket: Ticket) -> TicketEvent | None:
    """The review last written in the current cycle."""
    return next((event for event in reversed(cycle_events(ticket)) if event.type == "REVIEW_WRITTEN"), None)


def approved_review(ticket: Ticket) -> TicketEvent | None:
    """The hospital's approval of the review last written, if it was given."""
    events = cycle_events(ticket)
    written = next((event for event in reversed(events) if event.type == "REVIEW_WRITTEN"), None)
    return next(
        (
            event
            for event in reversed(events)
            if event.type == "REVIEW_APPROVED"
            and written is not None
            and event.payload.get("review") == written.hash
        ),
        None,
    )


def actions(visible: QuerySet[Ticket]) -> list[Action]:
    """Every action of an approved review of these tickets, the open ones by due date first."""
    approved = TicketEvent.objects.filter(type="REVIEW_APPROVED", ticket__in=visible)
    hashes = {str(payload.get("review")) for payload in approved.values_list("payload", flat=True)}
    written = TicketEvent.objects.filter(type="REVIEW_WRITTEN", hash__in=hashes).select_related(
        "ticket__org_unit"
    )
    done = {
        (row.event_id, row.position): row
        for row in ActionDone.objects.filter(event__in=written).select_related("done_by")
    }
    found = [
        _action(event, place, row, done.get((event.pk, place)))
        for event in written
        for place, row in _rows(event)
    ]
    return sorted(found, key=lambda one: (one.done is not None, one.due, one.event_id, one.position))


def _rows(event: TicketEvent) -> list[tuple[int, dict[str, Any]]]:
    return list(enumerate(event.payload.get("actions", []), start=1))


def _action(event: TicketEvent, place: int, row: dict[str, Any], done: ActionDone | None) -> Action:
    return Action(
        event.ticket,
        event.pk,
        place,
        str(row["what"]),
        str(row["owner"]),
        dt.date.fromisoformat(row["due"]),
        done,
    )


def open_count(actor: User) -> int:
    """Emergencies being worked on now: the number in the menu."""
    return emergencies(desk.tickets(actor).filter(state__in=OPEN_STATES)).count()


def overdue_actions(actor: User) -> int:
    return sum(one.overdue for one in actions(desk.tickets(actor)))


def url_of(ticket: Ticket) -> str:
    return reverse("operations.incident.command", args=[ticket.pk])
