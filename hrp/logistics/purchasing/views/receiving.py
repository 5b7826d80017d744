"""收货验收 against an order: one page with everything filled in that is known, one button."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from hrp.logistics.models import Item
from hrp.logistics.purchasing import terms
from hrp.logistics.purchasing.documents.purchase_order import PurchaseOrder
from hrp.logistics.purchasing.rules import checklist
from hrp.logistics.purchasing.selectors import progress
from hrp.logistics.purchasing.services import receiving
from hrp.logistics.purchasing.views import reading
from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, NotFound
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.actors import actor_of

EDIT = "logistics.inspection.edit"
TEMPERATURES = ("temperature_start", "temperature_way", "temperature_arrival")


@require_http_methods(["GET", "POST"])
def receive(request: HttpRequest, pk: int) -> HttpResponse:
    """What is still to come of an order, or what its supplier announced."""
    actor = actor_of(request)
    scope.require(actor, EDIT)
    order = PurchaseOrder.objects.select_related("supplier", "store", "maker").filter(pk=pk).first()
    if order is None or not scope.has(actor, EDIT, order.store.org_unit_id):
        raise NotFound(_("没有这张订单"), way_out=_("请从订单跟踪打开。"))
    note = receiving.announced(order)
    rows = receiving.expected(order, note)
    if request.method == "POST":
        return reading.answer(request, lambda: _written(request, order, note, rows))
    items = Item.objects.in_bulk({row["item"] for row in rows})
    today = clock.today()
    lines = [
        {
            **row, "item": items[row["item"]], "checks": checklist.applying(terms.traits_of(items[row["item"]])),
            "two": terms.needs_two(items[row["item"]], today),
        }
        for row in rows
    ]  # fmt: skip
    context = {
        "page_title": _("收货验收 {number}").format(number=order.number),
        "order": order,
        "progress": progress.of(order.pk),
        "announced": note,
        "lines": lines,
        "cold": any(line["item"].cold_chain for line in lines),
        "two": any(line["two"] for line in lines),
        "own": order.maker_id == actor.pk,
    }
    return render(request, "purchasing/receive.html", context)


def _written(request: HttpRequest, order: PurchaseOrder, note: Any, rows: list[Any]) -> tuple[str, str]:
    given = request.POST
    found = progress.of(order.pk)
    if found is None or not found.is_open:
        raise Conflict(_("订单已不在等货"), way_out=_("请回到订单跟踪查看。"), code="wrong_status")
    kept: list[dict[str, Any]] = []
    failing: dict[int, dict[str, str]] = {}
    for place, row in enumerate(rows):
        if not given.get(f"quantity-{place}", "").strip():
            continue
        line, wrong = _line(given, place, row)
        if line["quantity"]:
            failing[len(kept)] = wrong
            kept.append(line)
    if not kept:
        raise Invalid(_("没有填写任何到货数量"), way_out=_("请至少填写一行。"))
    header = receiving.header_of(
        order.store, supplier=order.supplier_id, delivery_note=note.pk if note else None,
        note_number=given.get("note_number", "").strip()[:40], invoice_number=given.get("invoice_number", "").strip()[:40],
        **{name: given.get(name, "").strip() or None for name in TEMPERATURES},
    )  # fmt: skip
    finish = given.get("act") == "finish"
    if finish:
        kept = receiving.judged_rows(kept, failing)
    document, receipts = receiving.inspect(actor=actor_of(request), header=header, rows=kept, finish=finish)
    if receipts:
        return _("已验收，入库单草稿已生成"), url_for(receipts[0].source)
    if finish and document.state == "approved":
        return _("已签字，还须另一位验收员签字后过账"), url_for(document.source)
    return _("验收单已保存"), url_for(document.source)


def _line(
    given: Mapping[str, str], place: int, row: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    title = _("第 {n} 行").format(n=place + 1)
    arrived = reading.quantity(given, f"quantity-{place}", title)
    reason = given.get(f"reason-{place}", "").strip()[:200]
    wrong = {check.code: reason for check in checklist.CHECKS if given.get(f"fail-{place}-{check.code}")}
    accepted = arrived
    if given.get(f"accepted-{place}", "").strip():
        accepted = reading.quantity(given, f"accepted-{place}", title)
    line = {
        **row, "quantity": arrived, "accepted": accepted, "lot": given.get(f"lot-{place}", "").strip()[:40],
        "produced": reading.day(given, f"produced-{place}", title), "expiry": reading.day(given, f"expiry-{place}", title),
        "sterile_expiry": reading.day(given, f"sterile-{place}", title), "reason": reason,
        "disposal": given.get(f"disposal-{place}") or "refuse",
    }  # fmt: skip
    return line, wrong
