"""Taking reports in: by phone, in writing, again, and calls found afterwards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.contracts.rules import Terms
from hrp.operations.desk import numbering
from hrp.operations.desk.models import ContactEvidence, Ticket
from hrp.operations.desk.rules.events import parse_instant
from hrp.operations.desk.services import chain
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.org.models import OrgUnit

GENESIS = "0" * 64


@dataclass(frozen=True)
class Report:
    """What is told when a fault is first reported."""

    org_unit: OrgUnit
    module: str
    title: str
    level: str
    reporter_name: str
    reporter_phone: str = ""
    description: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)
    """Further facts kept with the contact: the wizard's answers, the page and the error the report came with."""


@dataclass(frozen=True)
class Call:
    """One phone call. ``call_at`` is its first ring; ``answered_at`` when a person took it (None: nobody did).

    An outbound call counts from when it connected.
    """

    call_at: dt.datetime
    answered_at: dt.datetime | None = None
    direction: str = "in"
    caller: str = ""
    late_reason: str = ""
    external_id: str = ""
    raw: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def log_phone_contact(*, actor: User, report: Report, call: Call) -> Ticket:
    """Open a ticket from a phone call; its clocks start at the first ring (I-03).

    A call written down more than the contract's ten minutes later needs its evidence in ``call.late_reason``.
    Raises Invalid, Forbidden, or Conflict when no signed contract version governs the call.
    """
    return _open(actor=actor, report=report, channel="phone", call=call)


@transaction.atomic
def log_written_contact(*, actor: User, report: Report, channel: str, receipt: Call | None = None) -> Ticket:
    """Open a ticket from the web form, a mail or what was told on site; received now, or at ``receipt.call_at``.

    A 1级 or A级 report is kept as its provisional level with the flag ``channel_rejected``, and the roles of that
    level are told at once; its own clocks start when a call connects (I-08).
    """
    if channel not in ("web", "email", "onsite"):
        raise Invalid("书面报修的方式应为网络、邮件或现场", way_out="电话报修请用「登记来电」。")
    return _open(actor=actor, report=report, channel=channel, call=receipt or Call(call_at=clock.now()))


@transaction.atomic
def log_further_contact(
    *, actor: User, ticket: Ticket, call: Call, channel: str = "phone", level: str = "", told_by: str = ""
) -> Ticket:
    """Add another contact about the same fault: it restarts nothing, but graver facts raise the level from now on.

    On a resolved or closed ticket the same cause has come back: a new cycle with clocks of its own begins.
    """
    held = chain.hold(ticket, actor=actor, permission="operations.ticket.log")
    _check_call(held.terms, held.now, call)
    if level:
        _check_level(held.terms, level)
    again = ticket_is_over(held.ticket)
    payload = {
        **_contact_payload(channel, call),
        "level": level or (held.ticket.level if again else ""),
        "told_by": told_by,
        "duplicate_of": "" if again else "self",
    }
    evidence = _evidence(held.actor, held.now, held.side, channel, call)
    kind = "REOPEN_CONTACT" if again else "CONTACT"
    chain.append(held, kind, at=call.call_at, payload=payload, evidence=evidence)
    return chain.finish(held, "contact", summary="同因再次联系" if again else "又一次联系")


def ticket_is_over(ticket: Ticket) -> bool:
    """Whether a further contact about the same cause begins a new cycle."""
    return ticket.state in ("resolved", "recorded", "review", "confirmed", "closed")


@transaction.atomic
def merge_earlier_call(*, actor: User, ticket: Ticket, first_call_at: dt.datetime, source: str) -> Ticket:
    """Attach a call that came before the one the clocks started at. It can move a start earlier, never later."""
    held = chain.hold(ticket, actor=actor, permission="operations.ticket.decide")
    if not source.strip():
        raise Invalid("并入来电须写明来源", way_out="例如话务系统未接来电记录号。")
    if first_call_at >= held.ticket.first_contact_at and held.ticket.cycle == 1:
        raise Invalid(
            "该来电不早于已登记的首次联系，不影响时钟",
            way_out="较晚的来电请用「再次联系」登记。",
            code="not_earlier",
        )
    chain.append(
        held,
        "MERGE_EARLIER_CALL",
        at=held.now,
        payload={"first_call_at": first_call_at.isoformat(), "source": source},
    )
    return chain.finish(held, "merge", summary=f"并入 {clock.local(first_call_at):%m-%d %H:%M:%S} 的来电")


