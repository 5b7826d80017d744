"""值班表: the month, who is on duty now, what is wrong ahead, and laying the rota."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hrp.operations.duty import presenting, rules, selectors
from hrp.operations.duty.services import parties, rota
from hrp.operations.duty.views import reading
from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.notify.selectors import phones
from hrp.platform.ui.actors import actor_of

MOST = 12


@require_GET
def month(request: HttpRequest) -> HttpResponse:
    """The rota as bars across the weeks, one track per layer."""
    actor = actor_of(request)
    scope.require(actor, selectors.VIEW)
    numbers = phones()
    faults = selectors.coming_faults()
    grave = [one for one in faults if one.kind in rules.GRAVE]
    standing = [
        (layer, [(user, numbers.get(user.pk) or user.phone) for user in users])
        for layer, users in selectors.on_duty(clock.now()).items()
    ]
    shown = presenting.month(presenting.month_of(request.GET.get("month", "")), me=actor.pk)
    terms = selectors.terms_at(clock.now())
    context = {
        "page_title": _("值班表"),
        "month": shown,
        "standing": standing,
        "missing": [layer for layer in selectors.layers() if layer not in dict(standing)],
        "faults": presenting.fault_lines([*grave, *(one for one in faults if one not in grave)][:MOST]),
        "fault_count": len(faults),
        "grave_count": len(grave),
        "days_ahead": terms.plan.get("rota", {}).get("days_ahead", 60),
        "at_least": terms.plan.get("rota", {}).get("layers_at_least", 2),
        "layers": selectors.layers(),
        "people": [
            (person, place % presenting.TONES) for place, person in enumerate(selectors.duty_people())
        ],
        "may_edit": scope.has(actor, parties.EDIT) and parties.is_supplier(actor),
        "rhythms": rota.RHYTHMS.items(),
        "tomorrow": clock.today(),
        "now": clock.local(clock.now()),
    }
    return render(request, "duty/month.html", context)


@require_POST
def generate(request: HttpRequest) -> HttpResponse:
    """Let people take turns in a layer."""
    actor, given = actor_of(request), request.POST
    parties.require_supplier(actor, parties.EDIT, "排班")

    def verb() -> object:
        return rota.generate(
            actor=actor,
            layer=given.get("layer", ""),
            people=reading.people(given.getlist("people")),
            first_day=reading.day(given, "first_day", "起日"),
            last_day=reading.day(given, "last_day", "止日"),
            hours=reading.number(given, "hours", "轮换"),
            handover_hour=reading.number(given, "handover_hour", "交接时刻"),
        )

    return reading.answer(request, "generate", verb, said=_("已排班"), back=_back(given.get("first_day", "")))


@require_POST
def substitute(request: HttpRequest) -> HttpResponse:
    """Let somebody stand in."""
    actor, given = actor_of(request), request.POST
    parties.require_supplier(actor, parties.EDIT, "登记顶班")

    def verb() -> object:
        return rota.substitute(
            actor=actor,
            layer=given.get("layer", ""),
            out=reading.person(given, "out", "被替人"),
            into=reading.person(given, "into", "顶替人"),
            starts_at=reading.instant(given, "starts_at", "起"),
            ends_at=reading.instant(given, "ends_at", "止"),
            reason=given.get("reason", "")[:200],
        )

    return reading.answer(
        request, "substitute", verb, said=_("已登记顶班"), back=_back(given.get("starts_at", ""))
    )


def _back(day: str) -> str:
    return f"{reverse('operations.duty')}?month={day[:7]}"
