"""What a scanned machine says on a phone: what it is, how it is, and 报修 with a picture."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from hrp.assets.equipment.models import RepairOrder, StopTag
from hrp.assets.equipment.models.repairs import Priority
from hrp.assets.equipment.rules import flow
from hrp.assets.equipment.services import repair_files, repairs
from hrp.assets.models import Asset
from hrp.assets.models.cards import HELD
from hrp.assets.rules.labels import token_of
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, NotFound, Problem, Refusal
from hrp.platform.exchange import codes
from hrp.platform.ui.actors import actor_of


@require_GET
def find(request: HttpRequest) -> HttpResponse:
    """Where a scanner's text is typed: the address in a code, its token, or the number on the machine."""
    actor = actor_of(request)
    _enter(actor)
    text = request.GET.get("q", "").strip()
    if not text:
        return render(request, "equipment/find.html", {"page_title": _("扫码报修")})
    last = text.rstrip("/").rsplit("/", 1)[-1]
    try:
        token = token_of(text) or uuid.UUID(last)
    except ValueError:
        found = Asset.objects.filter(number=text, status__in=HELD).first()
    else:
        found = Asset.objects.filter(token=token, status__in=HELD).first()
    if found is None or not _near(actor, found):
        said = _("没有找到“{text}”。请核对资产编号，或重新扫码。").format(text=text[:40])
        return render(
            request, "equipment/find.html", {"page_title": _("扫码报修"), "said": said, "q": text}, status=404
        )
    return redirect("assets.scan", token=found.token)


def _enter(actor: User) -> None:
    """Who neither reports repairs nor looks at them has no business with a code."""
    if not scope.has(actor, repairs.VIEW):
        scope.require(actor, repairs.REPORT)


def _near(actor: User, asset: Asset) -> bool:
    """Whether somebody may see this machine: where it is used, or by the right to repair it."""
    return any(
        scope.has(actor, code, unit)
        for unit in repairs.users_of(asset)
        for code in (repairs.REPORT, repairs.VIEW)
    )


def _load(request: HttpRequest, token: uuid.UUID) -> Asset:
    _enter(actor_of(request))
    found = Asset.objects.select_related("org_unit", "location", "asset_class", "keeper").filter(
        token=token, status__in=HELD
    ).first()  # fmt: skip
    if found is None or not _near(actor_of(request), found):
        raise NotFound(_("没有找到这台设备。"), way_out=_("请重新扫码；如属其他科室，请联系设备科。"))
    return found


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, token: uuid.UUID) -> HttpResponse:
    asset, actor = _load(request, token), actor_of(request)
    if request.method == "GET":
        return render(request, "equipment/scan.html", _context(actor, asset, {}))
    given = {
        name: request.POST.get(name, "").strip() for name in ("fault", "priority", "fault_at", "contact")
    }
    given["down"] = "1" if request.POST.get("down") else ""
    try:
        order = repairs.report(
            actor=actor, asset=asset, fault=given["fault"], priority=given["priority"] or Priority.NORMAL,
            is_down=bool(given["down"]), fault_at=_moment(given["fault_at"]), contact=given["contact"], origin="scan",
        )  # fmt: skip
    except Refusal as refusal:
        context = _context(actor, asset, given) | {"refusal": refusal}
        return render(request, "equipment/scan.html", context, status=refusal.status)
    for upload in request.FILES.getlist("photos")[: repair_files.MOST]:
        try:
            repair_files.add_photo(actor=actor, order=order, upload=upload)
        except Refusal as refusal:  # the report stands; the picture can be sent again
            messages.warning(request, _("照片没有保存：{why}").format(why=refusal.reason))
    messages.success(request, _("已报修 {number}，已通知设备科").format(number=order.number))
    return redirect(
        repairs.url_of(order) if scope.has(actor, repairs.VIEW, order.org_unit_id) else request.path
    )


def _context(actor: User, asset: Asset, given: dict[str, str]) -> dict[str, Any]:
    order = (
        RepairOrder.objects.filter(asset=asset, state__in=flow.OPEN)
        .select_related("reporter", "engineer")
        .first()
    )
    units = repairs.users_of(asset)
    past = RepairOrder.objects.filter(asset=asset).exclude(state__in=flow.OPEN).order_by("-id")[:5]
    return {
        "page_title": asset.name,
        "asset": asset,
        "order": order,
        "past": [row for row in past if scope.has(actor, repairs.VIEW, row.org_unit_id)],
        "tags": StopTag.objects.filter(asset=asset, state=StopTag.State.HUNG),
        "may_report": any(scope.has(actor, repairs.REPORT, unit) for unit in units),
        "may_open": order is not None and scope.has(actor, repairs.VIEW, order.org_unit_id),
        "priorities": Priority.choices,
        "given": {"priority": Priority.NORMAL, "down": "1"} | given,
        "in_warranty": asset.warranty_to is not None and asset.warranty_to >= clock.today(),
        "now": f"{clock.local(clock.now()):%Y-%m-%dT%H:%M}",
    }


def _moment(text: str) -> dt.datetime | None:
    """A wall-clock time of the hospital as phones send it."""
    if not text:
        return None
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=clock.HOSPITAL_ZONE)
    except ValueError:
        raise Invalid(
            _("故障时间看不懂"), problems=[Problem(_("写成 2026-11-23 08:30"), field="fault_at")],
            way_out=_("请重新选择故障时间。"),
        ) from None  # fmt: skip


@require_GET
def code(request: HttpRequest, token: uuid.UUID) -> HttpResponse:
    """The code to be stuck on the machine: the address of its page, which says nothing but a token."""
    scope.require(actor_of(request), repairs.VIEW)
    asset = _load(request, token)
    address = request.build_absolute_uri(reverse("assets.scan", args=[asset.token]))
    drawn = mark_safe(codes.qr_svg(address, title=str(asset)))  # noqa: S308 - drawn by us
    return render(
        request, "equipment/code.html", {"page_title": _("设备二维码"), "asset": asset, "drawn": drawn}
    )
