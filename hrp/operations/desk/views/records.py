"""The archive of maintenance records: list, one record, its archived files."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hrp.operations.desk import selectors
from hrp.operations.desk.models import MaintenanceRecord, RecordArchive
from hrp.operations.desk.views import reading
from hrp.platform.access import scope
from hrp.platform.base.refusals import NotFound
from hrp.platform.ui.actors import actor_of

PAGE = 50


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    scope.require(actor, selectors.VIEW)
    found = selectors.records(actor)
    words, state = request.GET.get("q", "").strip()[:60], request.GET.get("state", "")
    if words:
        found = found.filter(
            Q(number__icontains=words) | Q(ticket__number__icontains=words) | Q(symptom__icontains=words)
            | Q(engineer__display_name__icontains=words)
        )  # fmt: skip
    if state:
        found = found.filter(archived_at__isnull=state == "open")
    total, page = found.count(), reading.page_number(request)
    context = {
        "page_title": _("维护记录"),
        "rows": found[(page - 1) * PAGE : page * PAGE],
        "total": total,
        "page": page,
        "pages": max(1, -(-total // PAGE)),
        "words": words,
        "state": state,
    }
    return render(request, "desk/records.html", context)


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    record = selectors.record(actor_of(request), pk)
    return render(request, "desk/record.html", {"page_title": record.number, "record": record})


@require_GET
def pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The archived sheet itself, byte for byte."""
    record = selectors.record(actor_of(request), pk)
    response = HttpResponse(bytes(_archive(record).pdf), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{record.number}.pdf"'
    return response


@require_GET
def json(request: HttpRequest, pk: int) -> HttpResponse:
    """The archived text itself, byte for byte, so that its SHA-256 can be checked anywhere."""
    record = selectors.record(actor_of(request), pk)
    response = HttpResponse(_archive(record).body, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{record.number}.json"'
    return response


def _archive(record: MaintenanceRecord) -> RecordArchive:
    archive = RecordArchive.objects.filter(record=record).first()
    if archive is None:
        raise NotFound(f"维护记录 {record.number} 尚未归档", way_out="请甲方先在工单上确认维护记录。")
    return archive
