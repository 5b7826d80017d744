"""The ticket list, the phone form, and the page of one ticket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hrp.operations.contracts import selectors as contracts
from hrp.operations.desk import panels, presenting, selectors
from hrp.operations.desk.models import CHANNELS, Ticket
from hrp.operations.desk.rules import wizard
from hrp.operations.desk.services import intake
from hrp.operations.desk.views import acts, reading, suggesting
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Refusal
from hrp.platform.org import selectors as org
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.views import errors

PAGE = 50


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Tickets by tab, level, module and words; open ones by the time left, the others newest first."""
    actor = actor_of(request)
    scope.require(actor, selectors.VIEW)
    found = selectors.tickets(actor)
    words = request.GET.get("q", "").strip()[:60]
    level, module = request.GET.get("level", ""), request.GET.get("module", "")
    if words:
        found = found.filter(
            Q(number__icontains=words) | Q(title__icontains=words) | Q(reporter_name__icontains=words)
            | Q(org_unit__name__icontains=words)
        )  # fmt: skip
    if level:
        found = found.filter(level=level)
    if module:
        found = found.filter(module=module)
    tabs = presenting.tabs(found, request.GET.get("tab", "open"))
    current = next(tab for tab in tabs if tab.on)
    page = reading.page_number(request)
    rows = list(
        found.filter(**current.where)
        .select_related("org_unit", "owner")
        .order_by(*current.ordering)[(page - 1) * PAGE : page * PAGE]
    )
    context = {
        "page_title": _("工单"),
        "tabs": tabs,
        "rows": presenting.rows(rows),
        "page": page,
        "pages": max(1, -(-current.count // PAGE)),
        "total": current.count,
        "words": words,
        "level": level,
        "module": module,
        "filtered": bool(words or level or module),
        "levels": presenting.levels(),
        "modules": presenting.modules(),
        "may_log": scope.has(actor, "operations.ticket.log"),
    }
    return render(request, "desk/tickets.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """登记报修: quick to type while the caller is on the phone."""
    actor = actor_of(request)
    scope.require(actor, "operations.ticket.log")
    if request.method == "POST":
        try:
            ticket = _open(actor, request)
        except Refusal as refusal:
            if errors.is_fragment(request):
                return errors.refused(request, refusal)
            return render(
                request, "desk/new.html", form_context(actor, request.POST, refusal), status=refusal.status
            )
        if "channel_rejected" in ticket.flags:
            hotline = ticket.contract_version.contract.hotline
            messages.error(
                request,
                _("{level}级仅受理电话报修，已按{kept}级暂管并呼叫值班人员。请立即拨打 {hotline}。").format(
                    level=ticket.reported_level, kept=ticket.level, hotline=hotline
                ),
            )
        else:
            messages.success(request, _("工单 {number} 已登记").format(number=ticket.number))
        return _go(request, selectors.url_of(ticket))
    return render(request, "desk/new.html", form_context(actor, request.GET, None))


def _open(actor: User, request: HttpRequest) -> Ticket:
    given = request.POST
    report = read_report(given)
    channel = given.get("channel", "phone")
    if channel == "onsite":
        receipt = intake.Call(
            call_at=reading.instant(given, "call_at", "报修时间") or clock.now(),
            late_reason=reading.text(given, "late_reason", most=200),
        )
        return intake.log_written_contact(actor=actor, report=report, channel=channel, receipt=receipt)
    if channel != "phone":
        return intake.log_written_contact(actor=actor, report=report, channel=channel)
    call_at = reading.instant(given, "call_at", "来电时间") or clock.now()
    answered = given.get("answered", "")
    call = intake.Call(
        call_at=call_at,
        answered_at=call_at if answered == "at_once" else reading.instant(given, "answered_at", "接听时间"),
        caller=report.reporter_phone,
        late_reason=reading.text(given, "late_reason", most=200),
    )
    return intake.log_phone_contact(actor=actor, report=report, call=call)


def read_report(given: Mapping[str, str]) -> intake.Report:
    """What the form tells of a fault, with the wizard's answers when all three were given."""
    return intake.Report(
        org_unit=reading.unit(given, "org_unit"),
        module=reading.text(given, "module", most=50),
        title=reading.text(given, "title"),
        level=given.get("level", ""),
        reporter_name=reading.text(given, "reporter_name", most=50),
        reporter_phone=reading.text(given, "reporter_phone", most=30),
        description=reading.text(given, "description"),
        told=suggesting.told(given),
    )


def form_context(actor: User, given: Mapping[str, str], refusal: Refusal | None) -> dict[str, Any]:
    """What the form of a report shows."""
    version = contracts.require_version(clock.now())
    terms = contracts.terms_of(version)
    allowed = scope.units(actor, "operations.ticket.log")
    units = org.units_on(clock.today())
    return {
        "page_title": _("登记报修"),
        "refusal": refusal,
        "given": given,
        "bad": {problem.field: problem.message for problem in refusal.problems} if refusal else {},
        "levels": terms.ranked(),
        "channels": CHANNELS,
        "modules": terms.modules,
        "reaches": wizard.REACHES.items(),
        "units": units if allowed is None else units.filter(pk__in=allowed),
        "hotline": version.contract.hotline,
        "side": contracts.side_of(actor),
        "now": clock.local(clock.now()).strftime("%Y-%m-%d %H:%M:%S"),
    }


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One ticket: its clocks, what may be done now, the record, the chain of events."""
    actor = actor_of(request)
    ticket = selectors.ticket(actor, pk)
    return render(request, "desk/ticket.html", _detail_context(actor, ticket))


def _detail_context(actor: User, ticket: Ticket) -> dict[str, Any]:
    side = contracts.side_of(actor)
    record = selectors.record_of(ticket)
    breaches = selectors.breaches(ticket)
    offered = acts.offered(actor, ticket, side, record, breaches)
    return {
        "page_title": ticket.number,
        "ticket": ticket,
        "tone": presenting.tone(ticket),
        "level": contracts.terms_of(ticket.contract_version).levels[ticket.level],
        "flags": presenting.flags(ticket),
        "steps": presenting.steps(ticket),
        "clocks": presenting.clocks(ticket),
        "breaches": [(breach, presenting.standing(breach)) for breach in breaches],
        "timeline": presenting.timeline(ticket),
        "record": record,
        "acts": offered,
        "main_acts": [act for act in offered if act.code in acts.MAIN],
        "more_acts": [act for act in offered if act.code not in acts.MAIN],
        "notified": presenting.notified(ticket),
        "panels": panels.shown(actor, ticket),
    }


@require_POST
def act(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Do one act. A refusal is shown inside the dialog that asked for it."""
    chosen = acts.BY_CODE.get(code)
    if chosen is None:
        raise Http404
    actor = actor_of(request)
    ticket = selectors.ticket(actor, pk)
    try:
        acts.require(actor, ticket, chosen)
        chosen.run(actor, ticket, request.POST)
    except Refusal as refusal:
        answer = errors.refused(request, refusal)
        if errors.is_fragment(request):
            answer["HX-Retarget"] = f"#alert-{code}"
            answer["HX-Reswap"] = "innerHTML"
        return answer
    messages.success(request, _("已办理：{title}").format(title=chosen.title))
    return _go(request, reverse("operations.ticket.detail", args=[pk]))


def _go(request: HttpRequest, url: str) -> HttpResponse:
    if errors.is_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)
