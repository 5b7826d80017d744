"""AC-05: every contract clock of a span, judged again from the events as they stood, with what both parties ruled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.proofs import Evidence, Finding, Span, Verdict
from hrp.operations.desk import selectors
from hrp.operations.desk.models import Breach, Clock, Ticket, TicketEvent
from hrp.operations.desk.rules import clocks as engine
from hrp.operations.desk.rules.kpi import Tally, tally
from hrp.platform.base import clock
from hrp.platform.base.refusals import Refusal

KINDS: tuple[engine.Kind, ...] = ("response", "emergency_start", "onsite")
"""The clocks the contract gives a target for; the report of an inspection (AC-25) is proved elsewhere."""


@dataclass(frozen=True)
class Judged:
    """A contract clock as of the end of the span. A breach once on record stays one, whatever was written later."""

    ticket: Ticket
    clock: engine.Clock
    breach: int | None
    excused: bool

    @property
    def verdict(self) -> str:
        return "breached" if self.breach is not None else self.clock.verdict


def judged_clocks(
    span: Span, kinds: tuple[engine.Kind, ...] = KINDS, *, unjudged: list[str] | None = None
) -> list[Judged]:
    """The contract clocks started in the span on tickets of its contract; those of a gap between years are shadow.

    Tickets that cannot be judged are named in ``unjudged``.
    """
    breaches = {
        (ticket, key): pk
        for ticket, key, pk in Breach.objects.filter(
            start__gte=span.begins, start__lt=span.ends, found_at__lte=span.as_of
        ).values_list("ticket_id", "clock_key", "pk")
    }
    excused = selectors.excused_breach_ids(span.begins, span.ends, as_of=span.as_of)
    found = []
    for ticket, result in _judged_tickets(span, [] if unjudged is None else unjudged):
        for one in result.clocks:
            if one.kind in kinds and span.begins <= one.start < span.ends:
                breach = breaches.get((ticket.pk, one.key))
                found.append(Judged(ticket, one, breach, breach in excused))
    return found


def _judged_tickets(span: Span, unjudged: list[str]) -> Iterator[tuple[Ticket, engine.Evaluation]]:
    """Tickets with an event or a clock of the span, judged by what was on record at ``as_of``."""
    touched = TicketEvent.objects.filter(at__gte=span.begins, at__lt=span.ends, recorded_at__lte=span.as_of)
    started = Clock.objects.filter(start__gte=span.begins, start__lt=span.ends)
    tickets = (
        Ticket.objects.filter(
            Q(pk__in=touched.values("ticket_id")) | Q(pk__in=started.values("ticket_id")),
            annual_contract__isnull=False,
            contract_version__contract=span.contract,
        )
        .select_related("contract_version")
        .order_by("pk")
    )
    calendar = selectors.calendar()
    page = list(tickets)
    for place in range(0, len(page), 1000):
        some = page[place : place + 1000]
        events = selectors.clock_events_of_many([one.pk for one in some], recorded_by=span.as_of)
        for ticket in some:
            terms = contracts.terms_of(ticket.contract_version)
            try:
                yield ticket, engine.evaluate(events.get(ticket.pk, []), terms, calendar, span.as_of)
            except Refusal as refusal:
                unjudged.append(f"{ticket.number}：事件链不能判定，{refusal.reason}")


def clock_verdicts(span: Span) -> Finding:
    """符合 when every target that fell due was met or is excused by both parties."""
    unjudged: list[str] = []
    found = judged_clocks(span, unjudged=unjudged)
    missing = (*unjudged, *_not_recorded(found))
    if not found:
        verdict = Verdict.UNPROVEN if missing else Verdict.NOT_APPLICABLE
        return Finding(verdict, figure="0/0：期间没有起算的合同时钟", missing=missing)
    total = tally((one.verdict, one.excused) for one in found)
    failed = [one for one in found if one.verdict == "breached" and not one.excused]
    figure = "；".join([_words("合计", total), *_by_level(found)])
    evidence = tuple(Evidence(_late(one), _url(one)) for one in found if one.verdict == "breached")
    if failed:
        verdict = Verdict.NOT_MET
    elif missing:
        verdict = Verdict.UNPROVEN
    elif total.met + total.excused == 0:
        verdict = Verdict.NOT_APPLICABLE
    else:
        verdict = Verdict.MET
    return Finding(verdict, figure, tuple(_late(one) for one in failed), missing, evidence)


def _not_recorded(found: list[Judged]) -> tuple[str, ...]:
    """Targets the events say were missed, of which there is no breach on record: the scan has not been there yet."""
    return tuple(
        f"{one.ticket.number} {engine.KIND_TITLES[one.clock.kind]}：事件链显示已超时，超时记录尚未写入"
        for one in found
        if one.clock.verdict == "breached" and one.breach is None
    )


def _by_level(found: list[Judged]) -> list[str]:
    groups: dict[tuple[int, str, str], list[Judged]] = {}
    for one in found:
        levels = contracts.terms_of(one.ticket.contract_version).levels
        level = levels[one.clock.level or ""]
        groups.setdefault((-level.rank, level.title, one.clock.kind), []).append(one)
    order = {kind: place for place, kind in enumerate(KINDS)}
    return [
        _words(
            f"{title}{engine.KIND_TITLES[kind]}",  # type: ignore[index]
            tally((one.verdict, one.excused) for one in group),
        )
        for (_, title, kind), group in sorted(groups.items(), key=lambda row: (row[0][:2], order[row[0][2]]))  # type: ignore[index]
    ]


def _words(title: str, figures: Tally) -> str:
    rest = [
        f"{name} {count}"
        for name, count in (
            ("超时", figures.breached), ("免责", figures.excused), ("已无需", figures.moot),
            ("已被取代", figures.superseded), ("计时中", figures.running),
        )
        if count
    ]  # fmt: skip
    return f"{title} 起算 {figures.started}，达成 {figures.rate.text}" + (
        f"（{'、'.join(rest)}）" if rest else ""
    )


def _url(one: Judged) -> str:
    if one.breach is None:
        return reverse("operations.ticket.detail", args=[one.ticket.pk])
    return reverse("operations.breach.detail", args=[one.breach])


def _late(one: Judged) -> str:
    stop = one.clock.stop
    late = f"，{_wall(stop)} 才完成" if stop is not None and stop > one.clock.due else "，尚未完成"
    excused = "（免责）" if one.excused else ""
    return f"{one.ticket.number} {one.clock.level}级{engine.KIND_TITLES[one.clock.kind]} 时限 {_wall(one.clock.due)}{late}{excused}"


def _wall(instant: dt.datetime) -> str:
    return f"{clock.local(instant):%m-%d %H:%M:%S}"
