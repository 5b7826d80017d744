"""Adding an event to a ticket's chain: what every verb of the desk shares."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.contracts.rules import Terms
from hrp.operations.desk.models import ContactEvidence, Ticket, TicketEvent
from hrp.operations.desk.rules import lifecycle
from hrp.operations.desk.services import paging
from hrp.operations.desk.services.projection import project
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Forbidden, Invalid, NotFound


@dataclass
class Held:
    """A ticket locked for one verb, with its terms and the side of who acts."""

    ticket: Ticket
    terms: Terms
    actor: User
    side: str
    now: dt.datetime


def side_of(actor: User) -> str:
    """The side an actor stands on. Raises Forbidden for somebody the contract does not know."""
    if actor.is_machine:
        return Side.SYSTEM.value
    side = contracts.side_of(actor)
    if not side:
        raise Forbidden(
            "您不是运维合同任何一方的人员", way_out="请合同管理员在「合同人员」中登记您所属的一方。"
        )
    return side


def require_side(side: str, wanted: Side, what: str) -> None:
    """Raise Forbidden when an act of one party is attempted by the other."""
    if side not in (wanted.value, Side.SYSTEM.value):
        raise Forbidden(f"{what}只能由{wanted.label}办理", way_out=f"请{wanted.label}人员登录办理。")


def hold(ticket: Ticket, *, actor: User, permission: str) -> Held:
    """Lock the ticket and check that the actor may act on it. Raises NotFound, Forbidden."""
    fresh = Ticket.objects.select_for_update().select_related(None).filter(pk=ticket.pk).first()
    if fresh is None:
        raise NotFound("没有找到该工单", way_out="请返回工单列表刷新。")
    scope.check_object(actor, permission, fresh)
    return Held(fresh, contracts.terms_of(fresh.contract_version), actor, side_of(actor), clock.now())


def instant(held: Held, at: dt.datetime | None, *, what: str, late_reason: str = "") -> dt.datetime:
    """When the act happened: not ahead of now, not before the first contact, and late entries with their reason."""
    happened = at or held.now
    check_not_ahead(happened, held.now, what)
    if happened < held.ticket.first_contact_at:
        raise Invalid(
            f"{what}时间早于首次联系（{clock.local(held.ticket.first_contact_at):%m-%d %H:%M:%S}）",
            way_out="请核对时间；若有更早的来电，请先并入该来电。",
            code="before_first_contact",
        )
    check_late_entry(happened, held.now, held.terms, what, late_reason)
    return happened


def check_not_ahead(happened: dt.datetime, now: dt.datetime, what: str) -> None:
    """Raise Invalid (``future_instant``) for an instant that has not come yet."""
    if happened > now:
        raise Invalid(
            f"{what}时间 {clock.local(happened):%Y-%m-%d %H:%M:%S} 晚于现在",
            way_out="请填写实际发生的时间。",
            code="future_instant",
        )


def check_late_entry(
    happened: dt.datetime, now: dt.datetime, terms: Terms, what: str, late_reason: str
) -> None:
    """Raise Invalid (``evidence_required``) for something written down long after it happened, without a reason."""
    if (now - happened).total_seconds() > terms.evidence_over_s and not late_reason.strip():
        raise Invalid(
            f"{what}时间比登记时间早 {terms.evidence_over_s // 60} 分钟以上，须有依据（合同 {terms.clauses['levels']}，释义 I-03）",
            way_out="请在「补录依据」中写明话务记录号、通话截图或在场人员；无依据的请按现在登记。",
            code="evidence_required",
        )


def append(
    held: Held,
    event_type: str,
    *,
    at: dt.datetime,
    payload: Mapping[str, Any] | None = None,
    evidence: ContactEvidence | None = None,
) -> TicketEvent:
    """Add one event, when the state of the ticket admits it (Conflict citing the clause when not)."""
    ticket = held.ticket
    lifecycle.require(ticket.state, event_type, held.terms.clauses)
    return write(held, event_type, at=at, payload=payload, evidence=evidence)


def write(
    held: Held,
    event_type: str,
    *,
    at: dt.datetime,
    payload: Mapping[str, Any] | None = None,
    evidence: ContactEvidence | None = None,
) -> TicketEvent:
    """Add one event without asking the state: for what must be recorded although it is refused."""
    ticket = held.ticket
    ticket.last_seq += 1
    facts = {name: value for name, value in (payload or {}).items() if value not in (None, "")}
    return TicketEvent.objects.create(
        ticket=ticket,
        seq=ticket.last_seq,
        type=event_type,
        at=at,
        recorded_at=held.now,
        actor=held.actor,
        side=held.side,
        payload=facts,
        evidence=evidence,
    )


def finish(held: Held, act: str, *, summary: str, data: Mapping[str, Any] | None = None) -> Ticket:
    """Project the ticket after its events, let paging follow, log the act, and return the ticket as it now stands."""
    project(held.ticket, held.terms, held.now)
    paging.follow(held.ticket, held.terms, act=act, actor=held.actor)
    audit.record(
        actor=held.actor,
        act=f"operations.ticket.{act}",
        target=f"operations.ticket:{held.ticket.pk}",
        summary=f"{held.ticket.number} {summary}",
        data=dict(data or {}),
    )
    return held.ticket
