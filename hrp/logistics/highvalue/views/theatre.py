"""手术室扫码使用: the patient's wristband once, then one scan a piece; the answer is seen and heard."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hrp.logistics.highvalue import papers, selectors
from hrp.logistics.highvalue.models import PatientUse
from hrp.logistics.highvalue.services import booking, emergencies, quotas, using
from hrp.logistics.highvalue.services.using import Visit
from hrp.logistics.models import Item, Supplier
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, NotFound, Problem, Refusal
from hrp.platform.org.models import OrgUnit
from hrp.platform.ui.actors import actor_of

FIELDS = ("visit", "patient", "operation", "operator", "diagnosis", "site", "org_unit")
BOOK = "logistics.use_booking.post"


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    scope.require(actor, using.USE)
    given = {name: request.GET.get(name, "").strip() for name in FIELDS}
    return render(request, "highvalue/theatre.html", _context(actor, given))


def _context(
    actor: User, given: Mapping[str, str], answer: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    visit = given["visit"]
    # a wristband opens what one's own departments know of the patient
    asked = scope.filter(actor, using.USE, selectors.requests_of(visit)).first() if visit else None
    values = dict(given)
    used = list(scope.filter(actor, using.USE, selectors.uses_of(visit))[:60]) if visit else []
    known = asked or (used[0] if used else None)
    if known is not None:
        values |= {
            name: values[name] or str(getattr(known, name))
            for name in ("patient", "operation", "operator", "diagnosis")
        }
        values["org_unit"] = values["org_unit"] or str(known.org_unit_id)
    values["org_unit"] = values["org_unit"] or str(actor.unit_id or "")
    places = scope.filter(actor, using.USE, OrgUnit.objects.filter(valid_to=None), "pk").order_by("code")
    return {
        "page_title": _("手术室扫码使用"),
        "values": values,
        "asked": asked,
        "picked": list(selectors.picked_for(visit)) if asked is not None else [],
        "used": used,
        "living": sum(1 for use in used if not hasattr(use, "cancel")),
        "places": places,
        "items": Item.objects.filter(trace_mode=Item.Trace.UNIT, status=Item.Status.ACTIVE).order_by("code")[
            :500
        ],
        "suppliers": Supplier.objects.filter(is_active=True).order_by("code"),
        "may_book": bool(visit) and scope.has(actor, BOOK) and any(use.unit.state == "used" for use in used),
        "answer": answer,
    }


@require_POST
def use(request: HttpRequest) -> HttpResponse:
    """One scan. Always answers with the page's live part: what happened, how it sounds, what is used so far."""
    actor = actor_of(request)
    scope.require(actor, using.USE)
    given = {name: request.POST.get(name, "").strip() for name in FIELDS}
    try:
        row = using.use(
            actor=actor, visit=_visit(given), code=request.POST.get("code", ""), site=given["site"],
            client_key=_key(request.POST.get("client_key", "")),
        )  # fmt: skip
    except Refusal as refusal:
        return _answer(request, actor, given, refused(refusal))
    warnings = "；".join(quotas.beyond(row))
    words = f"{row.unit.item} {row.unit.uid}"
    return _answer(
        request, actor, given, {"tone": "ok", "title": _("已登记使用"), "words": words, "more": warnings}
    )


