"""The pages themselves."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hrp.logistics.bins.selectors import whereabouts, words_of
from hrp.logistics.bins.services.placing import PUT
from hrp.logistics.counting.models import CountTask
from hrp.logistics.counting.services.counting import WORK
from hrp.logistics.handheld.services import receiving
from hrp.logistics.requesting.documents.picking import Picking
from hrp.logistics.requesting.documents.requisition import Requisition
from hrp.logistics.requesting.documents.serving import HAND_OVER, SIGN
from hrp.logistics.requesting.models import QuotaCard
from hrp.logistics.requesting.selectors import deliveries, progress
from hrp.logistics.requesting.services import cards, picking
from hrp.logistics.requesting.services.delivering import quantity_of
from hrp.logistics.requesting.services.granting import POST, require_keeper
from hrp.platform.access import scope
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound, Refusal
from hrp.platform.documents.models import State
from hrp.platform.documents.registry import url_for
from hrp.platform.org.models import OrgUnit
from hrp.platform.ui.actors import actor_of

TILES = (
    ("receive", "收货", "package-import", receiving.EDIT),
    ("putaway", "上架", "map-pin-plus", PUT),
    ("pick", "拣货复核", "shopping-cart", POST),
    ("sign", "科室签收", "signature", f"{SIGN} {HAND_OVER}"),
    ("counts", "盘点", "list-check", WORK),
    ("cards", "定数卡", "cards", cards.SCAN),
    ("recall", "召回查找", "search", "logistics.stock.view"),
)
ANY = tuple(code for *_rest, codes in TILES for code in codes.split())


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    tiles = [
        (_(title), icon, reverse(f"logistics.handheld.{name}"))
        for name, title, icon, codes in TILES
        if any(scope.has(actor, code) for code in codes.split())
    ]
    if not tiles:
        raise Forbidden(_("您没有手持终端上的任何业务权限。"), way_out=_("如工作需要，请联系安全管理员。"))
    context = {
        "page_title": _("手持终端"),
        "tiles": tiles,
    }
    return render(request, "handheld/home.html", context)


@require_GET
def receive(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    scope.require(actor, receiving.EDIT)
    context = {"page_title": _("收货"), "transfers": receiving.arriving(actor)}
    return render(request, "handheld/receive.html", context)


@require_http_methods(["GET", "POST"])
def receive_one(request: HttpRequest, pk: int) -> HttpResponse:
    """One transfer: scanning fills in quantities, the button receives them."""
    actor = actor_of(request)
    scope.require(actor, receiving.EDIT)
    transfer = receiving.load(pk, actor)
    rows = receiving.rows_of(transfer)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            typed = {row.key: request.POST.get(f"quantity-{row.key}", "").strip() for row in rows}
            quantities = {key: quantity_of(text, field="quantity") for key, text in typed.items() if text}
            made = receiving.receive(transfer, actor=actor, quantities=quantities)
        except (Conflict, Invalid) as refused:
            refusal = refused
        else:
            messages.success(request, _("已收货 {receipt}").format(receipt=made))
            return redirect(reverse("logistics.handheld.receive"))
    shown = [(row, request.POST.get(f"quantity-{row.key}", "")) for row in rows]
    context = {"page_title": _("收货"), "transfer": transfer, "rows": shown, "refusal": refusal}
    return render(request, "handheld/receive_one.html", context, status=refusal.status if refusal else 200)


@require_GET
def pick(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    scope.require(actor, POST)
    units = scope.units(actor, POST)
    waiting = progress.waiting_to_pick(units)[:50]
    rows = Picking.objects.filter(state__in=("open", "picked")).select_related(
        "requisition__org_unit", "requisition__store"
    )
    mine = scope.filter(actor, POST, rows, "requisition__store__org_unit_id")
    busy = {one.requisition_id for one in mine}
    context = {
        "page_title": _("拣货复核"),
        "pickings": mine,
        "waiting": [one for one in waiting if one.pk not in busy],
    }
    return render(request, "handheld/pick.html", context)


@require_POST
def pick_start(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    found = Requisition.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("没有找到这张申领单。"), way_out=_("请返回列表刷新。"))
    made = picking.start(found, actor=actor)
    return redirect(reverse("logistics.handheld.pick.one", args=[made.pk]))


def load_picking(request: HttpRequest, pk: int) -> Picking:
    actor = actor_of(request)
    scope.require(actor, POST)
    found = (
        Picking.objects.select_related("requisition__org_unit", "requisition__store", "picked_by")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise NotFound(_("没有找到这张拣货单。"), way_out=_("请返回列表刷新。"))
    require_keeper(found.requisition, actor)
    return found


def pick_rows(found: Picking) -> list[dict[str, Any]]:
    picked = picking.picked_of(found)
    lines = list(found.lines.select_related("item", "batch").order_by("position"))
    places = whereabouts(found.requisition.store_id, [line.batch_id for line in lines])
    return [
        {
            "line": line, "picked": picked.get(line.pk, 0), "full": picked.get(line.pk, 0) >= line.quantity,
            "bin": words_of(places, line.batch_id),
        }
        for line in lines
    ]  # fmt: skip


@require_http_methods(["GET", "POST"])
def pick_one(request: HttpRequest, pk: int) -> HttpResponse:
    """One list: scanning picks; then 拣货完成, and 复核 which issues."""
    found = load_picking(request, pk)
    actor = actor_of(request)
    refusal: Refusal | None = None
    if request.method == "POST":
        verbs = {"finish": picking.finish, "check": picking.check}
        verb = verbs.get(request.POST.get("act", ""), picking.cancel)
        try:
            done = verb(found, actor=actor)
        except (Conflict, Invalid, Forbidden) as refused:
            refusal = refused
            found.refresh_from_db()
        else:
            if verb is picking.check:
                said = (
                    _("已出库 {document}") if done.state == State.POSTED else _("已提交 {document}，待审核")
                )
                messages.success(request, said.format(document=done))
                return redirect(reverse("logistics.handheld.pick"))
            back = "logistics.handheld.pick" if verb is picking.cancel else "logistics.handheld.pick.one"
            return redirect(reverse(back, args=[] if verb is picking.cancel else [pk]))
    context = {
        "page_title": str(found), "found": found, "rows": pick_rows(found), "refusal": refusal,
        "source_url": url_for(found.source) if found.source else "",
    }  # fmt: skip
    return render(request, "handheld/pick_one.html", context, status=refusal.status if refusal else 200)


@require_GET
def sign(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    if not (scope.has(actor, SIGN) or scope.has(actor, HAND_OVER)):
        scope.require(actor, SIGN)
    context = {
        "page_title": _("科室签收"),
        "waiting": deliveries.unsigned(actor)[:30] if scope.has(actor, SIGN) else (),
    }
    return render(request, "handheld/sign.html", context)


@require_GET
def counts(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    scope.require(actor, WORK)
    rows = CountTask.objects.filter(state=CountTask.State.COUNTING).select_related("store")
    mine = [task for task in rows if actor.pk in task.counters]
    return render(request, "handheld/counts.html", {"page_title": _("盘点"), "tasks": mine})


@require_GET
def count(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of one count; its list and its queue are the browser's."""
    actor = actor_of(request)
    scope.require(actor, WORK)
    task = CountTask.objects.select_related("store").filter(pk=pk).first()
    if task is None or actor.pk not in task.counters:
        raise NotFound(_("没有找到分给您的盘点任务。"), way_out=_("请返回列表刷新。"))
    return render(request, "handheld/count.html", {"page_title": _("盘点"), "task": task})


