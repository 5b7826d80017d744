"""月结: the months, the steps of one with what is open in each, closing and reopening."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hrp.logistics.settlement.models import MaterialClose
from hrp.logistics.settlement.selectors import months
from hrp.logistics.settlement.selectors.stock_ledger import Wanted, summary, total
from hrp.logistics.settlement.services import closing, steps, true_up
from hrp.logistics.settlement.views import asked
from hrp.platform.access import scope
from hrp.platform.ledger.models import Period
from hrp.platform.ui.actors import actor_of

SHOWN = 24


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Every month with its state in materials and in the ledger."""
    actor = actor_of(request)
    scope.require_everywhere(actor, closing.VIEW)
    closes = {
        c.period_id: c for c in MaterialClose.objects.filter(reopened_at=None).select_related("closed_by")
    }
    rows = [
        (period, closes.get(period.pk))
        for period in Period.objects.filter(book=asked.book()).order_by("-first_day")[:SHOWN]
    ]
    past = MaterialClose.objects.exclude(reopened_at=None).select_related(
        "period", "closed_by", "reopened_by"
    )[:20]
    next_one = next(
        (period for period, closed in reversed(rows) if closed is None and period.state == Period.State.OPEN),
        None,
    )
    context = {"page_title": _("月结"), "rows": rows, "past": past, "next": next_one}
    return render(request, "settlement/months.html", context)


@require_GET
def month(request: HttpRequest, pk: int) -> HttpResponse:
    """One month: what is still open, or what it closed with."""
    actor = actor_of(request)
    scope.require_everywhere(actor, closing.VIEW)
    period = get_object_or_404(Period.objects.select_related("book"), pk=pk)
    closed = months.live(period)
    look = [] if closed else steps.look(period, heavy="check" in request.GET)
    context = {
        "page_title": f"{period} {_('月结')}",
        "period": period,
        "closed": closed,
        "steps": look,
        "blocking": sum(one.blocking for one in look),
        "waiting": [] if closed else true_up.needed(period),
        "may_close": scope.everywhere(actor, closing.CLOSE),
        "may_reopen": scope.everywhere(actor, closing.REOPEN),
        "classes": (rows := summary(period.book, Wanted(period.first_day, period.last_day), by="class")),
        "total": total(rows),
        "ledger_closed": period.state == Period.State.CLOSED,
    }
    return render(request, "settlement/month.html", context)


@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    scope.require_everywhere(actor, closing.CLOSE)
    period = get_object_or_404(Period, pk=pk)
    return asked.answer(
        request,
        "close",
        lambda: closing.close(actor=actor, period=period),
        said=f"{period} 物资已月结",
        back=_back(pk),
    )


@require_POST
def adjust(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the 月末加权平均 adjustment ahead of closing, where it must be approved first."""
    actor = actor_of(request)
    scope.require_everywhere(actor, closing.CLOSE)
    period = get_object_or_404(Period.objects.select_related("book"), pk=pk)
    return asked.answer(
        request, "adjust", lambda: true_up.make(period, actor=actor), said="已生成月末调整单", back=_back(pk)
    )


@require_POST
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    scope.require_everywhere(actor, closing.REOPEN)
    period = get_object_or_404(Period, pk=pk)
    closed = get_object_or_404(MaterialClose, period=period, reopened_at=None)
    return asked.answer(
        request, "reopen", lambda: closing.reopen(actor=actor, closed=closed, reason=request.POST.get("reason", "")),
        said=f"{period} 物资已反结账", back=_back(pk),
    )  # fmt: skip


def _back(pk: int) -> str:
    return reverse("logistics.month_close.month", args=[pk])
