"""我的值班: one's shifts, swaps, and handing over."""

from __future__ import annotations

import datetime as dt

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hrp.operations.duty import presenting, selectors
from hrp.operations.duty.models import SwapRequest
from hrp.operations.duty.services import handover as handing
from hrp.operations.duty.services import parties, swaps
from hrp.operations.duty.views import reading
from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.base.refusals import NotFound
from hrp.platform.ui.actors import actor_of

AHEAD = dt.timedelta(days=60)
AROUND = dt.timedelta(days=31)
"""Shifts that have begun or reach beyond are shown with their true ends."""
RECENT = 30


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    scope.require(actor, selectors.VIEW)
    now = clock.now()
    shifts = [
        one
        for one in selectors.standing(now - AROUND, now + AHEAD + AROUND)
        if one.person == actor.pk and one.end > now and one.start < now + AHEAD
    ]
    may_decide = scope.has(actor, parties.EDIT) and parties.is_supplier(actor)
    rows = []
    for swap in selectors.swaps()[:RECENT]:
        acts = []
        if swap.state == "asked" and swap.colleague_id == actor.pk:
            acts = [("accept", _("接受"), "primary"), ("decline", _("不接受"), "")]
        elif swap.state == "accepted" and may_decide and actor.pk not in (swap.asker_id, swap.colleague_id):
            acts = [("approve", _("批准"), "primary"), ("reject", _("不批准"), "")]
        elif swap.state in ("asked", "accepted") and swap.asker_id == actor.pk:
            acts = [("withdraw", _("撤回"), "")]
        rows.append((swap, presenting.SWAP_TONES[swap.state], acts))
    context = {
        "page_title": _("我的值班"),
        "shifts": [(one, one.start <= now, (one.end - one.start) / dt.timedelta(hours=1)) for one in shifts],
        "swaps": rows,
        "notes": selectors.handovers(),
        "colleagues": [one for one in selectors.duty_people() if one.user_id != actor.pk],
        "layers": selectors.layers(),
        "may_work": scope.has(actor, parties.WORK) and parties.is_supplier(actor),
    }
    return render(request, "duty/mine.html", context)


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Ask a colleague to take over."""
    actor, given = actor_of(request), request.POST
    parties.require_supplier(actor, parties.WORK, "申请换班")

    def verb() -> object:
        return swaps.ask(
            actor=actor,
            layer=given.get("layer", ""),
            colleague=reading.person(given, "colleague", "接班同事"),
            starts_at=reading.instant(given, "starts_at", "起"),
            ends_at=reading.instant(given, "ends_at", "止"),
            reason=given.get("reason", "")[:200],
        )

    return reading.answer(request, "swap", verb, said=_("已发出换班申请"), back=_here())


ACTS = ("accept", "decline", "approve", "reject", "withdraw")


@require_POST
def decide(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Accept, decline, approve, reject or withdraw."""
    actor = actor_of(request)
    if act not in ACTS:
        raise Http404
    swap = SwapRequest.objects.select_related("asker", "colleague").filter(pk=pk).first()
    if swap is None:
        raise NotFound(_("没有找到该换班申请"), way_out=_("请刷新页面。"))
    found = swap
    verbs = {
        "accept": lambda: swaps.answer(actor=actor, swap=found, accept=True),
        "decline": lambda: swaps.answer(actor=actor, swap=found, accept=False),
        "approve": lambda: swaps.decide(actor=actor, swap=found, approve=True),
        "reject": lambda: swaps.decide(actor=actor, swap=found, approve=False),
        "withdraw": lambda: swaps.withdraw(actor=actor, swap=found),
    }
    return reading.answer(request, "swaps", verbs[act], said=_("已办理"), back=_here())


@require_POST
def handover(request: HttpRequest) -> HttpResponse:
    """Write what the next one has to know."""
    actor, given = actor_of(request), request.POST
    parties.require_supplier(actor, parties.WORK, "写交班记录")

    def verb() -> object:
        taken_by = reading.person(given, "taken_by", "接班人") if given.get("taken_by") else None
        return handing.write_note(
            actor=actor, layer=given.get("layer", ""), text=given.get("text", "")[:2000], taken_by=taken_by
        )

    return reading.answer(request, "handover", verb, said=_("已交班"), back=_here())


def _here() -> str:
    return reverse("operations.duty.mine")
