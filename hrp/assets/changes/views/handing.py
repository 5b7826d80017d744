"""扫码签收: what waits for the person's departments, and the box a scanner types into."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from hrp.assets.changes.services import handing
from hrp.platform.access import scope
from hrp.platform.base.refusals import Refusal
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.actors import actor_of


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    scope.require(actor, handing.RECEIVE)
    refusal = None
    if request.method == "POST":
        try:
            rows = handing.receive(actor=actor, codes=request.POST.get("codes", "").split()[:200])
        except Refusal as refused:
            refusal = refused
        else:
            names = "、".join(str(row.asset) for row in rows)
            messages.success(request, _("已签收 {names}").format(names=names))
            return redirect("assets.handover")
    waiting = [(one, url_for(one.document.source)) for one in handing.waiting(actor)]
    context = {"page_title": _("扫码签收"), "waiting": waiting, "refusal": refusal}
    return render(request, "changes/handover.html", context, status=refusal.status if refusal else 200)
