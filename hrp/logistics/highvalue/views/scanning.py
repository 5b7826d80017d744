"""唯一码扫码: which pieces a document moves, scanned before it is posted."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hrp.logistics.highvalue.models import UnitScan
from hrp.logistics.highvalue.services import scans
from hrp.logistics.highvalue.views.theatre import refused
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base.refusals import Refusal
from hrp.platform.documents import registry
from hrp.platform.ui.actors import actor_of

MOST = 60


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    scope.require(actor, scans.PICK)
    source = request.GET.get("source", "")
    if source:
        return render(request, "highvalue/scan.html", _context(actor, source))
    return render(request, "highvalue/scans.html", {"page_title": _("唯一码扫码"), "rows": _waiting(actor)})


def _waiting(actor: User) -> list[dict[str, Any]]:
    """Open documents with lines of pieces, and how many of them are scanned."""
    found = []
    for kind in scans.kinds():
        known = registry.types[kind]
        table = known.line_model._meta.db_table if known.line_model else ""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT l.document_id, sum(l.quantity) FROM {table} l JOIN logistics_item i ON i.id = l.item_id"  # noqa: S608 - our own tables
                " WHERE i.trace_mode = 'unit' GROUP BY 1 ORDER BY 1 DESC LIMIT 500"
            )
            wanted = dict(cursor.fetchall())
        documents = scope.filter(
            actor, f"{kind}.view", known.model._default_manager.filter(pk__in=wanted, state__in=scans.OPEN)
        )
        for document in documents.order_by("-pk")[:MOST]:
            done = UnitScan.objects.filter(source=document.source).count()
            found.append({"document": document, "wanted": wanted[document.pk], "done": done})
    return found


def _context(actor: User, source: str, answer: dict[str, Any] | None = None) -> dict[str, Any]:
    document = scans.document_of(source, actor=actor)
    named: dict[int, list[UnitScan]] = {}
    for one in UnitScan.objects.filter(source=source).select_related("unit__batch").order_by("pk"):
        named.setdefault(one.line_position, []).append(one)
    lines = [(line, named.get(line.position, [])) for line in scans.lines_of(document)]
    return {
        "page_title": _("唯一码扫码"),
        "document": document,
        "url": registry.url_for(source),
        "source": source,
        "lines": lines,
        "arriving": document.spec.kind in scans.RECEIVING,
        "answer": answer,
    }


@require_POST
def scan(request: HttpRequest) -> HttpResponse:
    actor, source = actor_of(request), request.POST.get("source", "")
    try:
        one = scans.scan(actor=actor, source=source, code=request.POST.get("code", ""))
        said = {"tone": "ok", "title": _("已扫"), "words": one.unit.uid if one.unit else one.serial}
    except Refusal as refusal:
        said = refused(refusal) | {"title": _("没有扫入")}
    if not request.headers.get("HX-Request"):
        return render(request, "highvalue/scan.html", _context(actor, source, said))
    return render(request, "highvalue/parts/scanned.html", _context(actor, source, said))


@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    source = request.POST.get("source", "")
    scans.unscan(actor=actor_of(request), source=source, pk=pk)
    return redirect(f"{reverse('logistics.unit_scan')}?{urlencode({'source': source})}")
