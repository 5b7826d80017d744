"""呼叫: every paging, how far its chain got, what became of each call."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hrp.operations.duty import presenting, selectors
from hrp.operations.duty.models import PagingRun
from hrp.operations.duty.services import paging, parties
from hrp.operations.duty.views import reading
from hrp.platform.access import scope
from hrp.platform.ui.actors import actor_of

PAGE = 40


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    scope.require_everywhere(actor, selectors.VIEW)
    state = request.GET.get("state", "")
    found = selectors.runs()
    tabs = [("", _("全部"), found.count())] + [
        (code, title, found.filter(state=code).count()) for code, title in PagingRun.State.choices
    ]
    if state in PagingRun.State.values:
        found = found.filter(state=state)
    written = request.GET.get("page", "1")
    page = int(written) if written.isdecimal() and 0 < int(written) < 100_000 else 1
    total = found.count()
    rows = [(run, presenting.STATE_TONES[run.state]) for run in found[(page - 1) * PAGE : page * PAGE]]
    context = {
        "page_title": _("呼叫记录"),
        "tabs": tabs,
        "state": state,
        "rows": rows,
        "page": page,
        "pages": max(1, -(-total // PAGE)),
        "total": total,
    }
    return render(request, "duty/pagings.html", context)


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    run = selectors.run(actor, pk)
    context = {
        "page_title": _("呼叫"),
        "run": run,
        "data": {
            "runs": [presenting.run_card(one) for one in selectors.runs_of(run.source)],
        },
        "may_ack": run.state in ("active", "exhausted")
        and scope.has(actor, parties.WORK)
        and parties.is_supplier(actor),
    }
    return render(request, "duty/paging.html", context)


@require_POST
def ack(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer by the button."""
    actor = actor_of(request)
    parties.require_supplier(actor, parties.WORK, "应答呼叫")
    run = selectors.run(actor, pk, parties.WORK)
    back = run.url or reverse("operations.paging.detail", args=[pk])
    return reading.answer(
        request,
        "ack",
        lambda: paging.acknowledge(run=run, user=actor, via="button"),
        said=_("已应答，呼叫停止；响应时钟继续"),
        back=back,
    )