@require_POST
def emergency(request: HttpRequest) -> HttpResponse:
    """A piece nobody registered, used at once."""
    actor, post = actor_of(request), request.POST
    scope.require(actor, using.USE)
    given = {name: post.get(name, "").strip() for name in FIELDS}
    try:
        row = emergencies.use(
            actor=actor, visit=_visit(given), code=post.get("code", ""), item=_item(post), supplier_id=_supplier(post),
            reason=post.get("reason", ""), lot=post.get("lot", ""), expiry=_expiry(post), price=_price(post),
        )  # fmt: skip
    except Refusal as refusal:
        return _answer(request, actor, given, refused(refusal))
    due = clock.local(row.emergency_case.due_at)
    words = f"{row.unit.item} {row.unit.uid}，" + _("请在 {at:%m-%d %H:%M} 前补批").format(at=due)
    return _answer(request, actor, given, {"tone": "ok", "title": _("已登记紧急使用"), "words": words})


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a scan made in error."""
    actor = actor_of(request)
    scope.require(actor, using.USE)
    found = PatientUse.objects.select_related("unit__item").filter(pk=pk).first()
    if found is None or not scope.has(actor, using.USE, found.org_unit_id):
        raise NotFound(_("没有找到这次使用登记"), way_out=_("请刷新页面。"))
    given = dict.fromkeys(FIELDS, "") | {"visit": found.visit_no, "org_unit": str(found.org_unit_id)}
    try:
        using.cancel(actor=actor, use=found, reason=request.POST.get("reason", ""))
    except Refusal as refusal:
        return _answer(request, actor, given, refused(refusal))
    return _answer(request, actor, given, {"tone": "ok", "title": _("已撤销"), "words": found.unit.uid})


@require_POST
def book(request: HttpRequest) -> HttpResponse:
    """The operation is over: book what it used."""
    actor, visit = actor_of(request), request.POST.get("visit", "").strip()
    scope.require(actor, BOOK)
    done = booking.book_all(actor=actor, on=clock.today(), visit_no=visit) if visit else []
    messages.success(request, _("已入账 {count} 张高值使用单").format(count=len(done)))
    return redirect(f"{reverse('logistics.theatre')}?visit={visit}")


@require_GET
def sheet(request: HttpRequest) -> HttpResponse:
    """使用清单 of one visit, with room for the labels of the packs."""
    actor = actor_of(request)
    scope.require(actor, using.USE)
    uses = scope.filter(actor, using.USE, selectors.uses_of(request.GET.get("visit", "").strip()))
    rows = [use for use in uses if not hasattr(use, "cancel")]
    if not rows:
        raise NotFound(_("该就诊号没有使用登记"), way_out=_("请核对就诊号。"))
    return papers.answer(papers.use_sheet(rows, actor=actor), f"use-{rows[0].visit_no}")


def refused(refusal: Refusal) -> dict[str, Any]:
    """How a refusal looks and sounds."""
    tone = "duplicate" if refusal.code == "unit_used" else "stop"
    title = {"unit_used": _("重复使用，已拒绝"), "unit_stopped": _("禁止使用")}.get(
        refusal.code, _("没有登记")
    )
    problems = "；".join(p.message for p in refusal.problems)
    return {"tone": tone, "title": title, "words": refusal.reason, "more": problems or refusal.way_out}


def _answer(
    request: HttpRequest, actor: User, given: Mapping[str, str], answer: dict[str, Any]
) -> HttpResponse:
    template = "highvalue/parts/live.html" if request.headers.get("HX-Request") else "highvalue/theatre.html"
    return render(request, template, _context(actor, given, answer))


def _visit(given: Mapping[str, str]) -> Visit:
    if not given["org_unit"].isdigit():
        raise Invalid(
            "请选择使用科室", problems=[Problem("请选择使用科室", field="org_unit")], way_out="请选择。"
        )
    return Visit(
        given["visit"],
        given["patient"],
        given["operation"],
        given["operator"],
        int(given["org_unit"]),
        given["diagnosis"],
    )


def _key(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None


def _item(post: Mapping[str, str]) -> Item:
    found = Item.objects.filter(pk=post["item"]).first() if post.get("item", "").isdigit() else None
    if found is None:
        raise Invalid("请选择物资", problems=[Problem("请选择物资", field="item")], way_out="请从列表选择。")
    return found


def _supplier(post: Mapping[str, str]) -> int:
    text = post.get("supplier", "")
    if not text.isdigit() or not Supplier.objects.filter(pk=text).exists():
        raise Invalid(
            "请选择供应商", problems=[Problem("请选择供应商", field="supplier")], way_out="请从列表选择。"
        )
    return int(text)


def _expiry(post: Mapping[str, str]) -> dt.date | None:
    text = post.get("expiry", "").strip().replace("/", "-")
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(
            "有效期看不懂", problems=[Problem("写成 2026-11-23", field="expiry")], way_out="写成 2026-11-23。"
        ) from None


def _price(post: Mapping[str, str]) -> Decimal | None:
    text = post.get("price", "").strip()
    try:
        price = Decimal(text) if text else None
    except InvalidOperation:
        price = Decimal(-1)
    if price is not None and not (price.is_finite() and price > 0):
        raise Invalid(
            "价格应为正数",
            problems=[Problem("应为正数", field="price")],
            way_out="请填写数字，或留空待补批时填写。",
        )
    return price
