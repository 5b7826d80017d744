"""The clause board, and the service reports with their signatures and files."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hrp.operations.acceptance import printing, selectors
from hrp.operations.acceptance.models import ServiceReport
from hrp.operations.acceptance.rules import tables
from hrp.operations.acceptance.rules.spans import KIND_TITLES, Days, plus_months, spans
from hrp.operations.acceptance.services import reports
from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import PARTIES, Contract, Side
from hrp.operations.contracts.proofs import Verdict
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid
from hrp.platform.ui.actors import actor_of

TONES = {
    Verdict.MET: "done",
    Verdict.NOT_MET: "back",
    Verdict.UNPROVEN: "wait",
    Verdict.NOT_APPLICABLE: "draft",
}
FILES = {
    "pdf": ("application/pdf", "pdf"),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    "archive": ("application/zip", "zip"),
}


@require_GET
def clauses(request: HttpRequest) -> HttpResponse:
    """Every clause judged as of now, for the contract year or a quarter or month of it."""
    actor = actor_of(request)
    scope.require_everywhere(actor, selectors.VIEW)
    contract = contracts.current_contract()
    year = contract and selectors.year_shown(contract, clock.today())
    context: dict[str, Any] = {"page_title": _("条款符合性"), "contract": contract, "year": year}
    if contract and year:
        kind = request.GET.get("kind", "annual")
        choices = _begun(contract, kind if kind in KIND_TITLES else "annual")
        days = next((d for d in choices if d.first.isoformat() == request.GET.get("first")), choices[-1])
        board = selectors.board(selectors.span_of(contract, days.first, days.last))
        wanted = request.GET.get("verdict", "")
        context |= {
            "days": days,
            "choices": choices[::-1],
            "kinds": KIND_TITLES,
            "tally": [
                (name, count, TONES[Verdict(name)], name == wanted)
                for name, count in tables.tally([row.finding.verdict.value for row in board]).items()
            ],
            "rows": [
                (row, TONES[row.finding.verdict])
                for row in board
                if wanted in ("", row.finding.verdict.value)
            ],
            "wanted": wanted,
        }
    return render(request, "acceptance/clauses.html", context)


def _begun(contract: Contract, kind: str) -> list[Days]:
    """The spans of the contract that have begun, oldest first."""
    today = clock.today()
    found = [
        days
        for year in contracts.years(contract)
        for days in spans(kind, year.starts_on, year.ends_on)  # type: ignore[arg-type]
        if days.first <= today
    ]
    return found or [
        Days("annual", contract.starts_on, min(contract.ends_on, plus_months(contract.starts_on, 12)))
    ]


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The archived reports, and the spans a new one may cover."""
    actor = actor_of(request)
    rows = [_row(report) for report in selectors.reports(actor)[:200]]
    contract = contracts.current_contract()
    context = {
        "page_title": _("服务报告"),
        "rows": rows,
        "contract": contract,
        "choices": [
            (f"{kind}:{days.first.isoformat()}", f"{title} {days}")
            for kind, title in KIND_TITLES.items()
            for days in _begun(contract, kind)[::-1][:13]
        ]
        if contract
        else [],
        "may_make": scope.has(actor, "operations.acceptance.make"),
    }
    return render(request, "acceptance/reports.html", context)


def _row(report: ServiceReport) -> dict[str, Any]:
    signed = selectors.signatures(report)
    return {
        "report": report,
        "hospital": signed.get(Side.HOSPITAL.value),
        "supplier": signed.get(Side.SUPPLIER.value),
        "locked": len(signed) == 2,
    }


@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Put the making of a report into the queue; the job list shows how far it is."""
    actor = actor_of(request)
    scope.require(actor, "operations.acceptance.make")
    contract = contracts.current_contract()
    kind, _colon, first = request.POST.get("span", "").partition(":")
    try:
        day = dt.date.fromisoformat(first)
    except ValueError as error:
        raise Invalid(_("请选择报告期间"), way_out=_("从列表中选择一个期间。")) from error
    if contract is None or kind not in KIND_TITLES:
        raise Invalid(_("请选择报告期间"), way_out=_("从列表中选择一个期间。"))
    title = reports.request_report(actor=actor, contract=contract, kind=kind, first=day)
    messages.success(request, _("正在生成{title}，完成后出现在列表中").format(title=title))
    return redirect("operations.report.list")


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One report: its clauses as archived, its clocks, its signatures and files."""
    actor = actor_of(request)
    report = selectors.report(actor, pk)
    body = json.loads(ServiceReport.objects.values_list("body", flat=True).get(pk=pk))
    side = contracts.side_of(actor)
    row = _row(report)
    context = {
        "page_title": report.number,
        "report": report,
        "row": row,
        "body": body,
        "facts": printing.facts(body),
        "tally": [(name, body["tally"][name], TONES[Verdict(name)]) for name in tables.VERDICTS],
        "checks": [(check, TONES[Verdict(check["verdict"])]) for check in body["checks"]],
        "sla": printing.sla(body),
        "may_sign": _may_sign(actor, side, row),
        "side_title": Side(side).label if side else "",
    }
    return render(request, "acceptance/report.html", context)


def _may_sign(actor: User, side: str, row: dict[str, Any]) -> bool:
    return side in PARTIES and row[side] is None and scope.has(actor, "operations.acceptance.sign")


@require_POST
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign for one's side."""
    actor = actor_of(request)
    report = selectors.report(actor, pk)
    reports.sign_report(actor=actor, report=report, opinion=request.POST.get("opinion", ""))
    messages.success(request, _("已签署 {number}").format(number=report.number))
    return redirect(reverse("operations.report.detail", args=[pk]))


@require_GET
def download(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One of the report's files, as archived. The taking of the evidence archive is logged."""
    actor = actor_of(request)
    if name not in FILES:
        raise Http404
    report = selectors.report(actor, pk)
    mime, ending = FILES[name]
    audit.record(
        actor=actor,
        act="operations.report.download",
        target=f"operations.service_report:{report.pk}",
        summary=f"下载 {report.number}.{ending}",
    )
    shown = "inline" if name == "pdf" else "attachment"
    return HttpResponse(
        selectors.content(report, name),
        content_type=mime,
        headers={"Content-Disposition": f'{shown}; filename="{report.number}.{ending}"'},
    )