def _open(*, actor: User, report: Report, channel: str, call: Call) -> Ticket:
    scope.require(actor, "operations.ticket.log", report.org_unit.pk)
    side, now = chain.side_of(actor), clock.now()
    begun = call.answered_at if call.direction == "out" and call.answered_at else call.call_at
    version = contracts.require_version(begun)
    terms = contracts.terms_of(version)
    _check_report(terms, report)
    _check_call(terms, now, call)
    year = contracts.annual_contract_at(begun)
    ticket = Ticket.objects.create(
        number=numbering.draw("FW", year, begun),
        contract_version=version,
        annual_contract=year,
        org_unit=report.org_unit,
        module=report.module,
        in_scope=report.module in terms.modules,
        title=report.title.strip(),
        description=report.description.strip(),
        reporter_name=report.reporter_name.strip(),
        reporter_phone=report.reporter_phone.strip(),
        opened_by=actor,
        opened_at=now,
        state="new",
        first_contact_at=begun,
        owner=actor if side == Side.SUPPLIER.value and call.answered_at else None,
        judged_at=now,
        head_hash=GENESIS,
    )
    held = chain.Held(ticket, terms, actor, side, now)
    if year is None:
        chain.write(held, "NO_CONTRACT", at=begun)
    payload = {
        **report.told,
        **_contact_payload(channel, call),
        "level": report.level,
        "dept": report.org_unit.name,
    }
    chain.append(
        held, "CONTACT", at=call.call_at, payload=payload, evidence=_evidence(actor, now, side, channel, call)
    )
    return chain.finish(held, "open", summary=f"{report.level}级 {report.title}")


def _check_report(terms: Terms, report: Report) -> None:
    problems = [
        Problem(message, field=name)
        for name, value, message in (
            ("title", report.title, "请写明报修事项"),
            ("reporter_name", report.reporter_name, "请写明报修人"),
            ("module", report.module, "请选择系统"),
        )
        if not value.strip()
    ]
    if report.level not in terms.levels:
        problems.append(Problem("请选择级别", field="level"))
    if len(report.title.strip()) > 100:
        problems.append(Problem("事项最多 100 字，详情请写在情况里", field="title"))
    if problems:
        raise Invalid("报修信息不完整", way_out="请补齐标红的各项。", problems=problems)


def _check_level(terms: Terms, level: str) -> None:
    if level not in terms.levels:
        raise Invalid(f"合同中没有级别「{level}」", way_out="级别应为 " + "、".join(terms.levels) + " 之一。")


def _check_call(terms: Terms, now: dt.datetime, call: Call) -> None:
    parse_instant(call.call_at, "来电时间")
    chain.check_not_ahead(call.call_at, now, "来电")
    if call.direction == "out" and call.answered_at is None:
        raise Invalid(
            "未接通的呼出电话不算联系", way_out="接通后再登记；联系不上的请写入备注。", code="not_connected"
        )
    if call.answered_at is not None:
        chain.check_not_ahead(call.answered_at, now, "接听")
        if call.answered_at < call.call_at:
            raise Invalid("接听时间早于来电时间", way_out="请核对两个时间。", code="answered_before_ring")
    chain.check_late_entry(call.call_at, now, terms, "来电", call.late_reason)


def _contact_payload(channel: str, call: Call) -> dict[str, Any]:
    return {
        "channel": channel,
        "direction": "out" if call.direction == "out" else "",
        "answered_at": call.answered_at.isoformat() if call.answered_at else None,
        "caller": call.caller,
        "late_reason": call.late_reason.strip(),
    }


def _evidence(actor: User, now: dt.datetime, side: str, channel: str, call: Call) -> ContactEvidence:
    return ContactEvidence.objects.create(
        channel=channel,
        direction=call.direction,
        source="system" if call.external_id or channel in ("web", "email") else "manual",
        external_id=call.external_id,
        caller=call.caller,
        ring_at=call.call_at,
        answered_at=call.answered_at,
        agent=actor if side == Side.SUPPLIER.value and call.answered_at else None,
        entered_at=now,
        late_reason=call.late_reason.strip(),
        raw=call.raw,
    )
