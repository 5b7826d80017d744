"""供应商评价: each supplier's facts of a span, and the class they come to."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hrp.logistics.purchasing import terms
from hrp.logistics.purchasing.selectors import scores as selectors
from hrp.logistics.purchasing.views import reading
from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.ui.actors import actor_of

TONES = {"A": "done", "B": "check", "C": "wait", "D": "back", "": "draft"}


@require_GET
def scores(request: HttpRequest) -> HttpResponse:
    """Best last: who must be spoken to stands first."""
    actor = actor_of(request)
    scope.require(actor, "logistics.supplier_score.view")
    today = clock.today()
    last = reading.day(request.GET, "to", _("止日")) or today
    first = reading.day(request.GET, "from", _("起日")) or last.replace(year=last.year - 1, day=1)
    found = selectors.scores(first=first, last=last)
    found.sort(key=lambda one: (one.score.points is None, one.score.points or 0, one.code))
    context = {
        "page_title": _("供应商评价"),
        "first": first,
        "last": last,
        "rows": [(one, TONES[one.score.grade]) for one in found],
        "weights": terms.weights(last),
        "limits": terms.grades(last),
    }
    return render(request, "purchasing/scores.html", context)
