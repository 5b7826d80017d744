"""Reads of acceptance: the clause board, the facts a report is made of, and reports as archived."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from hrp.operations.acceptance.models import ReportSignature, ServiceReport
from hrp.operations.contracts import proofs
from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import AnnualContract, Contract
from hrp.operations.contracts.proofs import Check, Finding, Span, Verdict
from hrp.operations.desk.models import Breach, Clock, MaintenanceRecord, RecordArchive, Ticket
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import NotFound

logger = logging.getLogger(__name__)
VIEW = "operations.acceptance.view"

CHAIN_SQL = """
SELECT e.ticket_id, e.seq, e.hash, concat_ws(E'\\n',
    e.prev_hash, e.ticket_id, e.seq, e.type,
    to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    e.actor_id, e.side, coalesce(e.evidence_id::text, '-'), e.payload::text)
FROM operations_ticket_event e WHERE e.ticket_id = ANY(%s) ORDER BY e.ticket_id, e.seq
"""
"""Each event as the very text its hash was taken of, so that anybody can take the hash again."""


@dataclass(frozen=True)
class Proved:
    """A check of the clause matrix with its answer."""

    check: Check
    finding: Finding


def prove(code: str, span: Span) -> Finding:
    """Run one proof. One that breaks proves nothing: it is 证据不足 with what went wrong, and logged."""
    try:
        with transaction.atomic():
            return proofs.prove(code, span)
    except Exception as error:
        logger.exception("proof %s broke", code)
        return Finding(Verdict.UNPROVEN, missing=(f"检查运行出错：{type(error).__name__}，请报修",))


def board(span: Span) -> list[Proved]:
    """All 38 checks for a span, in the order of the contract."""
    return [Proved(check, prove(code, span)) for code, check in proofs.checks().items()]


def span_of(contract: Contract, first: dt.date, last: dt.date) -> Span:
    return Span(contract, first, last, clock.now())


def year_shown(contract: Contract, day: dt.date) -> AnnualContract | None:
    """The annual contract that covers ``day``, else the latest one that began before it."""
    return contracts.years(contract).filter(starts_on__lte=day).order_by("-starts_on").first()


def reports(actor: User) -> QuerySet[ServiceReport]:
    """The archived reports, newest first, without their files."""
    scope.require(actor, VIEW)
    return (
        ServiceReport.objects.select_related("made_by", "contract")
        .prefetch_related("signatures__signer")
        .defer("body", "pdf", "docx", "archive")
    )


def report(actor: User, pk: int) -> ServiceReport:
    """One report without its files. Raises NotFound, Forbidden."""
    found = reports(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound("没有找到该服务报告", way_out="请返回验收页面刷新。")
    return found


def content(report: ServiceReport, name: str) -> bytes:
    """One of the report's files: ``pdf``, ``docx``, ``archive``."""
    return bytes(ServiceReport.objects.values_list(name, flat=True).get(pk=report.pk))


def signatures(report: ServiceReport) -> dict[str, ReportSignature]:
    return {row.side: row for row in report.signatures.all()}


def signed_by_both(contract: Contract) -> list[ServiceReport]:
    """Reports both parties have signed, oldest first."""
    rows = (
        ServiceReport.objects.filter(contract=contract)
        .prefetch_related("signatures")
        .defer("pdf", "docx", "archive")
    )
    return [row for row in rows.order_by("id") if len(row.signatures.all()) == 2]


# --- facts --------------------------------------------------------------------------------------------------------------


def tickets_of(span: Span) -> list[Ticket]:
    """Tickets of the contract first reported within the span, oldest first."""
    return list(
        Ticket.objects.filter(
            contract_version__contract=span.contract,
            first_contact_at__gte=span.begins,
            first_contact_at__lt=span.ends,
        )
        .select_related("org_unit", "owner", "contract_version", "annual_contract")
        .order_by("first_contact_at", "pk")
    )


def clocks_of(tickets: list[Ticket], excused: set[int]) -> list[dict[str, Any]]:
    """The judged clocks of tickets as plain rows; ``excused`` are pks of breaches both parties excused."""
    numbers = {ticket.pk: ticket.number for ticket in tickets}
    forgiven = {
        (row.ticket_id, row.clock_key) for row in Breach.objects.filter(pk__in=excused, ticket__in=tickets)
    }
    return [
        {
            "ticket": numbers[row.ticket_id],
            "key": row.key,
            "cycle": row.cycle,
            "kind": row.kind,
            "level": row.level,
            "start": iso(row.start),
            "due": iso(row.due),
            "stop": iso(row.stop),
            "verdict": row.verdict,
            "margin_s": row.margin_s,
            "excused": (row.ticket_id, row.key) in forgiven,
        }
        for row in Clock.objects.filter(ticket__in=tickets).order_by(
            "ticket__first_contact_at", "ticket", "position"
        )
    ]


def chains_of(tickets: list[Ticket]) -> dict[str, list[dict[str, Any]]]:
    """The event chain of each ticket: the hashed text and its hash, in order."""
    numbers = {ticket.pk: ticket.number for ticket in tickets}
    chains: dict[str, list[dict[str, Any]]] = {number: [] for number in numbers.values()}
    with connection.cursor() as cursor:
        cursor.execute(CHAIN_SQL, [list(numbers)])
        for ticket, seq, digest, text in cursor.fetchall():
            chains[numbers[ticket]].append({"seq": seq, "hash": digest, "text": text})
    return chains


def records_of(tickets: list[Ticket]) -> list[MaintenanceRecord]:
    return list(
        MaintenanceRecord.objects.filter(ticket__in=tickets)
        .select_related("engineer", "signer")
        .order_by("number")
    )


def archives_of(records: list[MaintenanceRecord]) -> dict[int, RecordArchive]:
    return {row.record_id: row for row in RecordArchive.objects.filter(record__in=records)}


def iso(instant: dt.datetime | None) -> str | None:
    """An instant as UTC text, the same on every machine."""
    return None if instant is None else instant.astimezone(dt.UTC).isoformat()
