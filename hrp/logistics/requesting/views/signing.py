"""科室签收: what the store has sent and nobody has signed for."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.requesting.documents.serving import SIGN
from hrp.logistics.requesting.selectors import deliveries
from hrp.logistics.requesting.services import delivering
from hrp.platform.access import scope
from hrp.platform.base.refusals import NotFound
from hrp.platform.documents import registry
from hrp.platform.ui.actors import actor_of

MOST = 60


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    scope.require(actor, SIGN)
    waiting = deliveries.unsigned(actor)
    signed = list(deliveries.signed(actor)[:20])
    context = {
        "page_title": _("科室签收"),
        "total": waiting.count(),
        "waiting": [
            (issue, list(issue.lines.select_related("item").order_by("position"))) for issue in waiting[:MOST]
        ],
        "signed": [(one, registry.load(one.source), registry.url_for(one.source)) for one in signed],
    }
    return render(request, "requesting/deliveries.html", context)


@require_POST
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    issue = StockIssue.objects.filter(pk=pk).first()
    if issue is None:
        raise NotFound(_("没有找到这张出库单。"), way_out=_("请刷新页面。"))
    delivering.sign(issue, actor=actor, note=request.POST.get("note", ""))
    messages.success(request, _("已签收 {number}").format(number=issue.display_number))
    return redirect(reverse("logistics.deliveries"))
