"""The stocktake on a phone: the list for a device that may lose its network, and what it sends when it is back."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from hrp.assets.models import Location
from hrp.assets.rules.labels import written
from hrp.assets.stocktaking import selectors
from hrp.assets.stocktaking.models import StocktakePlan, StocktakeTask
from hrp.assets.stocktaking.services import finding
from hrp.assets.stocktaking.services.finding import WORK, Answer, Entry
from hrp.platform.access import scope
from hrp.platform.base.refusals import Invalid, Refusal
from hrp.platform.ui import bodies
from hrp.platform.ui.actors import actor_of

MOST = 200  # entries in one sending
MOST_BYTES = 10 * 1024 * 1024
PLACES = 3000


@require_GET
def tasks(request: HttpRequest) -> HttpResponse:
    """Open tasks of the person's departments."""
    actor = actor_of(request)
    scope.require(actor, WORK)
    rows = StocktakeTask.objects.filter(
        plan__state=StocktakePlan.State.COUNTING, state=StocktakeTask.State.COUNTING
    ).select_related("plan", "org_unit")
    mine = scope.filter(actor, WORK, rows)
    return render(request, "stocktaking/tasks.html", {"page_title": _("资产盘点"), "tasks": mine})


@require_GET
def task(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of one task; its list and its queue are the browser's."""
    found = finding.task_of(pk, actor=actor_of(request))
    return render(request, "stocktaking/task.html", {"page_title": _("资产盘点"), "task": found})


@never_cache
@require_GET
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """What is to be found, without what it is worth; and the places a thing may be at."""
    found = finding.task_of(pk, actor=actor_of(request))
    lines = list(found.lines.select_related("asset", "location").order_by("location__code", "asset__number"))
    held = selectors.standings([line.pk for line in lines])
    limit = finding.photo_limit()
    rows = [
        {
            "id": line.pk, "code": written(line.asset.token), "number": line.asset.number, "name": line.asset.name,
            "model": line.asset.model, "place": str(line.location or ""), "photo": line.asset.cost >= limit,
            "own": held[line.pk].kind if line.pk in held else None,
        }
        for line in lines
    ]  # fmt: skip
    places = Location.objects.filter(campus=found.plan.campus_id, is_active=True).order_by("code")[:PLACES]
    return JsonResponse(
        {
            "task": found.pk, "title": str(found), "lines": rows,
            "open": found.plan.state == StocktakePlan.State.COUNTING and found.state == StocktakeTask.State.COUNTING,
            "places": [{"id": place.pk, "name": place.name} for place in places],
        }
    )  # fmt: skip


@require_POST
def sync(request: HttpRequest, pk: int) -> HttpResponse:
    """Entries of a device, each answered by its own uuid."""
    actor = actor_of(request)
    found = finding.task_of(pk, actor=actor)
    try:
        good, bad = _read(_given(request))
        answers = [*bad, *finding.record(found, good, actor=actor)]
    except Refusal as refused:
        return JsonResponse(refused.as_dict(), status=refused.status)
    return JsonResponse(
        {
            "outcomes": [
                {"uuid": str(one.key), "state": one.state, "code": one.code, "words": one.words, "kind": one.kind}
                for one in answers
            ]
        }
    )  # fmt: skip


def _given(request: HttpRequest) -> list[Any]:
    body = bodies.raw(request, most=MOST_BYTES)
    try:
        sent = json.loads(body)["entries"] if body is not None else None
    except (ValueError, KeyError, TypeError):
        sent = None
    if not isinstance(sent, list) or len(sent) > MOST or not all(isinstance(row, dict) for row in sent):
        raise Invalid(_("内容看不懂，一次最多 {most} 条").format(most=MOST), way_out=_("请刷新页面。"))
    return sent


def _read(sent: list[dict[str, Any]]) -> tuple[list[Entry], list[Answer]]:
    """Entries that can be understood, and conflicts for those that cannot."""
    good, bad = [], []
    for row in sent:
        try:
            key = uuid.UUID(str(row.get("uuid")))
        except ValueError:
            raise Invalid(_("录入号不对"), way_out=_("请刷新页面。")) from None
        try:
            good.append(
                Entry(
                    key, str(row.get("kind", ""))[:10], _instant(row.get("found_at")), str(row.get("code") or "")[:60],
                    _whole(row.get("location")), _text(row, "name"), _text(row, "model"), _text(row, "serial_number"),
                    _text(row, "note"), _bytes(row.get("photo")),
                )
            )  # fmt: skip
        except Invalid as refused:
            bad.append(Answer(key, "conflict", refused.code, refused.reason))
    return good, bad


def _text(row: dict[str, Any], name: str) -> str:
    return str(row.get(name) or "")


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _instant(text: Any) -> dt.datetime:
    try:
        found = parse_datetime(str(text))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Invalid(_("扫描时间看不懂"), way_out=_("请核对设备时钟。"))
    return found


def _bytes(text: Any) -> bytes:
    """A photo as ``data:image/jpeg;base64,...``; what it is, is judged by its bytes."""
    if not text:
        return b""
    _head, _comma, body = str(text).partition(",")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(_("照片看不懂"), way_out=_("请重新拍照。")) from None
