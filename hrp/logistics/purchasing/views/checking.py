"""逐项验收: every line of a draft against every check that applies to it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from hrp.logistics.purchasing import terms
from hrp.logistics.purchasing.documents.inspection import Inspection, InspectionLine
from hrp.logistics.purchasing.rules import checklist
from hrp.logistics.purchasing.services import receiving
from hrp.logistics.purchasing.views import reading
from hrp.platform.access import scope
from hrp.platform.base.refusals import NotFound
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.actors import actor_of


@require_http_methods(["GET", "POST"])
def checks(request: HttpRequest, pk: int) -> HttpResponse:
    """The matrix of lines and checks."""
    actor = actor_of(request)
    document = Inspection.objects.select_related("supplier", "store").filter(pk=pk).first()
    if document is None:
        raise NotFound(_("没有这张验收单"), way_out=_("请从列表打开。"))
    scope.check_object(actor, receiving.EDIT, document)
    lines = list(InspectionLine.objects.filter(document=document).select_related("item").order_by("position"))
    if request.method == "POST":
        return reading.answer(request, lambda: _written(request, document, lines))
    context = {
        "page_title": _("逐项验收 {number}").format(number=document.display_number),
        "document": document,
        "url": url_for(document.source),
        "lines": [(line, _cells(line)) for line in lines],
        "disposals": InspectionLine.Disposal.choices,
        "results": (("pass", _("合格")), ("fail", _("不合格")), ("na", _("不适用"))),
    }
    return render(request, "purchasing/checks.html", context)


def _cells(line: InspectionLine) -> list[tuple[checklist.Check, str, str, bool]]:
    """Each check with its result, its evidence, and whether it applies."""
    needed = {check.code for check in checklist.applying(terms.traits_of(line.item))}
    return [
        (check, *(*line.checks.get(check.code, ("", "")), "")[:2], check.code in needed)
        for check in checklist.CHECKS
    ]


def _written(request: HttpRequest, document: Inspection, lines: list[InspectionLine]) -> tuple[str, str]:
    given = request.POST
    results, values = {}, {}
    for line in lines:
        place = line.position
        results[place] = {
            check.code: (
                given.get(f"r-{place}-{check.code}", ""),
                given.get(f"e-{place}-{check.code}", "").strip(),
            )
            for check in checklist.CHECKS
        }
        values[place] = {
            "accepted": reading.quantity(given, f"accepted-{place}", str(line.item))
            if given.get(f"accepted-{place}", "").strip() else None,
            "reason": given.get(f"reason-{place}", "").strip(),
            "disposal": "quarantine" if given.get(f"disposal-{place}") == "quarantine" else "refuse",
        }  # fmt: skip
    receiving.record_checks(actor=actor_of(request), inspection=document, results=results, values=values)
    return _("已记录验收结果"), url_for(document.source)
