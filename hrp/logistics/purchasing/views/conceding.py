"""到货特批: lines a rule speaks against, and the button that lets one in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.purchasing.selectors import waiting as selectors
from hrp.logistics.purchasing.services import conceding
from hrp.logistics.purchasing.views import reading
from hrp.platform.access import scope
from hrp.platform.base.refusals import NotFound
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.actors import actor_of


@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """What waits for somebody with the right to let it in."""
    actor = actor_of(request)
    scope.require(actor, conceding.DECIDE)
    found = selectors.concessions(actor)
    context = {
        "page_title": _("到货特批"),
        "rows": [(one, url_for(one.receipt.source), one.receipt.maker_id == actor.pk) for one in found],
    }
    return render(request, "purchasing/concessions.html", context)


@require_POST
def concede(request: HttpRequest, pk: int, position: int, kind: str) -> HttpResponse:
    """特批 one line."""

    def verb() -> tuple[str, str]:
        receipt = StockReceipt.objects.select_related("supplier", "store").filter(pk=pk).first()
        if receipt is None:
            raise NotFound(_("没有这张入库单"), way_out=_("请刷新页面。"))
        conceding.concede(
            actor=actor_of(request), receipt=receipt, position=position, kind=kind,
            reason=request.POST.get("reason", ""),
        )  # fmt: skip
        return _("已特批"), reverse("logistics.purchasing.concessions")

    return reading.answer(request, verb, alert=f"#alert-{pk}-{position}-{kind}")
