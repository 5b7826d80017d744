"""Reads of the rota and of paging."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Min, Prefetch, QuerySet

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.defaults import default_terms
from hrp.operations.contracts.models import Side
from hrp.operations.contracts.rules import Terms, duty_layers
from hrp.operations.duty import rules
from hrp.operations.duty.models import (
    ContactCheck,
    DutyPerson,
    HandoverNote,
    PagingAck,
    PagingAttempt,
    PagingRun,
    PagingStep,
    Shift,
    Substitution,
    SwapRequest,
)
from hrp.operations.duty.rules import Change, Fault, Stint
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import NotFound
from hrp.platform.base.stamps import Memo
from hrp.platform.notify.models import Delivery
from hrp.platform.notify.selectors import phones

VIEW = "operations.duty.view"


def terms_at(at: dt.datetime) -> Terms:
    """The plan figures that govern an instant; those shipped while nothing is signed."""
    version = contracts.version_in_force(at)
    return contracts.terms_of(version) if version else default_terms()


def layers() -> tuple[str, ...]:
    """The layers of the rota now, the one called first in front."""
    return duty_layers(terms_at(clock.now()).plan)


def standing(begin: dt.datetime, end: dt.datetime) -> list[Stint]:
    """Who stands when between two instants, substitutions applied. What was recorded late counts from then on."""
    shifts = Shift.objects.filter(starts_at__lt=end, ends_at__gt=begin).annotate(cut_at=Min("cuts__at"))
    stints = [
        Stint(layer, user, max(start, recorded), min(stop, cut) if cut else stop)
        for layer, user, start, stop, recorded, cut in shifts.values_list(
            "layer", "user_id", "starts_at", "ends_at", "recorded_at", "cut_at"
        ).order_by("starts_at", "id")
    ]
    changes = [
        Change(layer, out, into, max(start, recorded), stop)
        for layer, out, into, start, stop, recorded in Substitution.objects.filter(
            starts_at__lt=end, ends_at__gt=begin
        )
        .order_by("recorded_at", "id")
        .values_list("layer", "out_id", "into_id", "starts_at", "ends_at", "recorded_at")
    ]
    return [
        Stint(one.layer, one.person, max(one.start, begin), min(one.end, end))
        for one in rules.standing(stints, changes)
        if one.start < end and one.end > begin
    ]


def on_duty(at: dt.datetime) -> dict[str, list[User]]:
    """The people on duty at an instant, by layer, in the order of the layers."""
    by_layer = rules.at_instant(standing(at, at + dt.timedelta(microseconds=1)), at)
    people = User.objects.in_bulk({pk for ids in by_layer.values() for pk in ids})
    order = [*layers(), *sorted(set(by_layer) - set(layers()))]
    return {layer: [people[pk] for pk in by_layer[layer]] for layer in order if layer in by_layer}


def faults(begin: dt.datetime, end: dt.datetime, terms: Terms | None = None) -> list[Fault]:
    """What is wrong with the rota between two instants, by the plan's figures."""
    terms = terms or terms_at(begin)
    return rules.examine(
        standing(begin, end),
        begin,
        end,
        layers=duty_layers(terms.plan),
        at_least=terms.plan.get("rota", {}).get("layers_at_least", 2),
        travel_s=travel_seconds(),
        travel_max_s=terms.plan["travel_max_s"],
    )


def coming_faults() -> list[Fault]:
    """What is wrong from now on for as many days as the plan looks ahead."""
    now = clock.now()
    terms = terms_at(now)
    days = terms.plan.get("rota", {}).get("days_ahead", 60)
    return faults(now, now + dt.timedelta(days=days), terms)


def travel_seconds() -> dict[int, int | None]:
    """The way to the hospital of everybody who may be on the rota."""
    rows = DutyPerson.objects.values_list("user_id", "travel_minutes")
    return {user: minutes * 60 if minutes is not None else None for user, minutes in rows}


_holes: Memo[int] = Memo("duty_rota")


