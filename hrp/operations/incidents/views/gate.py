"""Arriving: the page behind the code at a gate, the printed code itself, and the photo that was taken."""

from __future__ import annotations

from typing import BinaryIO, cast

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.desk import selectors as desk
from hrp.operations.desk.services import chain
from hrp.operations.incidents import selectors
from hrp.operations.incidents.models import ArrivalEvidence, Gate
from hrp.operations.incidents.services import onsite
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock, files
from hrp.platform.base.files import StoredFile
from hrp.platform.base.refusals import Invalid, NotFound, Refusal
from hrp.platform.exchange import forms, pdf
from hrp.platform.ui.actors import actor_of

PHOTO_BYTES = 8 * 1024 * 1024


@require_http_methods(["GET", "POST"])
def check_in(request: HttpRequest, code: str) -> HttpResponse:
    """What the engineer's phone shows after the scan: which ticket, a photo if wanted, one button."""
    actor = actor_of(request)
    gate = selectors.gate(code)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            made = _check_in(request, actor, gate)
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("{person} 已签到").format(person=made.person))
            return redirect(
                selectors.url_of(made.ticket)
                if selectors.is_emergency(made.ticket)
                else desk.url_of(made.ticket)
            )
    context = {
        "page_title": _("到场签到"),
        "gate": gate,
        "tickets": selectors.expected_at(desk.tickets(actor), gate),
        "chosen": request.POST.get("ticket", ""),
        "is_supplier": contracts.side_of(actor) == Side.SUPPLIER.value,
        "moment": clock.now(),
        "refusal": refusal,
    }
    return render(request, "incidents/check_in.html", context, status=refusal.status if refusal else 200)


def _check_in(request: HttpRequest, actor: User, gate: Gate) -> ArrivalEvidence:
    chosen = request.POST.get("ticket", "")
    if not chosen.isdecimal():
        raise Invalid("请选择为哪张工单到场", way_out="从列表中选择；没有列出的请联系服务台。")
    ticket = desk.ticket(actor, int(chosen))
    photo = _photo(request)
    try:
        return onsite.check_in(
            actor=actor,
            ticket=ticket,
            gate=gate,
            location=request.POST.get("location", "")[:80],
            note=request.POST.get("note", "")[:200],
            photo=photo,
        )
    except BaseException:
        if photo is not None:
            files.remove(photo.path)
        raise


def _photo(request: HttpRequest) -> StoredFile | None:
    given = request.FILES.get("photo")
    if given is None:
        return None
    return files.store_upload(
        cast(BinaryIO, given),
        name=given.name or "",
        allowed=("jpg", "png"),
        max_bytes=PHOTO_BYTES,
        folder="arrivals",
    )


@require_GET
def photo(request: HttpRequest, pk: int) -> HttpResponseBase:
    found = ArrivalEvidence.objects.select_related("ticket").filter(pk=pk).exclude(photo_path="").first()
    if found is None:
        raise NotFound("没有找到该照片", way_out="请返回工单查看到场凭据。")
    scope.check_object(actor_of(request), desk.VIEW, found.ticket)
    response = FileResponse(files.resolve(found.photo_path).open("rb"), content_type=found.photo_mime)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@require_GET
def code_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The code to be put up at the gate, as a label on paper."""
    actor = actor_of(request)
    scope.require(actor, onsite.GATE)
    chain.require_side(chain.side_of(actor), Side.HOSPITAL, "打印签到码")
    gate = Gate.objects.select_related("campus__hospital").filter(pk=pk).first()
    if gate is None:
        raise NotFound("没有找到该签到点", way_out="请返回签到点列表刷新。")
    address = request.build_absolute_uri(reverse("operations.gate.check_in", args=[gate.code]))
    label = forms.label(
        title=f"运维到场签到　{gate.name}",
        code=gate.place,
        fields=[("院区", gate.campus.name)],
        qr=address,
        bars=False,
    )
    sheet = {"hospital": gate.campus.hospital.name, "width": 120, "height": 80, "labels": [label]}
    response = HttpResponse(pdf.render("label", sheet), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="gate-{gate.pk}.pdf"'
    return response
