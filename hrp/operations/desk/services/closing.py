"""Ending a ticket: the maintenance record, the hospital's confirmation, the archive, and only then the closing."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, fields
from typing import Any

from django.db import transaction

from hrp.operations.contracts.models import Side
from hrp.operations.contracts.rules import canonical, digest
from hrp.operations.desk import numbering, printing, selectors
from hrp.operations.desk.models import CAUSES, LINES, MaintenanceRecord, RecordArchive, Ticket, TicketEvent
from hrp.operations.desk.rules import lifecycle
from hrp.operations.desk.services import chain, silence
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, Problem


@dataclass(frozen=True)
class RecordText:
    """What the engineer writes into the maintenance record; instants of the ticket are filled in from its chain."""

    mode: str
    symptom: str
    cause_class: str
    cause: str
    actions: str
    tests: str
    version_before: str = ""
    version_after: str = ""
    commands: str = ""
    data_adjustment_no: str = ""
    files_changed: str = ""
    remaining_risk: str = ""
    advice: str = ""


_REQUIRED = {"symptom": "故障现象", "cause": "原因分析", "actions": "处理过程", "tests": "验证情况"}


@transaction.atomic
def write_maintenance_record(*, actor: User, ticket: Ticket, text: RecordText) -> MaintenanceRecord:
    """Write the 维护记录 of the ticket's current cycle, or write it anew until the hospital has confirmed it.

    Its gap-free number is drawn at the first writing and kept. Raises Invalid naming every missing field.
    """
    held = chain.hold(ticket, actor=actor, permission="operations.ticket.work")
    chain.require_side(held.side, Side.SUPPLIER, "填写维护记录")
    lifecycle.require(held.ticket.state, "RECORD_WRITTEN", held.terms.clauses)
    _check(text)
    values = {field.name: getattr(text, field.name).strip() for field in fields(text)}
    values |= _instants(held.ticket)
    values |= {
        "engineer": actor,
        "written_at": held.now,
        "clause": held.terms.levels[held.ticket.level].clause,
    }
    record = MaintenanceRecord.objects.filter(ticket=held.ticket, cycle=held.ticket.cycle).first()
    if record is None:
        number = numbering.draw("WX", held.ticket.annual_contract, held.ticket.first_contact_at)
        record = MaintenanceRecord(number=number, ticket=held.ticket, cycle=held.ticket.cycle)
    for name, value in values.items():
        setattr(record, name, value)
    record.save()
    record.ticket = held.ticket
    sha256 = digest(canonical(content(record)))
    chain.append(held, "RECORD_WRITTEN", at=held.now, payload={"record": record.number, "sha256": sha256})
    chain.finish(held, "write_record", summary=f"维护记录 {record.number}", data={"sha256": sha256})
    return record


@transaction.atomic
def confirm_by_hospital(*, actor: User, ticket: Ticket, opinion: str = "") -> MaintenanceRecord:
    """The hospital confirms the record; it is archived at once as JSON and PDF, each with its SHA-256."""
    held = chain.hold(ticket, actor=actor, permission="operations.ticket.confirm")
    chain.require_side(held.side, Side.HOSPITAL, "确认维护记录")
    lifecycle.require(held.ticket.state, "CONFIRMED", held.terms.clauses)
    return _archive(held, opinion=opinion.strip(), said="甲方确认维护记录")


@transaction.atomic
def confirm_by_silence(*, actor: User, ticket: Ticket) -> MaintenanceRecord:
    """默认确认 [plan.silence]: archive a record the hospital left unanswered after the agreed reminders and days.

    The archived text says so under ``default_confirmation``, with the reminders it rests on. Raises Conflict while a
    reminder, a day, or the official calendar of a year on the way is missing, and when the hospital has answered.
    """
    held = chain.hold(ticket, actor=actor, permission="operations.ticket.confirm")
    chain.require_side(held.side, Side.SYSTEM, "默认确认")
    lifecycle.require(held.ticket.state, "CONFIRMED", held.terms.clauses)
    asked = silence.require_elapsed(held)
    opinion = f"默认确认：{silence.numeral(asked.agreed.reminders)}次提醒后 {asked.agreed.working_days} 个工作日未回复"
    return _archive(held, opinion=opinion, said="默认确认维护记录", basis=asked.as_facts())


def _archive(
    held: chain.Held, *, opinion: str, said: str, basis: dict[str, Any] | None = None
) -> MaintenanceRecord:
    """Sign the record of the current cycle for the actor and lay it down as JSON and PDF, each with its SHA-256."""
    record = MaintenanceRecord.objects.select_for_update().get(ticket=held.ticket, cycle=held.ticket.cycle)
    record.signer, record.signed_at, record.opinion = held.actor, held.now, opinion
    record.archived_at = held.now
    body = canonical(content(record) | ({"default_confirmation": basis} if basis else {}))
    pdf = printing.maintenance_record(record, body_sha256=digest(body))
    record.save(update_fields=["signer", "signed_at", "opinion", "archived_at"])
    archive = RecordArchive.objects.create(
        record=record,
        body=body,
        body_sha256=digest(body),
        pdf=pdf,
        pdf_sha256=hashlib.sha256(pdf).hexdigest(),
        archived_at=held.now,
    )
    payload = {"record": record.number, "sha256": archive.body_sha256, "pdf_sha256": archive.pdf_sha256}
    chain.append(
        held,
        "CONFIRMED",
        at=held.now,
        payload={**payload, "opinion": record.opinion, "by_default": True if basis else None},
    )
    chain.finish(held, "confirm", summary=f"{said} {record.number}", data=payload)
    return record


@transaction.atomic
def close(*, actor: User, ticket: Ticket, note: str = "") -> Ticket:
    """Close the ticket. Raises Conflict citing 三(二)1(4) while its record is missing or unconfirmed."""
    held = chain.hold(ticket, actor=actor, permission="operations.ticket.close")
    record = selectors.record_of(held.ticket)
    number = record.number if record else ""
    chain.append(held, "CLOSED", at=held.now, payload={"record": number, "note": note})
    return chain.finish(held, "close", summary=f"关闭，维护记录 {number}")


def content(record: MaintenanceRecord) -> dict[str, Any]:
    """The record as archived: every field of §1(4), instants as UTC ISO 8601."""

    def iso(instant: dt.datetime | None) -> str | None:
        return None if instant is None else instant.astimezone(dt.UTC).isoformat()

    return {
        "format": "hrp-maintenance-record/1",
        "number": record.number,
        "ticket": record.ticket.number,
        "cycle": record.cycle,
        "clause": record.clause,
        "module": record.ticket.module,
        "title": record.ticket.title,
        "org_unit": record.ticket.org_unit.name,
        "reporter": record.ticket.reporter_name,
        "level": record.ticket.level,
        "requested_at": iso(record.requested_at),
        "arrived_at": iso(record.arrived_at),
        "ended_at": iso(record.ended_at),
        "engineer": record.engineer.display_name,
        "mode": record.mode,
        "version_before": record.version_before,
        "version_after": record.version_after,
        "symptom": record.symptom,
        "cause_class": record.cause_class,
        "cause": record.cause,
        "actions": record.actions,
        "commands": record.commands,
        "data_adjustment_no": record.data_adjustment_no,
        "files_changed": record.files_changed,
        "tests": record.tests,
        "remaining_risk": record.remaining_risk,
        "advice": record.advice,
        "written_at": iso(record.written_at),
        "signer": record.signer.display_name if record.signer else None,
        "signed_at": iso(record.signed_at),
        "opinion": record.opinion,
        "chain_head": record.ticket.head_hash,
    }


def _check(text: RecordText) -> None:
    problems = [
        Problem(f"请填写{title}", field=name)
        for name, title in _REQUIRED.items()
        if not getattr(text, name).strip()
    ]
    if text.mode not in dict(LINES):
        problems.append(Problem("请选择维护方式", field="mode"))
    if text.cause_class not in dict(CAUSES):
        problems.append(Problem("请选择原因分类", field="cause_class"))
    if problems:
        raise Invalid("维护记录不完整（合同 三(二)1(4)）", way_out="请补齐标红的各项。", problems=problems)


def _instants(ticket: Ticket) -> dict[str, dt.datetime | None]:
    """Request, arrival and end of the current cycle, as the chain has them."""
    events = TicketEvent.objects.filter(ticket=ticket).order_by("seq")
    reopened = [e for e in events if e.type == "REOPEN_CONTACT"]
    begin = reopened[-1] if reopened else None
    cycle = [e for e in events if begin is None or e.seq >= begin.seq]
    arrivals = [e.at for e in cycle if e.type == "ONSITE_ARRIVED"]
    ends = [e.at for e in cycle if e.type == "RESOLVED"]
    return {
        "requested_at": begin.at if begin else ticket.first_contact_at,
        "arrived_at": min(arrivals, default=None),
        "ended_at": max(ends, default=clock.now()),
    }
