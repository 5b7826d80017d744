"""The paging engine: every second it looks at what is due, so that a missed second loses nothing.

A step calls each of its people once through each transport that is set up; a person none of whose transports carried
is called through the next one at once; a step that reached nobody brings the next step forward. After a standstill all
overdue steps are folded into one: everybody they name is called once, not once a step.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from hrp.operations.contracts import selectors as contracts
from hrp.operations.duty import rules, selectors, sources
from hrp.operations.duty.models import PagingAttempt, PagingRun, PagingStep
from hrp.operations.duty.services.paging import digest
from hrp.operations.duty.sources import StepTaken
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.notify import services as notify
from hrp.platform.notify.models import Delivery
from hrp.platform.notify.selectors import live_transports, titles

BELL = "in_app"
BATCH = 200
SECOND = dt.timedelta(seconds=1)
WATCH = dt.timedelta(seconds=90)
"""For how long after a step its deliveries are watched: longer than the slowest gateway may take."""

STALE = dt.timedelta(minutes=5)
"""A page that could not be sent for so long is not sent any more: the chain has gone on without it."""


@dataclass(frozen=True)
class Called:
    """One person of a step and why: the layer or the role."""

    user: User
    place: str


def scan() -> int:
    """Do what is due in every running paging; returns how many were moved on. Safe from several workers at once."""
    due = PagingRun.objects.filter(next_at__lte=clock.now()).order_by("next_at").values_list("pk", "source")
    return sum(_advance(pk, source) for pk, source in list(due[:BATCH]))


@transaction.atomic
def _advance(pk: int, source: str) -> bool:
    """Move one run on. One that another worker holds, or whose subject somebody works on, is left for a second."""
    owner = sources.of(source)
    if owner is not None and not owner.hold(source, wait=False):
        return False
    run = PagingRun.objects.select_for_update(skip_locked=True).filter(pk=pk, state="active").first()
    now = clock.now()
    if run is None or run.next_at is None or run.next_at > now:
        return False
    pending, dead = _rescue(run, now)
    times = [step["at_s"] for step in run.steps]
    elapsed = (now - run.started_at).total_seconds()
    due = rules.due_steps(times, run.position, elapsed, forward=dead)
    if due:
        _perform(run, due, now)
        run.position = due[-1] + 1
        pending = True
    ended = run.position == len(times) and now >= run.respond_by
    if ended:
        run.state, run.ended_at, run.next_at = PagingRun.State.EXHAUSTED, now, None
        run.end_note = "呼叫链已走完，无人应答"
    else:
        run.next_at = _next_look(run, times, now, pending=pending)
    run.save(update_fields=["position", "state", "ended_at", "next_at", "end_note"])
    return bool(due) or ended


def _next_look(run: PagingRun, times: Sequence[int], now: dt.datetime, *, pending: bool) -> dt.datetime:
    following = run.respond_by
    if run.position < len(times):
        following = run.started_at + dt.timedelta(seconds=times[run.position])
    return min(following, now + SECOND) if pending else max(following, now)


# -- one step -----------------------------------------------------------------------------------------------------


def _perform(run: PagingRun, due: Sequence[int], now: dt.datetime) -> None:
    """Call everybody the due steps name, once. A step without people is looked at again in a second, too: nobody there
    brings the next step forward."""
    position = due[-1]
    called = _people(run, due, now)
    wanted = list(dict.fromkeys(name for place in due for name in run.steps[place]["channels"]))
    planned = {place: run.started_at + dt.timedelta(seconds=run.steps[place]["at_s"]) for place in due}
    PagingStep.objects.bulk_create(
        PagingStep(
            run=run,
            position=place,
            planned_at=planned[place],
            at=now,
            collapsed=place != position,
            early=planned[place] > now,
            people=len(called) if place == position else 0,
        )
        for place in due
    )
    live = live_transports()
    used: list[str] = []
    for one in called:
        usable = [name for name in wanted if name in live]
        first = usable or live[:1]
        _call(run, position, one, first, now, fallback=not usable and bool(first))
        used += first or [BELL]
    owner = sources.of(run.source)
    if owner is not None and called:
        shown = titles()
        names = tuple(f"{one.user.display_name}（{one.place}）" for one in called)
        channels = tuple(dict.fromkeys(shown.get(name, name) for name in used))
        owner.on_step(run, StepTaken(now, planned[position], position + 1, names, channels))


def _people(run: PagingRun, due: Sequence[int], now: dt.datetime) -> list[Called]:
    """Whom the steps name, each once: those on duty in the layers, then those who fill the roles."""
    standing = selectors.on_duty(now)
    found: dict[int, Called] = {}
    for place in due:
        for layer in run.steps[place].get("layers", ()):
            for user in standing.get(layer, ()):
                found.setdefault(user.pk, Called(user, layer))
        for role in run.steps[place].get("roles", ()):
            for user in contracts.users_with([role]):
                found.setdefault(user.pk, Called(user, role))
    return list(found.values())


def _call(
    run: PagingRun, position: int, one: Called, channels: Iterable[str], now: dt.datetime, *, fallback: bool
) -> None:
    """Send to one person. Those who can be reached outside the application get a link that answers by one press."""
    outside = list(channels)
    token = secrets.token_urlsafe(18) if outside else ""
    body = f"{run.level} 级，请在 {clock.local(run.respond_by):%H:%M:%S} 前响应。"
    if token and settings.HRP_PUBLIC_URL:
        body += f"\n应答：{settings.HRP_PUBLIC_URL}{reverse('operations.paging.link', args=[token])}"
    names = outside if fallback and _rang(run, position, one) else [*outside, BELL]
    suffix = ":" + ",".join(outside) if fallback else ""
    (message,) = notify.notify(
        recipients=[one.user],
        kind="operations.page",
        title=f"呼叫：{run.title}",
        body=body,
        url=run.url,
        dedupe_key=f"page:{run.pk}:{position}{suffix}",
        channels=names,
        expires_at=now + STALE,
    )
    PagingAttempt.objects.bulk_create(
        PagingAttempt(
            run=run,
            position=position,
            user=one.user,
            place=one.place,
            channel=name,
            fallback=fallback and name != BELL,
            at=now,
            message_id=message,
            token_sha256=digest(token) if token and name != BELL else "",
        )
        for name in names
    )


def _rang(run: PagingRun, position: int, one: Called) -> bool:
    return PagingAttempt.objects.filter(run=run, position=position, user=one.user, channel=BELL).exists()


# -- watching -----------------------------------------------------------------------------------------------------


def _rescue(run: PagingRun, now: dt.datetime) -> tuple[bool, bool]:
    """Look what became of the last step. Returns (something is still on its way, nobody can be reached any more).

    A person all of whose transports failed is called through the next one that is set up, at once.
    """
    last = PagingStep.objects.filter(run=run, collapsed=False).order_by("-position").first()
    if last is None:
        return False, False
    attempts = list(
        PagingAttempt.objects.filter(run=run, position=last.position).select_related("user").order_by("id")
    )
    if not attempts:
        return False, True
    deliveries = selectors.deliveries_of(attempts)
    by_person: defaultdict[int, list[PagingAttempt]] = defaultdict(list)
    for attempt in attempts:
        by_person[attempt.user_id].append(attempt)
    pending = False
    lost = 0
    for mine in by_person.values():
        state = _outcome(mine, deliveries)
        if state == "failed" and not _try_next(run, last.position, mine, now):
            lost += 1
        elif state in ("failed", "waiting"):
            pending = True
    watched = pending and now - last.at < WATCH
    return watched, lost == len(by_person)


def _outcome(mine: Sequence[PagingAttempt], deliveries: dict[tuple[int, str], Delivery]) -> str:
    """``carried`` by at least one transport, ``waiting`` for one, or ``failed`` by all; the bell alone does not count
    beside others."""
    outside = [attempt for attempt in mine if attempt.channel != BELL]
    if not outside:
        return "carried"
    states = []
    for attempt in outside:
        row = deliveries.get((attempt.message_id, attempt.channel))
        if row is None or (row.state == Delivery.State.WAITING and row.attempts == 0):
            states.append("waiting")
        else:
            states.append("carried" if row.state == Delivery.State.DELIVERED else "failed")
    return next((state for state in ("carried", "waiting") if state in states), "failed")


def _try_next(run: PagingRun, position: int, mine: Sequence[PagingAttempt], now: dt.datetime) -> bool:
    tried = {attempt.channel for attempt in mine}
    following = next((name for name in live_transports() if name not in tried), None)
    if following is None:
        return False
    _call(run, position, Called(mine[0].user, mine[0].place), [following], now, fallback=True)
    return True
