"""高值追溯: forward from a batch to its patients, backward from a patient to the certificate; labels and reports on paper."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hrp.logistics.highvalue import emr, papers, selectors
from hrp.logistics.highvalue.models import PatientUse, Recall, TraceUnit
from hrp.platform.access import scope
from hrp.platform.audit import services as audit
from hrp.platform.base.refusals import NotFound
from hrp.platform.ui.actors import actor_of

VIEW, USES, EXPORT = "logistics.unit.view", "logistics.patient_use.view", "logistics.patient_use.export"


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
        "trail": [
            (one, selectors.words_of(one.source), selectors.page_of(one.source)) for one in found.events
        ],
        "brothers": TraceUnit.objects.filter(batch=found.unit.batch).exclude(state="labelled").count(),
    }
    return render(request, "highvalue/unit.html", context)


@require_GET
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    held = _held(request)
    trace = selectors.trace(_unit(pk, held), held)
    return papers.answer(papers.trace_report(trace, actor=actor_of(request)), f"trace-{pk}")


def _use(request: HttpRequest, pk: int, permission: str) -> PatientUse:
    """A use somebody may see with that permission; one elsewhere looks as if it did not exist."""
    actor = actor_of(request)
    scope.require(actor, permission)
    found = selectors.uses().filter(pk=pk).first()
    if found is None or not scope.has(actor, permission, found.org_unit_id):
        raise NotFound(_("没有找到这次使用登记"), way_out=_("请从高值使用记录打开。"))
    return found


@require_GET
def implant_card(request: HttpRequest, pk: int) -> HttpResponse:
    """植入卡 of the visit an implant was used in: every implant of it, for the patient to keep."""
    use = _use(request, pk, USES)
    if hasattr(use, "cancel") or not use.unit.item.implant:
        raise NotFound(_("这次使用没有植入卡"), way_out=_("只有未撤销的植入性耗材使用才打印植入卡。"))
    implants = selectors.uses_of(use.visit_no).filter(cancel=None, unit__item__implant=True)
    return papers.answer(
        papers.implant_card(list(reversed(implants)), actor=actor_of(request)), f"implant-{pk}"
    )


@require_GET
def record(request: HttpRequest, pk: int) -> HttpResponse:
    """高值耗材使用记录 of one use as the XML of WS/T 500.22 (C0022)."""
    actor, use = actor_of(request), _use(request, pk, EXPORT)
    if hasattr(use, "cancel"):
        raise NotFound(_("这次使用已撤销"), way_out=_("撤销的使用不导出。"))
    audit.record(
        actor=actor, act="logistics.patient_use.export", target=f"logistics.patient_use:{use.pk}",
        summary=f"导出使用记录 C0022 {use.unit.uid}", unit_id=use.org_unit_id,
    )  # fmt: skip
    response = HttpResponse(emr.document(use), content_type="application/xml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="C0022-{use.pk}.xml"'
    return response


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
