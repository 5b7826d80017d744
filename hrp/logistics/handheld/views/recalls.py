"""召回查找: is what I hold in my hand recalled or frozen, and where is the rest of it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hrp.logistics.bins.selectors import whereabouts, words_of
from hrp.logistics.handheld.services.resolving import resolve
from hrp.logistics.handheld.views.answers import Sound, answer, given
from hrp.logistics.highvalue.models import FreezeBatch, RecallPlace, TraceUnit
from hrp.logistics.highvalue.pieces import labels
from hrp.logistics.models import Batch, StockBalance
from hrp.platform.access import scope
from hrp.platform.base.refusals import NotFound
from hrp.platform.ui.actors import actor_of

VIEW = "logistics.stock.view"
MOST = 20


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    scope.require(actor_of(request), VIEW)
    return render(request, "handheld/recall.html", {"page_title": _("召回查找")})


@require_POST
def scan(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    scope.require(actor, VIEW)

    def verb() -> dict[str, Any]:
        code = str(given(request).get("code", ""))
        unit = labels.find(code)
        batches = [unit.batch] if unit is not None else _batches(code)
        held = [batch for batch in batches if batch.hold]
        context = {"rows": [_row(actor, batch) for batch in batches[:MOST]], "unit": unit} | _links(
            actor, unit
        )
        words = [f"{batch.lot or _('无批号')} {batch.get_hold_display()}" for batch in held[:3]]
        return {
            "sound": Sound.STOP if held else Sound.OK, "title": str(batches[0].item),
            "words": words or [_("没有召回或冻结")], "html": render_to_string("handheld/parts/recall_rows.html", context, request),
        }  # fmt: skip

    return answer(verb)


def _batches(code: str) -> list[Batch]:
    read = resolve(code)
    rows = Batch.objects.filter(item=read.item).select_related("item", "supplier").order_by("-pk")
    found = list(rows.filter(lot=read.lot) if read.lot else rows[: MOST * 5])
    if not found:
        raise NotFound(
            _("{item} 没有批号 {lot} 的记录").format(item=read.item, lot=read.lot or _("（空）")),
            way_out=_("本院没有收过这个批号。"),
        )
    if read.lot:
        return found
    # without a lot: what is held or on hand, the rest is history
    there = set(
        StockBalance.objects.filter(batch__in=found, quantity__gt=0).values_list("batch_id", flat=True)
    )
    return [batch for batch in found if batch.hold or batch.pk in there] or found[:1]


def _row(actor: Any, batch: Batch) -> dict[str, Any]:
    rows = StockBalance.objects.filter(batch=batch, quantity__gt=0).select_related("store", "item")
    mine = scope.filter(actor, VIEW, rows, "store__org_unit_id")
    places = [
        (row.store, row.quantity, words_of(whereabouts(row.store_id, [batch.pk]), batch.pk)) for row in mine.order_by("store__code")
    ]  # fmt: skip
    freezes = [
        one.freeze
        for one in FreezeBatch.objects.filter(batch=batch, freeze__released_at=None).select_related("freeze")
    ]
    recalls = {
        one.recall_id: one.recall for one in RecallPlace.objects.filter(batch=batch).select_related("recall")
    }
    return {"batch": batch, "places": places, "freezes": freezes, "recalls": list(recalls.values())}


def _links(actor: Any, unit: TraceUnit | None) -> dict[str, bool]:
    return {
        "may_recall": scope.has(actor, "logistics.recall.view"), "may_freeze": scope.has(actor, "logistics.freeze.view"),
        "may_trace": unit is not None and scope.has(actor, "logistics.unit.view"),
    }  # fmt: skip
