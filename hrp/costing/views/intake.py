"""成本数据导入: template, check, import of a month in one workbook."""

from __future__ import annotations

import datetime as dt
from typing import Any, BinaryIO, cast

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from hrp.costing.services import intake
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem, Refusal
from hrp.platform.documents import registry
from hrp.platform.exchange.services import imports
from hrp.platform.exchange.sheets import Preview, template
from hrp.platform.org import selectors as org
from hrp.platform.org.models import Campus, OrgUnit
from hrp.platform.ui.actors import actor_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_GET
def template_file(request: HttpRequest) -> HttpResponse:
    """The empty workbook, or with ``run`` the person's own with its problems written in."""
    actor = actor_of(request)
    scope.require(actor, intake.PERMISSION)
    given = request.GET.get("run", "")
    if given.isdigit():
        content, name = (
            imports.error_workbook(actor=actor, run_id=int(given), spec=intake.workbook()),
            _("问题清单.xlsx"),
        )
    else:
        content, name = template(intake.workbook()), _("成本数据模板.xlsx")
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, name) or ""
    return response


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Upload, look at what was found, then import all of it or nothing."""
    actor = actor_of(request)
    scope.require(actor, intake.PERMISSION)
    if request.method != "POST":
        return _page(request, actor)
    run_id = request.POST.get("run", "")
    try:
        if run_id.isdigit() and request.POST.get("step") == "commit":
            return _commit(request, actor, int(run_id))
        if run_id.isdigit():
            imports.discard(actor=actor, run_id=int(run_id))
            return redirect("costing.intake")
        given = _file(request)
        run, _found = imports.preview(
            actor=actor, spec=intake.workbook(), file=cast(BinaryIO, given), name=given.name or ""
        )
    except (Invalid, Conflict) as refusal:
        shown = imports.own_run(actor=actor, run_id=int(run_id)) if run_id.isdigit() else None
        return _page(request, actor, shown, refusal)
    return _page(request, actor, run)


def _commit(request: HttpRequest, actor: User, run_id: int) -> HttpResponse:
    month, campus, office = _target(request)
    made: list[intake.Intake] = []

    def apply(preview: Preview) -> None:
        made.append(intake.take_in(preview, actor=actor, campus=campus, office=office, month=month))

    imports.commit(
        actor=actor, run_id=run_id, spec=intake.workbook(), apply=apply,
        confirm_repeat=request.POST.get("again") == "1",
    )  # fmt: skip
    result = made[0]
    messages.success(
        request,
        _(
            "已导入：新建科室 {units} 个，生成成本费用归集单 {costs} 张、统计量录入单 {stats} 张，请提交并过账。"
        ).format(units=len(result.units), costs=len(result.cost_entries), stats=len(result.stat_entries)),
    )
    first = next(iter([*result.cost_entries, *result.stat_entries]), None)
    if first is None:
        return redirect("costing.intake")
    return redirect(f"/{registry.types[first.spec.kind].path}/")


def _file(request: HttpRequest) -> UploadedFile:
    given = request.FILES.get("file")
    if given is None:
        raise Invalid(_("没有选择文件。"), way_out=_("请选择填写好的模板文件。"))
    return given


def _target(request: HttpRequest) -> tuple[dt.date, Campus, OrgUnit]:
    problems = []
    try:
        month = dt.datetime.strptime(request.POST.get("month", ""), "%Y-%m").date()  # noqa: DTZ007 - a month, no instant
    except ValueError:
        month = clock.today()
        problems.append(Problem(_("核算月份应写成 2026-11 这样"), field="month"))
    campus = Campus.objects.filter(pk=_number(request, "campus")).first()
    office = OrgUnit.objects.filter(pk=_number(request, "office")).first()
    if campus is None or office is None:
        problems.append(Problem(_("请选择院区和填报科室"), field="campus" if campus is None else "office"))
    if problems or campus is None or office is None:
        raise Invalid(_("导入条件不完整"), problems=problems, way_out=_("请补充后再导入。"))
    return month, campus, office


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isdigit() else 0


def _page(request: HttpRequest, actor: User, run: Any = None, refusal: Refusal | None = None) -> HttpResponse:
    spec = intake.workbook()
    context = {
        "page_title": _("成本数据导入"),
        "sheets": spec.sheets,
        "run": run,
        "repeat": imports.earlier(run) if run is not None and not run.problem_count else None,
        "refusal": refusal,
        "campuses": Campus.objects.order_by("code"),
        "offices": org.units_on(clock.today()),
        "given": request.POST,
        "month": request.POST.get("month") or clock.today().strftime("%Y-%m"),
        "office_id": request.POST.get("office") or str(actor.unit_id or ""),
    }
    return render(request, "costing/intake.html", context, status=refusal.status if refusal else 200)
