"""应急指挥: the incidents at a glance, and the page from which both sides command one at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.desk import presenting
from hrp.operations.desk import selectors as desk
from hrp.operations.desk.models import Ticket, TicketEvent
from hrp.operations.desk.rules.lifecycle import OPEN_STATES
from hrp.operations.desk.views import acts
from hrp.operations.emergency import rules as plan_rules
from hrp.operations.emergency import selectors as emergency
from hrp.operations.incidents import selectors
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Refusal
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.views import errors

PARTS = {
    "head": "incidents/parts/head.html",
    "chain": "incidents/parts/chain.html",
    "side": "incidents/parts/side.html",
}
QUICK = ("status_update", "decision", "note")
"""Acts whose one text is typed straight into the page: the first two of them that this person may do."""
LEADING = ("start_emergency", "remote_failed", "dispatch", "arrive", "sign_arrival", "depart", "resolve", "end_emergency", "take_role")  # fmt: skip
PAST = 30


@dataclass(frozen=True)
class OpenIncident:
    """A card of an emergency being worked on."""

    ticket: Ticket
    situation: selectors.Situation
    tone: str


@dataclass(frozen=True)
class PastIncident:
    """A row of an emergency that has been cleared."""

    ticket: Ticket
    tone: str
    review: selectors.ReviewDue | None


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    scope.require(actor, desk.VIEW)
    found = selectors.emergencies(desk.tickets(actor)).select_related("org_unit", "owner", "contract_version")
    going_on = found.filter(state__in=OPEN_STATES).order_by("-level_rank", "first_contact_at")
    past = found.exclude(state__in=OPEN_STATES).order_by("-first_contact_at")[:PAST]
    context = {
        "page_title": _("应急指挥"),
        "open": [OpenIncident(one, selectors.situation(one), presenting.tone(one)) for one in going_on],
        "past": [PastIncident(one, presenting.tone(one), selectors.review_due(one)) for one in past],
        "overdue_actions": selectors.overdue_actions(actor),
    }
    return render(request, "incidents/incidents.html", context)


@require_GET
def command(request: HttpRequest, pk: int) -> HttpResponse:
    """The page, or (asked for by htmx with ``part``) one of the parts that fetch themselves anew."""
    actor = actor_of(request)
    ticket = selectors.incident(actor, pk)
    context = _situation(ticket)
    part = PARTS.get(request.GET.get("part", ""))
    if part and errors.is_fragment(request):
        response = render(request, part, context)
    else:
        response = render(request, "incidents/command.html", context | _around(actor, ticket, context["now"]))
    response["Vary"] = "HX-Request, HX-Request-Type"
    return response


@require_POST
def act(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Do one act of the ticket and come back to the command page."""
    chosen = acts.BY_CODE.get(code)
    if chosen is None:
        raise Http404
    actor = actor_of(request)
    ticket = selectors.incident(actor, pk)
    try:
        acts.require(actor, ticket, chosen)
        chosen.run(actor, ticket, request.POST)
    except Refusal as refusal:
        place = "#alert-quick" if request.POST.get("quick") else f"#alert-{code}"
        return errors.refused_in(request, refusal, place)
    messages.success(request, _("已办理：{title}").format(title=chosen.title))
    if errors.is_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": selectors.url_of(ticket)})
    return redirect(selectors.url_of(ticket))


def _situation(ticket: Ticket) -> dict[str, Any]:
    """What changes while one looks."""
    now, contact_at = selectors.situation(ticket), selectors.cycle_contact(ticket)
    return {
        "ticket": ticket,
        "now": now,
        "tone": presenting.tone(ticket),
        "contact_at": contact_at,
        "lasted": presenting.duration((now.ended.at - contact_at).total_seconds()) if now.ended else "",
        "live": ticket.state not in ("closed", "merged", "cancelled"),
        "clocks": [card for card in presenting.clocks(ticket) if card.row.cycle == ticket.cycle],
        "roles": [(title, now.roles.get(code, "")) for code, title in selectors.ROLES.items()],
        "timeline": _timeline(ticket, now.events),
        "evidence": selectors.evidence(ticket),
        "reminders": selectors.reminders(ticket),
    }


def _timeline(ticket: Ticket, events: Sequence[TicketEvent]) -> list[presenting.Entry]:
    seqs = {event.seq for event in events}
    return [entry for entry in presenting.timeline(ticket) if entry.event.seq in seqs]


def _around(actor: User, ticket: Ticket, now: selectors.Situation) -> dict[str, Any]:
    """What stays as it is: the plan followed, the acts, who is who."""
    side = contracts.side_of(actor)
    offered = [one for one in acts.offered(actor, ticket, side, desk.record_of(ticket)) if not one.page]
    codes = {one.code: one for one in offered}
    leading = [codes[code] for code in LEADING if code in codes]
    quick = [codes[code] for code in QUICK if code in codes][:2]
    contract = ticket.contract_version.contract
    plan = emergency.version_named(contract, now.started_with("plan"))
    return {
        "page_title": _("应急指挥 {number}").format(number=ticket.number),
        "act_url": "operations.incident.act",
        "acts": offered,
        "leading": leading,
        "more": [one for one in offered if one not in leading and one not in quick],
        "quick": quick,
        "plan": plan,
        "content": plan_rules.read_body(plan.body) if plan else None,
        "plans": () if now.started else emergency.in_force(contract, clock.now()).values(),
        "side_title": Side(side).label if side else "",
        "hotline": contract.hotline,
        "review_due": selectors.review_due(ticket),
    }
