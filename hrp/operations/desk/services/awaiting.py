"""Looking after records the hospital has not confirmed: a reminder each working day, then 默认确认."""

from __future__ import annotations

from django.db import transaction

from hrp.operations.contracts import selectors as contracts
from hrp.operations.desk import selectors
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.services import chain, closing, silence
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict
from hrp.platform.notify import services as notify

ASKED = ("甲方系统主管工程师",)


def look_after(*, actor: User) -> tuple[int, int]:
    """One morning's round over all unconfirmed records; returns how many were reminded of, and how many confirmed.

    Nothing happens on days the official calendar does not know as worked. Each ticket is its own transaction.
    """
    if not selectors.calendar().workday(clock.today()):
        return 0, 0
    reminded = confirmed = 0
    for ticket in Ticket.objects.filter(state="recorded").order_by("pk"):
        reminded += remind(actor=actor, ticket=ticket)
        confirmed += _confirm(actor, ticket)
    return reminded, confirmed


@transaction.atomic
def remind(*, actor: User, ticket: Ticket) -> bool:
    """Remind the hospital of the record, at most once a day, not on the day it was written, and as often as agreed.

    The reminder is a note of the chain; True when one was written.
    """
    held = chain.hold(ticket, actor=actor, permission="operations.ticket.log")
    plan = silence.agreed(held.terms)
    found = silence.of(held.ticket, plan) if plan and held.ticket.state == "recorded" else None
    if plan is None or found is None or found.answered or len(found.reminders) >= plan.reminders:
        return False
    last = max((found.written_at, *found.reminders))
    if clock.local(last).date() >= clock.today():
        return False
    record = selectors.record_of(held.ticket)
    number, count = record.number if record else "", len(found.reminders) + 1
    text = f"第 {count} 次提醒甲方确认维护记录 {number}"
    if count == plan.reminders:
        text += f"；{plan.working_days} 个工作日内未回复的按默认确认归档"
    chain.append(held, "NOTE", at=held.now, payload={"text": text, "record": number, "reminder": count})
    chain.finish(held, "remind", summary=text)
    notify.notify(
        recipients=contracts.users_with(ASKED),
        kind="operations.ticket",
        title=f"请确认维护记录 {number}",
        body=f"{held.ticket.number} {held.ticket.title} · {text}",
        url=selectors.url_of(held.ticket),
        dedupe_key=f"confirm:{held.ticket.pk}:{held.ticket.cycle}:{clock.today()}",
    )
    return True


def _confirm(actor: User, ticket: Ticket) -> bool:
    try:
        closing.confirm_by_silence(actor=actor, ticket=ticket)
    except Conflict as refusal:
        if refusal.code != silence.NOT_YET:
            raise
        return False
    return True
