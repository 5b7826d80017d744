"""Verbs of acceptance: make a report, archive it, sign it."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.db import transaction

from hrp.operations.acceptance import archive, printing, selectors
from hrp.operations.acceptance.models import ReportSignature, ServiceReport
from hrp.operations.acceptance.rules.spans import Days, spans
from hrp.operations.acceptance.services import facts
from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import PARTIES, Contract, Side
from hrp.operations.contracts.rules import canonical, digest
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid
from hrp.platform.jobs import services as queue
from hrp.platform.jobs.tasks import tasks


def _quiet(done: int, total: int, note: str) -> None:
    """Nobody watches."""


def days_of(contract: Contract, kind: str, first: dt.date) -> Days:
    """The span of this kind that begins on ``first``. Raises Invalid for days that are no span of the contract."""
    for year in contracts.years(contract):
        for days in spans(kind, year.starts_on, year.ends_on):  # type: ignore[arg-type]
            if days.first == first:
                return days
    raise Invalid(
        f"{first} 不是合同的{facts.KIND_TITLES.get(kind, '报告')}起始日",  # type: ignore[call-overload]
        way_out="请从页面列出的期间中选择。",
        code="report_span",
    )


@transaction.atomic
def request_report(*, actor: User, contract: Contract, kind: str, first: dt.date) -> str:
    """Have the report made in the background; its title in the job list. One that waits already is not asked for twice."""
    scope.require(actor, "operations.acceptance.make")
    days = days_of(contract, kind, first)
    title = f"{facts.KIND_TITLES[days.kind]} {days}"
    queue.defer(
        tasks["acceptance.make_report"], actor=actor, title=title, unique=f"report:{contract.pk}:{kind}:{first}",
        contract=contract.pk, kind=kind, first=first.isoformat(), by=actor.pk,
    )  # fmt: skip
    return title


@transaction.atomic
def make_report(
    *, actor: User, contract: Contract, kind: str, first: dt.date, progress: facts.Progress = _quiet
) -> ServiceReport:
    """Judge every clause for the span and archive the report in its four files.

    Raises Conflict (``report_signed``) when both parties have signed a report of these days: later findings appear
    as corrections of the next one. Raises Invalid for a span that has not begun.
    """
    scope.require(actor, "operations.acceptance.make")
    Contract.objects.select_for_update().get(
        pk=contract.pk
    )  # one report of a contract at a time: numbers, corrections
    days, now = days_of(contract, kind, first), clock.now()
    if clock.start_of_day(days.first) > now:
        raise Invalid(f"期间 {days} 还没有开始", way_out="请选择已经开始的期间。", code="report_future")
    signed = [r for r in selectors.signed_by_both(contract) if (r.kind, r.first_day) == (kind, days.first)]
    if signed:
        raise Conflict(
            f"{signed[0].number} 已由双方签署，该期间已锁定",
            way_out="之后发现的出入会作为「更正」列入下一期报告。",
            code="report_signed",
        )
    number = _number(contract, days)
    span = selectors.Span(contract, days.first, days.last, now)
    body = facts.gather(span, days, number=number, made_by=actor.display_name, progress=progress)
    text = canonical(body)
    sha256 = digest(text)
    pdf, docx = printing.pdf(body, sha256), printing.docx(body, sha256)
    packed = archive.pack(span, text=text, pdf=pdf, docx=docx)
    report = ServiceReport.objects.create(
        number=number, contract=contract, kind=kind, first_day=days.first, last_day=days.last, as_of=now,
        body=text, body_sha256=sha256, pdf=pdf, pdf_sha256=_sha(pdf), docx=docx, docx_sha256=_sha(docx),
        archive=packed, archive_sha256=_sha(packed), made_by=actor, made_at=now,
    )  # fmt: skip
    audit.record(
        actor=actor,
        act="operations.report.make",
        target=f"operations.service_report:{report.pk}",
        summary=f"生成 {report} {days}",
        data={"archive_sha256": report.archive_sha256, "tally": body["tally"]},
    )
    return report


def _number(contract: Contract, days: Days) -> str:
    prefix = f"FB{days.first.year}-"
    return f"{prefix}{ServiceReport.objects.filter(contract=contract, number__startswith=prefix).count() + 1:04d}"


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@transaction.atomic
def sign_report(*, actor: User, report: ServiceReport, opinion: str = "") -> ReportSignature:
    """Sign for the actor's side, over the hash of the evidence archive. Each side signs once.

    When both have signed one report of a span, another report of the same days can no longer be signed.
    """
    scope.require(actor, "operations.acceptance.sign")
    side = contracts.side_of(actor)
    if side not in PARTIES:
        raise Forbidden("您不是合同任何一方的人员", way_out="请先由合同管理员登记您所属的一方。")
    contract = Contract.objects.select_for_update().get(pk=report.contract_id)
    if any(row.side == side for row in ReportSignature.objects.filter(report=report)):
        raise Conflict(f"{report.number} 已由{Side(side).label}签署", way_out="无需重复签署。")
    for other in selectors.signed_by_both(contract):
        if (other.kind, other.first_day) == (report.kind, report.first_day):
            raise Conflict(
                f"该期间的 {other.number} 已由双方签署",
                way_out="同一期间只有一份报告生效。",
                code="report_signed",
            )
    signature = ReportSignature.objects.create(
        report=report, side=side, signer=actor, signed_at=clock.now(), opinion=opinion.strip()[:200],
        archive_sha256=report.archive_sha256,
    )  # fmt: skip
    audit.record(
        actor=actor,
        act="operations.report.sign",
        target=f"operations.service_report:{report.pk}",
        summary=f"{Side(side).label}签署 {report.number}",
        data={"archive_sha256": report.archive_sha256},
    )
    return signature
