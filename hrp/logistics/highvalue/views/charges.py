"""收费对账: used and not charged, charged and not used; both empty or explained before the month closes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hrp.logistics.highvalue import selectors
from hrp.platform.access import scope
from hrp.platform.ui.actors import actor_of


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    scope.require(actor, "logistics.charge.view")
    context = {
        "page_title": _("收费对账"),
        "used": scope.filter(actor, "logistics.charge.view", selectors.used_not_charged(), "use__org_unit")[
            : selectors.MOST
        ],
        "charged": selectors.charged_not_used()[: selectors.MOST]
        if scope.units(actor, "logistics.charge.view") is None
        else [],
        "may_edit": scope.has(actor, "logistics.charge.edit"),
    }
    return render(request, "highvalue/charges.html", context)
