"""打印标签."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from hrp.logistics.labels import kinds
from hrp.logistics.labels.kinds import Kind
from hrp.logistics.labels.services import printing
from hrp.logistics.models import Store
from hrp.platform.access import scope
from hrp.platform.base.refusals import Conflict, Invalid, Refusal
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.selectors import hospital_name

MOST = 200


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """A kind, a narrowing, ticked rows with copies; the answer is the file."""
    actor = actor_of(request)
    scope.require(actor, printing.PRINT)
    given = request.POST if request.method == "POST" else request.GET
    offered = [kind for kind in kinds.ordered() if scope.has(actor, kind.permission)]
    kind = next((one for one in offered if one.key == given.get("kind")), offered[0] if offered else None)
    if kind is None:
        raise Conflict(_("没有可以打印标签的内容。"), way_out=_("如工作需要，请联系安全管理员。"))
    stores = Store.objects.filter(is_active=True).order_by("code")
    for code in (kind.permission, printing.PRINT):
        stores = scope.filter(actor, code, stores, "org_unit_id")
    store = next((one for one in stores if str(one.pk) == given.get("store")), None)
    text = given.get("q", "").strip()[:60]
    wanted = scope.filter(actor, printing.PRINT, kind.rows(actor, store, text), kind.place)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            return _file(request, kind, wanted)
        except (Invalid, Conflict) as refused:
            refusal = refused
    ids = [pk for pk in given.getlist("id") if pk.isdigit()]
    rows = list((wanted.filter(pk__in=ids) if ids and request.method == "GET" else wanted)[: MOST + 1])
    return render(
        request, "labels/page.html",
        {
            "page_title": _("打印标签"), "kinds": offered, "kind": kind, "stores": stores, "store": store, "q": text,
            "rows": [_row(kind, row, printed, given) for row, printed in _printed(kind, rows[:MOST])],
            "more": len(rows) > MOST, "refusal": refusal,
        },
        status=refusal.status if refusal else 200,
    )  # fmt: skip


def _printed(kind: Kind, rows: list[Any]) -> list[tuple[Any, int]]:
    times = printing.times(kind.key, [row.pk for row in rows])
    return [(row, times.get(str(row.pk), 0)) for row in rows]


def _row(kind: Kind, row: Any, printed: int, given: Any) -> dict[str, Any]:
    ticked = str(row.pk) in given.getlist("id")
    return {
        "pk": row.pk, "label": kind.label(row), "copies": given.get(f"copies-{row.pk}") or kind.copies(row),
        "printed": printed, "ticked": ticked,
    }  # fmt: skip


def _file(request: HttpRequest, kind: Kind, wanted: Any) -> HttpResponse:
    ids = [int(pk) for pk in request.POST.getlist("id") if pk.isdigit() and len(pk) < 18][
        : printing.MOST_LABELS
    ]
    copies = {pk: _whole(request.POST.get(f"copies-{pk}", "1")) for pk in ids}
    done = printing.print_labels(
        kind, list(wanted.filter(pk__in=ids)), copies, way=request.POST.get("way", ""), hospital=hospital_name(),
        actor=actor_of(request),
    )  # fmt: skip
    response = HttpResponse(done.content, content_type=done.media)
    placed = "inline" if done.media == "application/pdf" else "attachment"
    response["Content-Disposition"] = f'{placed}; filename="{done.name}"'
    return response


def _whole(text: str) -> int:
    return int(text) if text.strip().isdecimal() and len(text.strip()) < 5 else 0
