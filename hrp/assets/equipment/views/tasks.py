"""Doing a task point by point, and the trend of what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from hrp.assets.equipment.models import Task, TaskResult, TemplateItem
from hrp.assets.equipment.rules import limits
from hrp.assets.equipment.services import care
from hrp.assets.equipment.services.care import Found
from hrp.assets.models import Asset
from hrp.platform.access import scope
from hrp.platform.base.refusals import Invalid, NotFound, Problem, Refusal
from hrp.platform.ui.actors import actor_of

WIDTH, HEIGHT = 640, 160


@require_http_methods(["GET", "POST"])
def do(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    scope.require(actor, care.WORK)
    task = Task.objects.select_related("asset", "template", "org_unit").filter(pk=pk).first()
    if task is None or not scope.has(actor, care.WORK, task.org_unit_id):
        raise NotFound(_("没有找到这项维护任务。"), way_out=_("请从维护日历打开。"))
    items = list(TemplateItem.objects.filter(template=task.template, is_active=True).order_by("position"))
    if request.method == "GET":
        return render(request, "equipment/task.html", _context(task, items, {}))
    try:
        found = {item.pk: one for item in items if (one := _read(item, request.POST)) is not None}
        row = care.complete(
            actor=actor, task=task, found=found, hours=_number(request.POST.get("hours", ""), "hours"),
            note=request.POST.get("note", ""),
        )  # fmt: skip
    except Refusal as refusal:
        context = _context(task, items, request.POST) | {"refusal": refusal}
        return render(request, "equipment/task.html", context, status=refusal.status)
    messages.success(request, f"{row.template}：{row.get_state_display()}")
    return redirect(f"/assets/tasks/{row.pk}")


def _read(item: TemplateItem, post: Mapping[str, str]) -> Found | None:
    note = post.get(f"note-{item.pk}", "")
    if item.numeric:
        value = _number(post.get(f"item-{item.pk}", ""), f"item-{item.pk}")
        return None if value is None else Found(value=value, note=note)
    given = post.get(f"item-{item.pk}", "")
    return Found(passed=given == "ok", note=note) if given in ("ok", "bad") else None


def _number(text: str, field: str) -> Decimal | None:
    try:
        found = Decimal(text.strip()) if text.strip() else None
    except InvalidOperation:
        found = Decimal("NaN")
    if found is not None and not (found.is_finite() and abs(found) < 10**9):
        raise Invalid(
            _("请填写数字"), problems=[Problem(_("应为数字"), field=field)], way_out=_("请改正后提交。")
        )
    return found


def _context(task: Task, items: list[TemplateItem], given: Mapping[str, str]) -> dict[str, Any]:
    rows = [
        {"item": item, "limits": limits.described(item.low, item.high, item.unit), "given": given.get(f"item-{item.pk}", ""),
         "note": given.get(f"note-{item.pk}", "")}
        for item in items
    ]  # fmt: skip
    return {
        "page_title": str(task.template), "task": task, "rows": rows, "hours": given.get("hours", ""), "note": given.get("note", ""),
    }  # fmt: skip


@require_GET
def trend(request: HttpRequest, pk: int) -> HttpResponse:
    """Every measured point of a machine over time, between its limits."""
    actor = actor_of(request)
    scope.require(actor, "assets.care.view")
    asset = Asset.objects.filter(pk=pk).first()
    if asset is None or not scope.has(actor, "assets.care.view", asset.org_unit_id):
        raise NotFound(_("没有找到这台设备。"), way_out=_("请从资产卡片打开。"))
    found = (
        TaskResult.objects.filter(task__asset=asset)
        .exclude(value=None)
        .select_related("item__template", "task")
    )
    series: dict[int, list[TaskResult]] = {}
    for one in found.order_by("item__template_id", "item__position", "task__done_on", "id"):
        series.setdefault(one.item_id, []).append(one)
    context = {
        "page_title": _("检测趋势"),
        "asset": asset,
        "charts": [_chart(some) for some in series.values()],
    }
    return render(request, "equipment/trend.html", context)


def _chart(results: list[TaskResult]) -> dict[str, Any]:
    """Points and limits in the units of the drawing."""
    item, last = results[-1].item, results[-1]
    values = [one.value for one in results if one.value is not None]
    bounds = [bound for bound in (last.low, last.high) if bound is not None]
    least, most = min([*values, *bounds]), max([*values, *bounds])
    span = (most - least) or Decimal(1)

    def y(value: Decimal) -> int:
        return int(HEIGHT - 16 - (value - least) / span * (HEIGHT - 32))

    step = WIDTH // (len(values) + 1)
    points = [
        {"x": step * (place + 1), "y": y(one.value), "result": one, "text": f"{one.value.normalize():f}"}
        for place, one in enumerate(results)
        if one.value is not None
    ]
    return {
        "item": item, "limits": limits.described(last.low, last.high, item.unit), "points": points, "width": WIDTH, "height": HEIGHT,
        "line": " ".join(f"{point['x']},{point['y']}" for point in points), "bounds": [y(bound) for bound in bounds],
        "failed": sum(not one.passed for one in results),
    }  # fmt: skip
