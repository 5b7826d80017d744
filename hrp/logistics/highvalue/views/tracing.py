"""高值追溯: forward from a batch to its patients, backward from a patient to the certificate; labels and reports on paper."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hrp.logistics.highvalue import papers, selectors
from hrp.logistics.highvalue.models import Recall, TraceUnit
from hrp.platform.access import scope
from hrp.platform.base.refusals import NotFound
from hrp.platform.ui.actors import actor_of

VIEW = "logistics.unit.view"


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    held = _held(request)
    text = request.GET.get("q", "").strip()
    units = selectors.find_any(text, held)
    if len(units) == 1:
        return redirect("logistics.trace.unit", pk=units[0].pk)
    used = selectors.uses_by_unit(units, held)
    rows = [(unit, used.get(unit.pk, [])) for unit in units]
    context = {
        "page_title": _("高值追溯"),
        "q": text,
        "rows": rows,
        "patients": sum(1 for _unit, uses in rows for use in uses if not hasattr(use, "cancel")),
        "most": selectors.MOST,
    }
    return render(request, "highvalue/trace.html", context)


def _held(request: HttpRequest) -> selectors.Units:
    """The departments of which this person may follow pieces to their patients."""
    actor = actor_of(request)
    scope.require(actor, VIEW)
    return scope.units(actor, VIEW)


def _unit(pk: int, held: selectors.Units) -> TraceUnit:
    rows = TraceUnit.objects.select_related("item", "batch__supplier", "store")
    found = selectors.reached(rows, held).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("没有这个唯一码"), way_out=_("请核对后重新查询。"))
    return found


@require_GET
def unit(request: HttpRequest, pk: int) -> HttpResponse:
    held = _held(request)
    found = selectors.trace(_unit(pk, held), held)
    context = {
        "page_title": _("高值追溯"),
        "q": found.unit.uid,
        "trace": found,
        "brothers": TraceUnit.objects.filter(batch=found.unit.batch).exclude(state="labelled").count(),
    }
    return render(request, "highvalue/unit.html", context)


@require_GET
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    held = _held(request)
    trace = selectors.trace(_unit(pk, held), held)
    return papers.answer(papers.trace_report(trace, actor=actor_of(request)), f"trace-{pk}")


@require_GET
def labels(request: HttpRequest) -> HttpResponse:
    """院内码 labels of one piece, or of everything a document registered."""
    held = _held(request)
    source, pk = request.GET.get("source", ""), request.GET.get("unit", "")
    units = selectors.reached(TraceUnit.objects.exclude(state="labelled"), held)
    units = units.select_related("item", "batch").order_by("pk")
    found = list(units.filter(pk=pk) if pk.isdigit() else units.filter(source=source))[:500]
    if not found:
        raise NotFound(_("没有可打印的唯一码"), way_out=_("过账后才有唯一码。"))
    return papers.answer(papers.unit_labels(found), "labels")


@require_GET
def recall_report(request: HttpRequest, pk: int) -> HttpResponse:
    """Where everything was, with the patients of every department: for who may see all of it."""
    actor = actor_of(request)
    scope.require_everywhere(actor, "logistics.recall.view")
    row = Recall.objects.select_related("item", "supplier", "entered_by", "closed_by").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这次召回"), way_out=_("请返回列表刷新。"))
    return papers.answer(papers.recall_report(row, actor=actor), row.number)