@require_http_methods(["GET", "POST"])
def quota_cards(request: HttpRequest) -> HttpResponse:
    """Scan empty cards; one button asks for all of them."""
    actor = actor_of(request)
    scope.require(actor, cards.SCAN)
    if request.method == "POST":
        unit = request.POST.get("unit", "")
        found = OrgUnit.objects.filter(pk=int(unit) if unit.isdigit() else 0).first()
        if found is None or not scope.has(actor, cards.SCAN, found.pk):
            raise NotFound(_("没有找到科室。"), way_out=_("请刷新页面。"))
        made = cards.ask(found, actor=actor)
        messages.success(request, _("已提交补货申领 {count} 张").format(count=len(made)))
        return redirect(reverse("logistics.handheld.cards"))
    return render(request, "handheld/cards.html", {"page_title": _("定数卡"), "groups": card_groups(actor)})


def card_groups(actor: Any) -> list[tuple[OrgUnit, list[QuotaCard]]]:
    """Empty cards by department."""
    rows = QuotaCard.objects.filter(
        state=QuotaCard.State.EMPTY, is_active=True, kind=QuotaCard.Kind.DEPARTMENT
    ).select_related("org_unit", "item")
    groups: dict[int, tuple[OrgUnit, list[QuotaCard]]] = {}
    for card in scope.filter(actor, cards.SCAN, rows).order_by("org_unit__code", "code"):
        groups.setdefault(card.org_unit_id, (card.org_unit, []))[1].append(card)
    return list(groups.values())
