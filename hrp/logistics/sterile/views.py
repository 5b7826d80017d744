"""消毒扫码工位: one station, one step, scan after scan; labels, lists and pictures."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hrp.logistics.sterile import papers, rules, selectors
from hrp.logistics.sterile.models import ForeignPhoto, Load, Machine, Pack
from hrp.logistics.sterile.services import cycle
from hrp.logistics.sterile.services.cycle import Station
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import files
from hrp.platform.base.refusals import Forbidden, NotFound, Refusal
from hrp.platform.org.models import OrgUnit
from hrp.platform.ui.actors import actor_of

FIELDS = (
    "step",
    "machine",
    "programme",
    "cycle_no",
    "load",
    "org_unit",
    "visit_no",
    "patient",
    "passed",
    "note",
)


def _given(source: Any) -> dict[str, str]:
    given = {name: source.get(name, "").strip() for name in FIELDS}
    if given["step"] not in rules.SCANNED:
        given["step"] = ""
    return given


def _steps(actor: User) -> list[tuple[str, str]]:
    """The steps of somebody who works here, and of somebody who only uses packs."""
    may_work, may_use = scope.has(actor, cycle.WORK), scope.has(actor, cycle.USE)
    if not (may_work or may_use):
        raise Forbidden(_("您没有消毒供应的权限。"), way_out=_("请联系安全管理员授权。"))
    return [(code, rules.STEPS[code]) for code in rules.SCANNED if (may_use if code == "use" else may_work)]


def _context(actor: User, given: dict[str, str], answer: dict[str, Any] | None = None) -> dict[str, Any]:
    steps = _steps(actor)
    given["step"] = given["step"] or steps[0][0]
    wanted = Machine.Kind.STERILISER if given["step"] == "sterilise" else Machine.Kind.WASHER
    return {
        "page_title": _("消毒扫码工位"),
        "steps": steps,
        "values": given,
        "machines": Machine.objects.filter(kind=wanted, is_active=True)
        if given["step"] in rules.MACHINED
        else [],
        "loads": selectors.open_loads() if given["step"] == "sterilise" else [],
        "units": OrgUnit.objects.filter(valid_to=None).order_by("code")
        if given["step"] in ("recover", "issue", "use")
        else [],
        "may_fail": given["step"] in ("wash", "disinfect", "pack"),
        "recent": selectors.recent_steps(actor.pk, given["step"]),
        "counts": [(title, selectors.counts().get(code, 0)) for code, title in rules.STATES.items()],
        "answer": answer,
    }


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "sterile/station.html", _context(actor_of(request), _given(request.GET)))


@require_POST
def scan(request: HttpRequest) -> HttpResponse:
    """One scan; answers with the live part of the page."""
    actor, given = actor_of(request), _given(request.POST)
    _steps(actor)
    try:
        row = cycle.step(actor=actor, station=_station(given), barcode=request.POST.get("code", ""))
    except Refusal as refusal:
        problems = "；".join(p.message for p in refusal.problems)
        said = {
            "tone": "stop",
            "title": _("没有登记"),
            "words": refusal.reason,
            "more": problems or refusal.way_out,
        }
    else:
        title = row.get_step_display() if row.passed else f"{row.get_step_display()}不合格，退回重洗"
        expiry = f"，失效日期 {row.expiry:%Y-%m-%d}" if row.step == "sterilise" and row.expiry else ""
        said = {"tone": "ok", "title": title, "words": f"{row.pack} {row.pack.pack_type}{expiry}"}
    template = "sterile/parts/live.html" if request.headers.get("HX-Request") else "sterile/station.html"
    return render(request, template, _context(actor, given, said))


def _station(given: dict[str, str]) -> Station:
    def key(name: str) -> int | None:
        return int(given[name]) if given[name].isdigit() else None

    machine, load, unit = key("machine"), key("load"), key("org_unit")
    return Station(
        step=given["step"],
        machine=Machine.objects.filter(pk=machine, is_active=True).first() if machine else None,
        programme=given["programme"],
        cycle_no=given["cycle_no"],
        load=Load.objects.select_related("machine").filter(pk=load, recalled_at=None).first()
        if load
        else None,
        org_unit_id=unit if unit and OrgUnit.objects.filter(pk=unit).exists() else None,
        visit_no=given["visit_no"],
        patient=given["patient"],
        passed=given["passed"] != "0",
        note=given["note"],
    )


VIEW = "logistics.pack.view"


def _pdf(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


@require_GET
def labels(request: HttpRequest) -> HttpResponse:
    """Labels of one pack, or of every pack of a load."""
    scope.require(actor_of(request), VIEW)
    pack, load = request.GET.get("pack", ""), request.GET.get("load", "")
    rows = Pack.objects.select_related("pack_type", "foreign_set", "load__machine").order_by("pk")
    if pack.isdigit():
        rows = rows.filter(pk=pack)
    else:
        rows = rows.filter(load=int(load)) if load.isdigit() else rows.none()
    packs = list(rows[:400])
    if not packs:
        raise NotFound(_("没有可打印的消毒包。"), way_out=_("请从消毒包或锅次页面打印。"))
    return _pdf(papers.pack_labels(packs), "pack-labels")


@require_GET
def load_list(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    scope.require(actor, VIEW)
    load = Load.objects.select_related("machine", "operator", "recalled_by").filter(pk=pk).first()
    if load is None:
        raise NotFound(_("没有找到该锅次。"), way_out=_("请从灭菌锅次打开。"))
    return _pdf(papers.load_list(load, actor=actor), f"load-{pk}")


@require_GET
def photo(request: HttpRequest, pk: int) -> HttpResponseBase:
    scope.require(actor_of(request), VIEW)
    found = ForeignPhoto.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("没有这张照片。"), way_out=_("请刷新页面。"))
    response = FileResponse(
        files.resolve(found.path).open("rb"), as_attachment=True, filename=found.name, content_type=found.mime
    )
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
