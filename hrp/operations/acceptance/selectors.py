"""Reads of acceptance: the clause board, the facts a report is made of, and reports as archived."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from hrp.operations.acceptance.models import ReportSignature, ServiceReport
from hrp.operations.contracts import proofs
from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import AnnualContract, Contract
from hrp.operations.contracts.proofs import Check, Finding, Span, Verdict
from hrp.operations.desk.models import RecordArchive, Ticket
from hrp.operations.desk.proofs.clocks import judged_clocks
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
FROM operations_ticket_event e WHERE e.ticket_id = ANY(%s) AND e.recorded_at <= %s ORDER BY e.ticket_id, e.seq
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
    """The archived reports, newest first, without their files. They tell of all departments. Raises Forbidden."""
    scope.require_everywhere(actor, VIEW)
    return _without_files()


def _without_files() -> QuerySet[ServiceReport]:
    return (
        ServiceReport.objects.select_related("made_by", "contract")
        .prefetch_related("signatures__signer")
        .defer("body", "pdf", "docx", "archive")
    )


def report(actor: User, pk: int) -> ServiceReport:
    """One report without its files. Raises NotFound, Forbidden."""
    scope.require(actor, VIEW)
    found = _without_files().filter(pk=pk).first()
    if found is None or not scope.everywhere(actor, VIEW):
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


def tickets_of(span: Span, clocks: Iterable[Mapping[str, Any]]) -> list[Ticket]:
    """Tickets first reported within the span, and those on which one of ``clocks`` ran, oldest first."""
    reported = Q(first_contact_at__gte=span.begins, first_contact_at__lt=span.ends)
    return list(
        Ticket.objects.filter(
            reported | Q(number__in={row["ticket"] for row in clocks}),
            contract_version__contract=span.contract,
        )
        .select_related("org_unit", "owner", "contract_version", "annual_contract")
        .order_by("first_contact_at", "pk")
    )


def clocks_of(span: Span) -> list[dict[str, Any]]:
    """The contract clocks started in the span as plain rows, judged by what was on record at ``as_of``."""
    return [
        {
            "ticket": one.ticket.number,
            "key": one.clock.key,
            "cycle": one.clock.cycle,
            "kind": one.clock.kind,
            "level": one.clock.level or "",
            "start": iso(one.clock.start),
            "due": iso(one.clock.due),
            "stop": iso(one.clock.stop),
            "verdict": one.verdict,
            "margin_s": one.clock.margin_s,
            "excused": one.excused,
        }
        for one in judged_clocks(span)
    ]


def chains_of(tickets: list[Ticket], as_of: dt.datetime) -> dict[str, list[dict[str, Any]]]:
    """The event chain of each ticket up to ``as_of``: type, hashed text and its hash, in order."""
    numbers = {ticket.pk: ticket.number for ticket in tickets}
    chains: dict[str, list[dict[str, Any]]] = {number: [] for number in numbers.values()}
    with connection.cursor() as cursor:
        cursor.execute(CHAIN_SQL, [list(numbers), as_of])
        for ticket, seq, digest, text in cursor.fetchall():
            chains[numbers[ticket]].append({"seq": seq, "hash": digest, "text": text})
    return chains


def archives_of(tickets: list[Ticket], as_of: dt.datetime) -> list[RecordArchive]:
    """The maintenance records of tickets as archived by ``as_of``, by number."""
    kept = RecordArchive.objects.filter(record__ticket__in=tickets, archived_at__lte=as_of)
    return list(kept.select_related("record").order_by("record__number"))


def iso(instant: dt.datetime | None) -> str | None:
    """An instant as UTC text, the same on every machine."""
    return None if instant is None else instant.astimezone(dt.UTC).isoformat()
