"""The figures of the desk for a span of days, for reports: histories read from the database, figures by pure rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import PartyRole
from hrp.operations.contracts.proofs import Span
from hrp.operations.desk import selectors
from hrp.operations.desk.models import MaintenanceRecord, Ticket
from hrp.operations.desk.proofs.clocks import KINDS, judged_clocks
from hrp.operations.desk.rules import kpi as rules
from hrp.operations.desk.rules import plan
from hrp.operations.desk.rules.clocks import evaluate
from hrp.operations.desk.rules.events import CLOCK_TYPES, DESK_TYPES
from hrp.operations.desk.rules.kpi import History, Share, Spread, Tally, tally
from hrp.platform.notify.models import Message


@dataclass(frozen=True)
class Figures:
    """Clock tallies by (level, kind); the agreed visits; plan clocks by kind, which are plan and not contract."""

    tickets: int
    clocks: dict[tuple[str, str], Tally]
    agreed_visits: Tally
    plan: dict[str, Tally]
    acknowledgement: Spread
    repair: Spread
    repair_without_waiting: Spread
    first_contact_fix: Share
    reopened: Share
    repeated: Share


def figures(span: Span) -> Figures:
    """Every figure of the tickets first reported in the span, and of the clocks started in it."""
    histories = _histories(span, span.begins, span.ends)
    earlier = _histories(span, span.begins - rules.REPEAT_WITHIN, span.begins)
    judged = judged_clocks(span, (*KINDS, "onsite_agreed"))
    groups: dict[tuple[str, str], list[tuple[str, bool]]] = {}
    for one in judged:
        groups.setdefault((one.clock.level or "", one.clock.kind), []).append((one.verdict, one.excused))
    visits = [pair for (_, kind), pairs in groups.items() if kind == "onsite_agreed" for pair in pairs]
    return Figures(
        tickets=len(histories),
        clocks={key: tally(pairs) for key, pairs in groups.items() if key[1] != "onsite_agreed"},
        agreed_visits=tally(visits),
        plan=_plan(span, [one.number for one in histories]),
        acknowledgement=rules.acknowledgement(histories),
        repair=rules.repair(histories),
        repair_without_waiting=rules.repair(histories, without_waiting=True),
        first_contact_fix=rules.first_contact_fix(histories, span.as_of),
        reopened=rules.reopened(histories),
        repeated=rules.repeated(histories, earlier),
    )


def _tickets(span: Span, begins: dt.datetime, ends: dt.datetime) -> list[Ticket]:
    """Tickets of the contract first reported in [begins, ends); those of a gap between years are shadow."""
    found = Ticket.objects.filter(
        first_contact_at__gte=begins,
        first_contact_at__lt=ends,
        annual_contract__isnull=False,
        contract_version__contract=span.contract,
    )
    return list(found.select_related("contract_version").order_by("pk"))


def _histories(span: Span, begins: dt.datetime, ends: dt.datetime) -> list[History]:
    tickets = _tickets(span, begins, ends)
    keys = [ticket.pk for ticket in tickets]
    events = selectors.clock_events_of_many(keys, recorded_by=span.as_of)
    written = MaintenanceRecord.objects.filter(ticket__in=keys, written_at__lte=span.as_of)
    causes = dict(written.order_by("cycle").values_list("ticket_id", "cause_class"))
    calendar = selectors.calendar()
    return [
        History(
            ticket.number,
            events.get(ticket.pk, []),
            evaluate(
                events.get(ticket.pk, []), contracts.terms_of(ticket.contract_version), calendar, span.as_of
            ),
            ticket.module,
            causes.get(ticket.pk, ""),
        )
        for ticket in tickets
    ]


def _plan(span: Span, numbers: Sequence[str]) -> dict[str, Tally]:
    tickets = list(Ticket.objects.filter(number__in=numbers).select_related("contract_version"))
    keys = [ticket.pk for ticket in tickets]
    events = selectors.clock_events_of_many(keys, recorded_by=span.as_of, types=(*CLOCK_TYPES, *DESK_TYPES))
    told, calendar = _told(keys), selectors.calendar()
    verdicts: dict[str, list[tuple[str, bool]]] = {kind: [] for kind in plan.PLAN_TITLES}
    for ticket in tickets:
        terms = contracts.terms_of(ticket.contract_version)
        chain = events.get(ticket.pk, [])
        for clock in (
            *plan.notify_clocks(chain, terms, calendar, span.as_of, told.get(ticket.pk, ())),
            *plan.update_clocks(chain, terms, calendar, span.as_of),
            *plan.review_clocks(chain, terms, calendar, span.as_of),
        ):
            verdicts[clock.kind].append((clock.verdict, False))
    return {kind: tally(pairs) for kind, pairs in verdicts.items()}


def _told(tickets: Iterable[int]) -> dict[int, list[plan.Told]]:
    """When the people of each role were written to about a ticket."""
    wanted = set(tickets)
    rows = Message.objects.filter(kind="operations.ticket", dedupe_key__startswith="ticket:")
    notices = [
        (int(key.split(":")[1]), recipient, at)
        for key, recipient, at in rows.values_list("dedupe_key", "recipient_id", "created_at")
    ]
    roles: dict[int, list[str]] = {}
    for user, title in PartyRole.objects.values_list("member__user_id", "title"):
        roles.setdefault(user, []).append(title)
    found: dict[int, list[plan.Told]] = {}
    for ticket, recipient, at in notices:
        if ticket in wanted:
            found.setdefault(ticket, []).extend(plan.Told(role, at) for role in roles.get(recipient, ()))
    return found
