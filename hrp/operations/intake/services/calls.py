"""What the telephone system tells: calls are written down first, then acted upon."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from hrp.operations.contracts import selectors as contracts
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.services import intake
from hrp.operations.intake import selectors
from hrp.operations.intake.models import Call, CallEvent, CallOutcome
from hrp.operations.intake.rules import calls as rules
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.access.services.machines import system_actor
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Refusal
from hrp.platform.notify import services as notify

logger = logging.getLogger(__name__)

POST = "operations.cti.post"
ALIVE = (
    "new",
    "responded",
    "working",
    "dispatched",
    "onsite",
    "resolved",
    "recorded",
    "review",
    "confirmed",
    "closed",
)
SHELL_AGAIN_WITHIN = dt.timedelta(minutes=60)


@dataclass(frozen=True)
class Incoming:
    """One event as told. ``sent_at`` is the teller's clock when it sent this; ``ring_at`` when the call first rang."""

    call_id: str
    kind: str
    at: dt.datetime
    sent_at: dt.datetime | None = None
    ring_at: dt.datetime | None = None
    direction: str = "in"
    caller: str = ""
    callee: str = ""
    agent: str = ""
    source: str = "cti"
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Taken:
    """``fresh``: told for the first time. ``ticket`` is what the call belongs to by now; ``refused`` why none yet."""

    call: Call
    fresh: bool
    ticket: Ticket | None = None
    refused: str = ""


def telephone() -> User:
    """The actor of what happens by itself on a call."""
    return system_actor("cti", title="话务系统")


def take(*, actor: User, event: Incoming) -> Taken:
    """Write down one event, whatever becomes of it, then act: an unanswered call opens a ticket before this returns.

    The same event told again changes nothing. Raises Forbidden, Invalid.
    """
    scope.require(actor, POST)
    call, fresh = write(actor=actor, event=event)
    try:
        settle(call=call)
        refused = ""
    except Refusal as refusal:  # the call stays on record, the duty tries again
        logger.warning("call %s not settled: %s", call.call_id, refusal.reason)
        refused = refusal.reason
    outcome = CallOutcome.objects.filter(call=call).select_related("ticket").first()
    return Taken(call, fresh, outcome.ticket if outcome else None, refused)


@transaction.atomic
def write(*, actor: User, event: Incoming) -> tuple[Call, bool]:
    """Write the event and, at the first one, the call. The second part is False when it was known already."""
    if event.kind not in ("ring", "answered", "missed", "ended"):
        raise Invalid(
            "事件应为 ring、answered、missed 或 ended", way_out="请核对话务系统的推送设置。", code="cti_event"
        )
    now = clock.now()
    _lock(f"call:{event.call_id}")
    told = event.sent_at or (event.at if event.source == "cti" else None)
    skew = None if told is None else round((now - told) / dt.timedelta(milliseconds=1))
    skew = None if skew is None else max(-2_000_000_000, min(2_000_000_000, skew))
    call = Call.objects.filter(call_id=event.call_id).first() or Call.objects.create(
        call_id=event.call_id,
        direction=event.direction,
        caller=event.caller,
        number=rules.normal(event.caller),
        callee=event.callee,
        ring_at=event.ring_at or event.at,
        received_at=now,
        skew_ms=skew,
        source=event.source,
    )
    _row, fresh = CallEvent.objects.get_or_create(
        call=call,
        kind=event.kind,
        source=event.source,
        defaults={
            "at": event.at,
            "received_at": now,
            "skew_ms": skew,
            "agent": event.agent,
            "raw": dict(event.raw),
        },
    )
    if fresh:
        audit.record(
            actor=actor,
            act=f"operations.call.{event.kind}",
            target=f"operations.call:{call.pk}",
            summary=f"{call.caller or '匿名'} {event.kind}",
        )
    return call, fresh