def hole_count(actor: User) -> int:
    """Faults ahead that leave a call unanswered, for the menu; counted anew every hour and at every change."""
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    return _holes.get(hour, lambda: sum(fault.kind in rules.HOLES for fault in coming_faults()))


def duty_people() -> QuerySet[DutyPerson]:
    """Who may be put on the rota now."""
    return (
        DutyPerson.objects.filter(is_active=True, user__is_active=True)
        .select_related("user")
        .order_by("user_id")
    )


def names(ids: set[int]) -> dict[int, str]:
    return dict(User.objects.filter(pk__in=ids).values_list("pk", "display_name"))


def swaps(*, open_only: bool = False) -> QuerySet[SwapRequest]:
    found = SwapRequest.objects.select_related("asker", "colleague", "decided_by")
    return found.filter(state__in=["asked", "accepted"]) if open_only else found


def handovers(limit: int = 20) -> list[HandoverNote]:
    return list(HandoverNote.objects.select_related("written_by", "taken_by")[:limit])


# -- paging -------------------------------------------------------------------------------------------------------


def runs() -> QuerySet[PagingRun]:
    return PagingRun.objects.select_related("ended_by").order_by("-started_at", "-id")


def run(actor: User, pk: int, code: str = VIEW) -> PagingRun:
    """One paging. Pagings name the tickets of all departments. Raises Forbidden, NotFound."""
    scope.require(actor, code)
    found = runs().filter(pk=pk).first()
    if found is None or not scope.everywhere(actor, code):
        raise NotFound("没有找到该呼叫", way_out="请返回呼叫列表刷新。")
    return found


def runs_of(source: str) -> list[PagingRun]:
    """The pagings of one subject, newest first, with their steps, attempts and answers."""
    return list(
        runs()
        .filter(source=source)
        .prefetch_related(
            Prefetch("done", PagingStep.objects.order_by("position")),
            Prefetch("attempts", PagingAttempt.objects.select_related("user").order_by("id")),
            Prefetch("acks", PagingAck.objects.select_related("user").order_by("id")),
        )
    )


def open_run_of(source: str) -> PagingRun | None:
    """The latest paging of a subject that nobody has answered yet."""
    return PagingRun.objects.filter(source=source, state__in=["active", "exhausted"]).order_by("-id").first()


def unanswered_count(actor: User) -> int:
    """Pagings still waiting for an answer, for the menu."""
    return PagingRun.objects.filter(state__in=["active", "exhausted"]).count()


def deliveries_of(attempts: Sequence[PagingAttempt]) -> dict[tuple[int, str], Delivery]:
    """The delivery of each attempt, by message and channel."""
    rows = Delivery.objects.filter(message__in={attempt.message_id for attempt in attempts})
    return {(row.message_id, row.channel): row for row in rows}


# -- counterparts of the hospital -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counterpart:
    """Somebody of the hospital the contract wants to reach: titles, number on file, last check."""

    user: User
    titles: tuple[str, ...]
    phone: str
    last: ContactCheck | None


def counterparts() -> list[Counterpart]:
    """The hospital's people who fill a role of the contract, with their latest checks."""
    numbers = phones()
    latest: dict[int, ContactCheck] = {}
    for check in (
        ContactCheck.objects.select_related("checked_by")
        .order_by("counterpart_id", "-id")
        .distinct("counterpart_id")
    ):
        latest[check.counterpart_id] = check
    found = []
    for member in contracts.members(Side.HOSPITAL):
        titles = tuple(role.title for role in member.roles.all())
        if titles and member.user.is_active:
            number = numbers.get(member.user_id) or member.user.phone
            found.append(Counterpart(member.user, titles, number, latest.get(member.user_id)))
    return found


def checks_in(begin: dt.datetime, end: dt.datetime) -> dict[int, list[ContactCheck]]:
    """Checks of a stretch of time by counterpart."""
    found: defaultdict[int, list[ContactCheck]] = defaultdict(list)
    for check in ContactCheck.objects.filter(at__gte=begin, at__lt=end).order_by("at"):
        found[check.counterpart_id].append(check)
    return dict(found)
