"""The system's own questions and reminders, found by scanning state: once per due instant, late ones marked so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.rules.lifecycle import OPEN_STATES
from hrp.operations.incidents import rules, selectors
from hrp.operations.incidents.models import Reminder
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.notify import services as notify

SUPPLIER_ON_CALL, HOSPITAL_CONTACT = "值班工程师", "甲方系统主管工程师"
DAY, WEEK = dt.timedelta(days=1), dt.timedelta(days=7)


@dataclass(frozen=True)
class Notice:
    """A reminder that has fallen due and perhaps was given already."""

    ticket: Ticket
    kind: str
    due: dt.datetime
    title: str
    body: str
    url: str
    recipients: tuple[User, ...]
    subject: str = ""


def scan() -> int:
    """Ask and remind about open tickets; returns how many notices went out. Safe to run again at once."""
    found = Ticket.objects.filter(state__in=OPEN_STATES).select_related("owner", "contract_version")
    return _give([*_updates(found), *_inquiries(found)])


def scan_reviews() -> int:
    """Remind of reviews not approved and actions not done in time."""
    return _give([*_reviews(), *_actions()])


def _updates(found: QuerySet[Ticket]) -> Iterator[Notice]:
    """An emergency whose next report to the hospital is overdue: the owner is told, or who is on call."""
    now = clock.now()
    for ticket in selectors.emergencies(found):
        at = selectors.situation(ticket)
        if at.next_update is None or at.update_every is None:
            continue
        due = rules.last_due(at.next_update, at.update_every, now)
        if due is not None:
            yield Notice(
                ticket,
                "update",
                due,
                f"进展通报已到期 {ticket.number}",
                f"{ticket.title} · 应于 {clock.local(at.next_update):%m-%d %H:%M} 前通报甲方",
                selectors.url_of(ticket),
                _supplier(ticket),
            )


def _inquiries(found: QuerySet[Ticket]) -> Iterator[Notice]:
    """I-06: neither fixed nor declared to need a visit, so long after the first contact: both sides are asked."""
    now = clock.now()
    for ticket in found:
        agreed = contracts.terms_of(ticket.contract_version).plan.get("onsite_inquiry")
        if not agreed or ticket.state not in ("new", "responded", "working"):
            continue
        base = selectors.cycle_contact(ticket) + dt.timedelta(seconds=agreed["after_s"])
        due = rules.last_due(base, dt.timedelta(seconds=agreed["every_s"]), now)
        if due is not None:
            yield Notice(
                ticket,
                "inquiry",
                due,
                f"{ticket.number} 是否需要到场？",
                f"{ticket.title} · 首次联系后 {agreed['after_s'] // 60} 分钟以上，既未解决也未声明远程无法解决（释义 I-06）",
                reverse("operations.ticket.detail", args=[ticket.pk]),
                (*_supplier(ticket), *contracts.users_with([HOSPITAL_CONTACT])),
            )


def _reviews() -> Iterator[Notice]:
    waiting = Ticket.objects.filter(state__in=("resolved", "recorded", "review", "confirmed"))
    for ticket in selectors.emergencies(waiting).select_related("owner", "contract_version"):
        owed = selectors.review_due(ticket)
        if owed is None or owed.approved_at is not None:
            continue
        due = rules.last_due(owed.due, DAY, clock.now())
        if due is not None:
            people = (*_supplier(ticket), *contracts.users_with([HOSPITAL_CONTACT, "服务台主管"]))
            yield Notice(
                ticket,
                "review",
                due,
                f"复盘已逾期 {ticket.number}",
                f"{ticket.title} · 计划应于 {clock.local(owed.due):%m-%d} 前经甲方认可",
                reverse("operations.incident.review", args=[ticket.pk]),
                people,
            )


def _actions() -> Iterator[Notice]:
    names = {member.user.display_name: member.user for member in contracts.members() if member.user.is_active}
    for action in selectors.actions(Ticket.objects.all()):
        if not action.overdue:
            continue
        due = rules.last_due(clock.start_of_day(action.due + DAY), WEEK, clock.now())
        if due is not None:
            owner = names.get(action.owner)
            yield Notice(
                action.ticket,
                "action",
                due,
                f"改进措施已逾期：{action.what[:80]}",
                f"{action.ticket.number} · 责任人 {action.owner} · 期限 {action.due}",
                reverse("operations.incident.actions"),
                (*([owner] if owner else []), *contracts.users_with([HOSPITAL_CONTACT, "服务台主管"])),
                action.key,
            )


def _supplier(ticket: Ticket) -> tuple[User, ...]:
    """The owner, or whoever is on call while nobody has taken the ticket."""
    if ticket.owner is not None and contracts.side_of(ticket.owner) == Side.SUPPLIER.value:
        return (ticket.owner,)
    return tuple(contracts.users_with([SUPPLIER_ON_CALL]))


def _give(due: list[Notice]) -> int:
    known = {
        (row.ticket_id, row.kind, row.subject, row.due)
        for row in Reminder.objects.filter(
            ticket__in=[one.ticket for one in due], due__in=[one.due for one in due]
        )
    }
    fresh = [one for one in due if (one.ticket.pk, one.kind, one.subject, one.due) not in known]
    return sum(_send(one) for one in fresh)


@transaction.atomic
def _send(one: Notice) -> bool:
    now = clock.now()
    late = rules.is_late(one.due, now, selectors.LATE_AFTER if one.kind in ("update", "inquiry") else DAY)
    _, created = Reminder.objects.get_or_create(
        ticket=one.ticket,
        kind=one.kind,
        subject=one.subject,
        due=one.due,
        defaults={
            "sent_at": now,
            "late": late,
            "told": list(dict.fromkeys(person.display_name for person in one.recipients)),
        },
    )
    if created:
        notify.notify(
            recipients=one.recipients,
            kind="operations.inquiry" if one.kind == "inquiry" else "operations.emergency",
            title=one.title,
            body=one.body + ("（系统曾停止检查，迟发）" if late else ""),
            url=one.url,
            dedupe_key=f"{one.kind}:{one.ticket.pk}:{one.subject}:{one.due.isoformat()}",
        )
    return created