@transaction.atomic
def settle(*, call: Call) -> Ticket | None:
    """Do what a call calls for by itself (see :func:`rules.decide`); nothing for one that has its outcome."""
    now = clock.now()
    _lock(f"number:{call.number or call.call_id}")
    known = CallOutcome.objects.filter(call=call).select_related("ticket").first()
    story = selectors.story(call)
    if known is not None:
        if known.ticket is not None:
            start_earlier(known.ticket, story.ring_at, call)
        return known.ticket
    contact = selectors.contact_of_number(call.caller)
    if call.direction != "in" or now - story.ring_at > selectors.KEPT_OPEN_FOR:
        return None
    if rules.decide(story, known=contact is not None, now=now) != "open":
        return None
    shell = selectors.open_shell(call.caller, story.ring_at - SHELL_AGAIN_WITHIN)
    if shell is not None and shell.first_contact_at <= story.ring_at:
        ticket = _again(shell, call, story, now)
    else:
        ticket = _open_shell(call, story, now)
    attach_earlier(ticket=ticket, number=call.caller, at=story.ring_at)
    return ticket


def _open_shell(call: Call, story: rules.Story, now: dt.datetime) -> Ticket:
    """A ticket of which only the call is known, at the level reports of unproven gravity are kept at (I-08)."""
    terms = contracts.terms_of(contracts.require_version(story.ring_at))
    contact = selectors.contact_of_number(call.caller)
    gravest = terms.ranked()[0]
    report = intake.Report(
        org_unit=contact.org_unit if contact else selectors.default_unit(),
        module=(contact.module if contact else "") or "其他",
        title=f"未接来电 {call.caller or '匿名'}",
        level=gravest.provisional or terms.ranked()[-1].code,
        reporter_name=contact.name if contact else "未知来电人",
        reporter_phone=call.caller,
        description="电话无人接听，系统自动建单。请立即回拨，问清情况后补全报修信息并核定级别。",
    )
    ticket = intake.log_phone_contact(
        actor=telephone(), report=report, call=as_call(call, story, now, answered=False)
    )
    conclude(call=call, kind="shell", ticket=ticket, actor=telephone())
    return ticket


def _again(shell: Ticket, call: Call, story: rules.Story, now: dt.datetime) -> Ticket:
    """The same number rings again and still nobody answers: one ticket, and whoever is on call is told again."""
    actor = telephone()
    ticket = intake.log_further_contact(
        actor=actor, ticket=shell, call=as_call(call, story, now, answered=False)
    )
    conclude(call=call, kind="again", ticket=ticket, actor=actor)
    notify.notify(
        recipients=contracts.users_with(["值班工程师", "服务台主管"]),
        kind="operations.intake",
        title=f"再次来电仍无人接听：{call.caller}",
        body=f"{ticket.number} {ticket.title}",
        url=f"/operations/tickets/{ticket.pk}",
        dedupe_key=f"call:{call.pk}",
    )
    return ticket


def as_call(call: Call, story: rules.Story, now: dt.datetime, *, answered: bool) -> intake.Call:
    """A call as the desk takes it. A telephone clock ahead of ours cannot put a contact into the future."""
    ring = min(story.ring_at, now)
    taken = max(ring, min(story.answered_at, now)) if answered and story.answered_at else None
    return intake.Call(
        call_at=ring,
        answered_at=taken,
        direction=call.direction,
        caller=call.caller,
        external_id=call.call_id,
        late_reason=f"话务记录 {call.call_id}"[:200],
        raw={"call_id": call.call_id, "pbx_ring_at": story.ring_at.isoformat(), "skew_ms": call.skew_ms},
    )


@transaction.atomic
def attach_earlier(*, ticket: Ticket, number: str, at: dt.datetime) -> list[Call]:
    """Calls of the same number in the half hour before ``at`` that nobody could attribute become part of the ticket;
    the earliest moves the start of its clocks."""
    open_calls = selectors.unsettled(clock.now()).filter(
        number=rules.normal(number), ring_at__gte=at - rules.MATCH_WITHIN, ring_at__lt=at
    )
    found = rules.earlier_calls(list(open_calls), number, at)
    found = [one for one in found if rules.is_abandoned(selectors.story(one))]
    for one in found:
        conclude(call=one, kind="merged", ticket=ticket, actor=telephone())
    if found:
        start_earlier(ticket, selectors.story(found[0]).ring_at, found[0])
    return found


def start_earlier(ticket: Ticket, ring_at: dt.datetime, call: Call) -> None:
    """Let a call that rang before the first contact known move it; a call of a later cycle moves nothing."""
    ticket.refresh_from_db()
    if ring_at < ticket.first_contact_at and ticket.state in ALIVE and ticket.cycle == 1:
        intake.merge_earlier_call(
            actor=telephone(), ticket=ticket, first_call_at=ring_at, source=f"话务记录 {call.call_id}"
        )


