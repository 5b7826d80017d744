"""The list of a count for a device that may lose its network, and what the device sends when it is back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from hrp.logistics.catalogue.selectors import codes_of
from hrp.logistics.counting.models import CountTask
from hrp.logistics.counting.rules import Standing
from hrp.logistics.counting.services import counting
from hrp.logistics.counting.services.counting import WORK, Entry, Outcome
from hrp.logistics.handheld.views.answers import given, key_of
from hrp.logistics.requesting.services.delivering import quantity_of
from hrp.logistics.rules.expiry import NO_EXPIRY
from hrp.platform.access import scope
from hrp.platform.base.refusals import Invalid, NotFound, Refusal
from hrp.platform.ui.actors import actor_of

MOST = 500  # entries in one sending


def _task(request: HttpRequest, pk: int) -> CountTask:
    actor = actor_of(request)
    scope.require(actor, WORK)
    task = CountTask.objects.select_related("store").filter(pk=pk).first()
    if task is None or actor.pk not in task.counters:
        raise NotFound(_("没有找到分给您的盘点任务。"), way_out=_("请返回列表刷新。"))
    return task


@never_cache
@require_GET
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """What is to be counted and what this counter counted already; never what the books or the other say."""
    task, actor = _task(request, pk), actor_of(request)
    lines = list(
        task.lines.select_related("item", "batch").order_by("item__code", "batch__expiry", "position")
    )
    said = counting.said_of([line.pk for line in lines])
    disputed = {
        line for line, (state, _said) in counting.standings(task).items() if state == Standing.RECOUNT
    }
    known = codes_of([line.item_id for line in lines])
    rows = []
    for line in lines:
        own = [one.quantity for one in said.get(line.pk, ()) if one.counter == actor.pk]
        item, expiry = line.item, line.batch.expiry
        rows.append(
            {
                "id": line.pk, "item": item.pk, "code": item.code, "name": item.name, "spec": item.spec, "unit": item.unit,
                "codes": [code for code in (item.code, item.barcode, *known.get(item.pk, ())) if code], "lot": line.batch.lot,
                "expiry": "" if expiry == NO_EXPIRY else expiry.isoformat(),
                "own": f"{own[-1].normalize():f}" if own else None, "recount": line.pk in disputed,
            }
        )  # fmt: skip
    return JsonResponse(
        {"task": task.pk, "title": str(task), "open": task.state == CountTask.State.COUNTING, "lines": rows}
    )


@require_POST
def sync(request: HttpRequest, pk: int) -> HttpResponse:
    """Entries of a device, each answered by its own uuid."""
    task, actor = _task(request, pk), actor_of(request)
    try:
        sent = given(request).get("entries")
        if not isinstance(sent, list) or len(sent) > MOST:
            raise Invalid(_("一次最多 {most} 条").format(most=MOST), way_out=_("请刷新页面。"))
        good, bad = _read(sent)
        outcomes = [*bad, *counting.record(task, good, actor=actor)]
    except Refusal as refused:
        return JsonResponse(refused.as_dict(), status=refused.status)
    return JsonResponse(
        {
            "outcomes": [
                {"uuid": str(one.key), "state": one.state, "code": one.code, "words": one.words, "line": one.line}
                for one in outcomes
            ]
        }
    )  # fmt: skip


def _read(sent: list[Any]) -> tuple[list[Entry], list[Outcome]]:
    """Entries that can be understood, and conflicts for those that cannot."""
    good, bad = [], []
    for row in sent:
        if not isinstance(row, dict):
            raise Invalid(_("内容看不懂"), way_out=_("请刷新页面。"))
        key = key_of(row.get("uuid"))
        try:
            good.append(
                Entry(
                    key, quantity_of(str(row.get("quantity", "")), field="quantity"), _instant(row.get("counted_at")),
                    _whole(row.get("line")), _whole(row.get("item")), str(row.get("lot") or "")[:40], row.get("replace") is True,
                )
            )  # fmt: skip
        except Invalid as refused:
            bad.append(Outcome(key, "conflict", refused.code, refused.reason))
    return good, bad


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _instant(text: Any) -> dt.datetime:
    try:
        found = parse_datetime(str(text))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Invalid(_("盘点时间看不懂"), way_out=_("请核对设备时钟。"))
    return found
