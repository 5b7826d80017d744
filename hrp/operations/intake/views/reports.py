"""The button on every page: report a fault, say that one has telephoned, see what became of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

import hrp
from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.desk.rules import wizard
from hrp.operations.desk.services import intake
from hrp.operations.desk.views import reading, suggesting
from hrp.operations.intake import selectors
from hrp.operations.intake.services import reports
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Refusal
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.views import errors

_SYSTEMS = {
    "logistics": "物流",
    "stock": "物流",
    "assets": "固定资产",
    "hr": "人力",
    "costing": "成本",
    "ledger": "成本",
}
"""What the address of a page begins with -> what the name of its system in the contract contains."""


def _module_of(page: str, modules: tuple[str, ...]) -> str:
    wanted = _SYSTEMS.get(page.strip("/").split("/")[0], "")
    return next((one for one in modules if wanted and wanted in one), "其他")


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """The dialog. GET draws it for the page it is opened on; POST answers with what to do next."""
    actor = actor_of(request)
    version = contracts.version_in_force(clock.now())
    if version is None:
        return render(request, "intake/parts/report_closed.html")
    terms = contracts.terms_of(version)
    page = request.POST.get("page") or request.GET.get("page", "")
    context: dict[str, Any] = {
        "page": page[:300],
        "module": _module_of(page, terms.modules),
        "modules": (*terms.modules, "其他"),
        "levels": terms.ranked(),
        "reaches": wizard.REACHES.items(),
        "hotline": version.contract.hotline,
        "version": hrp.__version__,
        "browser": request.headers.get("User-Agent", "")[:300],
        "error": errors.last_error(request),
        "phone": actor.phone,
        "unit": actor.unit,
        "given": request.POST,
    }
    if request.method == "GET":
        return render(request, "intake/parts/report.html", context)
    try:
        ticket = reports.report_from_page(
            actor=actor, report=_read(request, actor), page=_page(request, context)
        )
    except Refusal as refusal:
        answer = errors.refused(request, refusal)
        answer["HX-Retarget"], answer["HX-Reswap"] = "#report-alert", "innerHTML"
        return answer
    context = {
        "ticket": ticket,
        "report": selectors.page_report(ticket),
        "must_call": "channel_rejected" in ticket.flags,
        "may_claim": contracts.side_of(actor) != Side.SUPPLIER,
        "hotline": version.contract.hotline,
    }
    return render(request, "intake/parts/reported.html", context)


def _read(request: HttpRequest, actor: User) -> intake.Report:
    given = request.POST
    return intake.Report(
        org_unit=actor.unit or selectors.default_unit(),
        module=reading.text(given, "module", most=50),
        title=reading.text(given, "title"),
        level=given.get("level", ""),
        reporter_name=actor.display_name[:50],
        reporter_phone=reading.text(given, "phone", most=30),
        description=reading.text(given, "description"),
        told=suggesting.told(given),
    )


def _page(request: HttpRequest, context: dict[str, Any]) -> reports.Page:
    """The address as the browser gave it; version, browser and error as the server knows them."""
    attach = request.POST.get("with_error") == "1"
    return reports.Page(
        context["page"], context["version"], context["browser"], context["error"] if attach else {}
    )


@require_POST
def called(request: HttpRequest, pk: int) -> HttpResponse:
    """「我已致电」."""
    actor = actor_of(request)
    found = reports.own_report(actor, pk)
    reports.claim_call(
        actor=actor,
        ticket=found.ticket,
        at=reading.instant(request.POST, "at", "致电时间"),
        late_reason=reading.text(request.POST, "late_reason", most=200),
    )
    if errors.is_fragment(request):
        return render(request, "intake/parts/called.html", {"at": clock.now()})
    messages.success(request, _("已记下您致电的时间"))
    return redirect("operations.report.mine")


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """我的报修: what I have reported from pages, and where it stands."""
    actor = actor_of(request)
    version = contracts.version_in_force(clock.now())
    context = {
        "page_title": _("我的报修"),
        "may_claim": contracts.side_of(actor) != Side.SUPPLIER,
        "reports": list(selectors.reports_of(actor)[:100]),
        "hotline": version.contract.hotline if version else "",
    }
    return render(request, "intake/mine.html", context)