def conclude(*, call: Call, kind: str, ticket: Ticket | None, actor: User, note: str = "") -> CallOutcome:
    """Say what became of a call. Raises Conflict when somebody has said so already."""
    _lock(f"outcome:{call.pk}")
    known = CallOutcome.objects.filter(call=call).select_related("ticket").first()
    if known is not None:
        raise Conflict(
            f"这通来电已处理：{known.get_kind_display()}{f' {known.ticket.number}' if known.ticket else ''}",
            way_out="请打开该工单；要补充的写成备注或再次联系。",
            code="call_concluded",
        )
    return CallOutcome.objects.create(
        call=call, kind=kind, ticket=ticket, note=note[:200], actor=actor, at=clock.now()
    )


@transaction.atomic
def open_from_call(*, actor: User, call: Call, report: intake.Report) -> Ticket:
    """The agent writes down a call; number and times are those of the telephone system, whatever the form says."""
    _check_open(call)
    story = selectors.story(call)
    now = clock.now()
    ticket = intake.log_phone_contact(
        actor=actor, report=report, call=as_call(call, story, now, answered=True)
    )
    conclude(call=call, kind="opened", ticket=ticket, actor=actor)
    attach_earlier(ticket=ticket, number=call.caller, at=story.ring_at)
    ticket.refresh_from_db()
    return ticket


@transaction.atomic
def add_to_ticket(*, actor: User, call: Call, ticket: Ticket, told_by: str = "") -> Ticket:
    """The call was about a ticket that is there already: another contact, or the earlier one its clocks start at."""
    _check_open(call)
    story = selectors.story(call)
    now = clock.now()
    if story.ring_at < ticket.first_contact_at:
        changed = intake.merge_earlier_call(
            actor=actor, ticket=ticket, first_call_at=story.ring_at, source=f"话务记录 {call.call_id}"
        )
        conclude(call=call, kind="merged", ticket=ticket, actor=actor)
        return changed
    changed = intake.log_further_contact(
        actor=actor, ticket=ticket, call=as_call(call, story, now, answered=True), told_by=told_by
    )
    conclude(call=call, kind="again", ticket=ticket, actor=actor)
    return changed


@transaction.atomic
def dismiss(*, actor: User, call: Call, reason: str) -> CallOutcome:
    """The call was no report: a wrong number, a private matter."""
    scope.require(actor, "operations.call.handle")
    if not reason.strip():
        raise Invalid("请写明这通来电是什么", way_out="例如打错电话、推销。")
    done = conclude(call=call, kind="dismissed", ticket=None, actor=actor, note=reason.strip())
    audit.record(
        actor=actor,
        act="operations.call.dismiss",
        target=f"operations.call:{call.pk}",
        summary=f"{call} 不是报修：{reason.strip()}",
    )
    return done


def _check_open(call: Call) -> None:
    if call.direction != "in":
        raise Conflict("呼出电话不能登记为报修", way_out="请在工单上登记「再次联系」，方向选呼出。")


def _lock(key: str) -> None:
    """One transaction at a time per key. Rows that are never changed cannot be locked themselves."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"operations.intake:{key}"])


def sweep() -> int:
    """Calls nobody answers, tickets a refused call still needs, and abandoned calls whose caller has rung again.

    Each on its own: one that cannot be settled leaves the others alone. Returns how many got their outcome.
    """
    now = clock.now()
    settled = 0
    for call in selectors.unsettled(now)[:200]:
        try:
            settled += settle(call=call) is not None or _match(call)
        except Refusal as refusal:
            logger.warning("call %s not settled: %s", call.call_id, refusal.reason)
    return settled


@transaction.atomic
def _match(call: Call) -> bool:
    """Find the ticket a contact by phone within the half hour after an abandoned call belongs to."""
    story = selectors.story(call)
    if not rules.is_abandoned(story) or not call.number:
        return False
    for evidence, ticket in selectors.phone_contacts(story.ring_at, story.ring_at + rules.MATCH_WITHIN):
        if evidence.ring_at > story.ring_at and rules.normal(evidence.caller) == call.number:
            conclude(call=call, kind="merged", ticket=ticket, actor=telephone())
            start_earlier(ticket, story.ring_at, call)
            return True
    return False
