"""补货建议: what each rule came to and why; a person ticks, changes quantities, and makes a plan."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hrp.logistics.models import Store
from hrp.logistics.purchasing.models import ReplenishmentRun
from hrp.logistics.purchasing.positions import open_plans
from hrp.logistics.purchasing.services import replenishing
from hrp.logistics.purchasing.views import reading
from hrp.platform.access import scope
from hrp.platform.base.refusals import Invalid, NotFound
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.actors import actor_of

PLAN = replenishing.PLAN


@require_GET
def suggestions(request: HttpRequest) -> HttpResponse:
    """The latest run of a store, or the one asked for."""
    actor = actor_of(request)
    scope.require(actor, PLAN)
    stores = scope.filter(
        actor, PLAN, Store.objects.filter(is_active=True).exclude(kind__in=("transit", "quarantine"))
    )
    runs = scope.filter(
        actor, PLAN, ReplenishmentRun.objects.select_related("store", "actor"), "store__org_unit_id"
    )
    asked, store = request.GET.get("run", ""), request.GET.get("store", "")
    if asked.isdecimal():
        run = runs.filter(pk=asked).first()
    else:
        run = (runs.filter(store_id=store) if store.isdecimal() else runs).first()
    lines = list(run.lines.select_related("item", "rule", "rule__supplier")) if run else []
    everything = request.GET.get("all") == "1"
    planned = open_plans(run.store_id, [line.item_id for line in lines], but=None) if run else {}
    shown = [line for line in lines if everything or line.quantity or line.problem]
    context = {
        "page_title": _("补货建议"),
        "run": run,
        "stores": stores.order_by("code"),
        "lines": [(line, planned.get(line.item_id)) for line in shown],
        "silent": sum(1 for line in lines if not line.quantity and not line.problem),
        "everything": everything,
        "chosen": run.store_id if run else (int(store) if store.isdecimal() else None),
    }
    return render(request, "purchasing/replenishment.html", context)


@require_POST
def calculate(request: HttpRequest) -> HttpResponse:
    """计算 for a store."""
    actor = actor_of(request)
    scope.require(actor, PLAN)

    def verb() -> tuple[str, str]:
        text = request.POST.get("store", "")
        if not text.isdecimal():
            raise Invalid(_("请选择库房"), way_out=_("选择要补货的库房再计算。"))
        store = Store.objects.filter(pk=text).first()
        if store is None:
            raise NotFound(_("没有这个库房"), way_out=_("请刷新页面后重新选择。"))
        run = replenishing.calculate(actor=actor, store=store)
        return _("已计算"), f"/logistics/purchasing/replenishment?run={run.pk}"

    return reading.answer(request, verb)


@require_POST
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft plan of what is ticked."""

    def verb() -> tuple[str, str]:
        run = ReplenishmentRun.objects.select_related("store").filter(pk=pk).first()
        if run is None:
            raise NotFound(_("没有这次计算"), way_out=_("请重新计算。"))
        ticked = [int(key) for key in request.POST.getlist("line") if key.isdecimal()]
        chosen = {key: reading.quantity(request.POST, f"quantity-{key}", _("采购数量")) for key in ticked}
        made = replenishing.plan(actor=actor_of(request), run=run, chosen=chosen)
        return _("采购计划草稿已生成，请核对后提交"), url_for(made.source)

    return reading.answer(request, verb)
