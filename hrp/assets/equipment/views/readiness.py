"""急救生命支持: the board of today, checked with one tap a machine."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hrp.assets.equipment import parameters
from hrp.assets.equipment.selectors import readiness as selectors
from hrp.assets.equipment.services import readiness
from hrp.assets.models import Asset
from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.base.refusals import NotFound
from hrp.platform.ui.actors import actor_of

VIEW = "assets.readiness.view"


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    actor, today = actor_of(request), clock.today()
    scope.require(actor, VIEW)
    places = selectors.board(on=today, units=scope.units(actor, VIEW))
    context = {
        "page_title": _("急救设备"),
        "today": today,
        "rows": [(place, scope.has(actor, readiness.CHECK, place.asset.org_unit_id)) for place in places],
        "rate": selectors.rate(places, on=today),
        "target": parameters.value("ready_target", today),
    }
    return render(request, "equipment/readiness.html", context)


@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    scope.require(actor, readiness.CHECK)
    asset = Asset.objects.filter(pk=pk).first()
    if asset is None or not scope.has(actor, readiness.CHECK, asset.org_unit_id):
        raise NotFound(_("没有找到这台设备。"), way_out=_("请刷新页面。"))
    usable = request.POST.get("usable") == "1"
    readiness.check(actor=actor, asset=asset, usable=usable, note=request.POST.get("note", ""))
    messages.success(request, f"{asset.name}：{_('完好') if usable else _('已登记并报修')}")
    return redirect("assets.readiness")
