"""The figures of the wall board: every one a query over stored facts, none of them typed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import ExtractHour

from hrp.operations.desk import selectors
from hrp.operations.desk.models import Clock, Ticket
from hrp.operations.desk.rules.lifecycle import OPEN_STATES
from hrp.platform.access.models import User
from hrp.platform.base import clock

SHOWN = 12
SOON = dt.timedelta(minutes=15)


@dataclass(frozen=True)
class Line:
    """An open ticket; ``percent`` is how much of its next target's time is used up."""

    ticket: Ticket
    due: dt.datetime | None
    kind: str
    percent: int


@dataclass(frozen=True)
class Load:
    name: str
    count: int
    percent: int


@dataclass(frozen=True)
class Hour:
    hour: int
    taken: int
    done: int
    taken_percent: int
    done_percent: int


@dataclass(frozen=True)
class Rate:
    """``met`` of ``judged`` response clocks of the month; superseded and running ones do not count."""

    met: int
    judged: int

    @property
    def text(self) -> str:
        return f"{self.met * 1000 // self.judged / 10:.1f}%" if self.judged else "—"


@dataclass(frozen=True)
class Board:
    now: dt.datetime
    today: int
    yesterday: int
    open: int
    waiting: int
    soon: int
    late: int
    rate: Rate
    to_confirm: int
    lines: list[Line]
    loads: list[Load]
    hours: list[Hour]
    recent: list[Ticket]


def board(actor: User) -> Board:
    """The board of the tickets ``actor`` may see, as of now."""
    now = clock.now()
    day = clock.at(clock.today(), 0)
    mine = selectors.tickets(actor)
    counts = mine.aggregate(
        today=Count("pk", filter=Q(first_contact_at__gte=day)),
        yesterday=Count(
            "pk", filter=Q(first_contact_at__gte=day - dt.timedelta(days=1), first_contact_at__lt=day)
        ),
        open=Count("pk", filter=Q(state__in=OPEN_STATES)),
        waiting=Count("pk", filter=Q(state="new")),
        soon=Count(
            "pk", filter=Q(state__in=OPEN_STATES, pressing_due_at__gte=now, pressing_due_at__lt=now + SOON)
        ),
        late=Count("pk", filter=Q(state__in=OPEN_STATES, pressing_due_at__lt=now)),
        to_confirm=Count("pk", filter=Q(state="recorded")),
    )
    return Board(
        now=now,
        **counts,
        rate=_rate(mine, day.replace(day=1)),
        lines=[_line(ticket, now) for ticket in selectors.board(actor)[:SHOWN]],
        loads=_loads(mine),
        hours=_hours(mine, day, now),
        recent=list(mine.filter(closed_at__isnull=False).order_by("-closed_at")[:6]),
    )


def _line(ticket: Ticket, now: dt.datetime) -> Line:
    unstopped: list[Clock] = getattr(ticket, "unstopped", [])
    if not unstopped:
        return Line(ticket, None, "", 0)
    first = unstopped[0]
    used = (now - first.start) / (first.due - first.start)
    return Line(ticket, first.due, first.get_kind_display(), min(100, max(2, round(100 * used))))


def _rate(mine: QuerySet[Ticket], since: dt.datetime) -> Rate:
    judged = Clock.objects.filter(
        ticket__in=mine, ticket__annual_contract__isnull=False, kind="response", start__gte=since
    ).aggregate(
        met=Count("pk", filter=Q(verdict="met")),
        judged=Count("pk", filter=Q(verdict__in=["met", "breached"])),
    )
    return Rate(judged["met"], judged["judged"])


def _loads(mine: QuerySet[Ticket]) -> list[Load]:
    rows = list(
        mine.filter(state__in=OPEN_STATES)
        .values_list("owner__display_name")
        .annotate(found=Count("pk"))
        .order_by("-found", "owner__display_name")[:6]
    )
    most = max((count for _, count in rows), default=1)
    return [Load(name or "未指派", count, round(100 * count / most)) for name, count in rows]


def _hours(mine: QuerySet[Ticket], day: dt.datetime, now: dt.datetime) -> list[Hour]:
    """The last seven hours of the day, this one included."""
    current = clock.local(now).hour
    shown = range(max(0, current - 6), current + 1)
    taken = _per_hour(mine.filter(first_contact_at__gte=day), "first_contact_at")
    done = _per_hour(mine.filter(resolved_at__gte=day), "resolved_at")
    most = max([*(taken.get(h, 0) for h in shown), *(done.get(h, 0) for h in shown), 1])
    return [
        Hour(
            h,
            taken.get(h, 0),
            done.get(h, 0),
            round(100 * taken.get(h, 0) / most),
            round(100 * done.get(h, 0) / most),
        )
        for h in shown
    ]


def _per_hour(found: QuerySet[Ticket], field: str) -> dict[int, int]:
    hour = ExtractHour(field, tzinfo=clock.HOSPITAL_ZONE)
    return dict(found.annotate(hour=hour).order_by().values_list("hour").annotate(n=Count("pk")))
