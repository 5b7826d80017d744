"""核发: the store's word on a request, line by line."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from hrp.logistics.models import Item
from hrp.logistics.requesting.documents.limits import used_in_month
from hrp.logistics.requesting.documents.requisition import Requisition
from hrp.logistics.requesting.models import DepartmentQuota
from hrp.logistics.requesting.services import granting
from hrp.logistics.requesting.services.delivering import quantity_of
from hrp.logistics.requesting.services.granting import Grant
from hrp.logistics.subledger import holding
from hrp.platform.base.refusals import Conflict, Invalid, NotFound, Problem, Refusal
from hrp.platform.documents import posting
from hrp.platform.documents.models import State
from hrp.platform.documents.registry import url_for
from hrp.platform.org.models import valid_on
from hrp.platform.ui.actors import actor_of


@require_http_methods(["GET", "POST"])
def grant(request: HttpRequest, pk: int) -> HttpResponse:
    """What was asked beside what is there; 核发 writes the store's word and promises it at once."""
    actor = actor_of(request)
    found = Requisition.objects.select_related("store", "org_unit", "maker").filter(pk=pk).first()
    if found is None:
        raise NotFound(_("没有找到这张申领单。"), way_out=_("请从列表打开。"))
    granting.require_keeper(found, actor)
    refusal: Refusal | None = None
    typed: dict[str, str] = {}
    if request.method == "POST":
        typed = request.POST.dict()
        try:
            found = granting.grant(found, actor=actor, grants=_grants(found, typed))
            posting.post(found, actor=actor)
        except (Invalid, Conflict) as refused:
            refusal = refused
            found.refresh_from_db()
        else:
            messages.success(request, _("已核发，库存已占用"))
            return redirect(url_for(found.source))
    if found.state != State.APPROVED:
        return redirect(url_for(found.source))
    context = {
        "page_title": _("核发 {request}").format(request=found),
        "found": found,
        "url": url_for(found.source),
        "rows": _rows(found, typed, refusal),
        "refusal": refusal,
    }
    return render(request, "requesting/grant.html", context, status=refusal.status if refusal else 200)


def _grants(found: Requisition, typed: dict[str, str]) -> dict[int, Grant]:
    grants, problems = {}, []
    for line in found.lines.select_related("item"):
        at = line.position
        code = typed.get(f"substitute-{at}", "").strip()
        other = Item.objects.filter(code=code).first() if code else None
        if code and other is None:
            problems.append(Problem(f"没有编码为 {code[:20]} 的物资", field="substitute", line=at - 1))
        quantity = quantity_of(typed.get(f"granted-{at}", ""), field="granted")
        grants[at] = Grant(quantity, other.pk if other else None, typed.get(f"note-{at}", "").strip())
    if problems:
        raise Invalid(_("核发有误"), problems=problems, way_out=_("请按提示修改。"))
    return grants


def _rows(found: Requisition, typed: dict[str, str], refusal: Refusal | None) -> list[dict[str, Any]]:
    lines = list(found.lines.select_related("item", "substitute").order_by("position"))
    items = [line.item_id for line in lines]
    free = holding.available(found.store_id, items, on=found.business_date)
    quotas = dict(
        DepartmentQuota.objects.filter(valid_on(found.business_date), org_unit=found.org_unit_id, item__in=items)
        .values_list("item_id", "quantity")
    )  # fmt: skip
    used = used_in_month(items, org_unit_id=found.org_unit_id, on=found.business_date, but=found.pk)
    wrong: dict[int, list[str]] = {}
    for problem in refusal.problems if refusal else ():
        if problem.line is not None:
            wrong.setdefault(problem.line + 1, []).append(problem.message)
    rows = []
    for line in lines:
        there = free[line.item_id]
        proposed = line.granted if line.granted is not None else min(line.quantity, there)
        note = line.grant_note or (_("库存不足") if proposed < line.quantity else "")
        free[line.item_id] = max(there - proposed, Decimal(0))
        at = line.position
        rows.append(
            {
                "line": line, "there": there, "short": there < line.quantity, "quota": quotas.get(line.item_id),
                "used": used[line.item_id], "granted": typed.get(f"granted-{at}", f"{proposed.normalize():f}"),
                "substitute": typed.get(f"substitute-{at}", line.substitute.code if line.substitute else ""),
                "note": typed.get(f"note-{at}", note), "wrong": wrong.get(at, ()),
            }
        )  # fmt: skip
    return rows
