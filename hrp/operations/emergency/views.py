"""Pages of plans: the scenarios at a glance, one plan with its versions, and the form that writes the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Contract, Side
from hrp.operations.emergency import printing, rules, selectors
from hrp.operations.emergency.models import PlanVersion, RevisionRequest
from hrp.operations.emergency.services import plans
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base.refusals import Conflict, NotFound, Refusal
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.views import errors

ROWS: dict[str, tuple[type, tuple[str, ...]]] = {
    "roles": (rules.Role, ("角色", "人员", "职责")),
    "steps": (rules.Step, ("步骤", "责任", "时限")),
    "contacts": (rules.Contact, ("姓名", "单位", "电话")),
}
BLANK_ROWS = 3


@dataclass(frozen=True)
class Grid:
    """A table the person fills row by row: column titles, field names, and the values of each row."""

    key: str
    title: str
    columns: tuple[tuple[str, str], ...]
    rows: list[list[tuple[str, str]]]
    problem: str = ""
    wide_first: bool = False


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The scenarios of the contract, each with the version in force and what waits for a signature."""
    actor = actor_of(request)
    scope.require(actor, selectors.VIEW)
    contract = contracts.current_contract()
    rows = selectors.overview(contract)
    context = {
        "page_title": _("应急预案"),
        "contract": contract,
        "rows": rows,
        "ready": sum(row.in_force is not None for row in rows),
        "may_edit": _may_edit(actor),
        "recent": selectors.drills()[:5],
    }
    return render(request, "emergency/plans.html", context)


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One plan in the version asked for, beside the version before it."""
    actor = actor_of(request)
    plan = selectors.plan(actor, pk)
    versions = selectors.versions(plan)
    shown = _chosen(versions, request.GET.get("version", ""))
    older = _older(versions, shown, request.GET.get("against", ""))
    side = contracts.side_of(actor)
    context = {
        "page_title": str(plan),
        "plan": plan,
        "versions": versions,
        "shown": shown,
        "older": older,
        "in_force": next((one for one in versions if one.is_signed), None),
        "content": rules.read_body(shown.body),
        "differences": rules.differences(rules.read_body(older.body), rules.read_body(shown.body))
        if older
        else [],
        "requests": selectors.requests(plan),
        "drills": selectors.drills().filter(version__plan=plan),
        "may_edit": _may_edit(actor),
        "may_sign": _may_sign(actor, side, versions[0]),
        "may_request": side == Side.HOSPITAL.value and scope.has(actor, plans.REQUEST),
        "side_title": Side(side).label if side else "",
    }
    return render(request, "emergency/plan.html", context)


@require_http_methods(["GET", "POST"])
def write(request: HttpRequest, scenario: str) -> HttpResponse:
    """The next version of a scenario's plan, beginning with what the last one says."""
    actor = actor_of(request)
    scope.require(actor, plans.EDIT)
    contract = contracts.current_contract()
    if scenario not in rules.SCENARIOS or contract is None:
        raise Http404
    last = (
        PlanVersion.objects.filter(plan__contract=contract, plan__scenario=scenario)
        .order_by("-number")
        .first()
    )
    if request.method == "POST":
        content = _given_content(request.POST)
        note = request.POST.get("note", "").strip()[:200]
        try:
            made = plans.draft(actor=actor, contract=contract, scenario=scenario, content=content, note=note)
        except Refusal as refusal:
            context = _form(scenario, contract, content, note, last, refusal)
            return render(request, "emergency/write.html", context, status=refusal.status)
        messages.success(request, _("已保存 {version}，待乙方签署").format(version=made))
        return redirect(selectors.url_of(made.plan))
    empty = rules.Content("", (), (), (), "", "")
    unsigned = last is not None and last.supplier_signed_at is None
    note = last.note if last is not None and unsigned else ""
    content = rules.read_body(last.body) if last else empty
    return render(request, "emergency/write.html", _form(scenario, contract, content, note, last, None))


@require_POST
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    version = PlanVersion.objects.filter(pk=pk).first()
    if version is None:
        raise NotFound("没有找到该预案版本", way_out="请返回应急预案页面刷新。")
    signed = plans.sign(actor=actor_of(request), version=version)
    messages.success(request, _("已签署 {version}").format(version=signed))
    return redirect(selectors.url_of(signed.plan))


@require_POST
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """The hospital's request for a revision."""
    actor = actor_of(request)
    plan = selectors.plan(actor, pk)
    try:
        plans.request_revision(actor=actor, plan=plan, text=request.POST.get("text", "")[:2000])
    except Refusal as refusal:
        return errors.refused_in(request, refusal, "#alert-request")
    return _done(request, _("已提出修订请求"), selectors.url_of(plan))


@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """The supplier's answer to a request."""
    actor = actor_of(request)
    asked = RevisionRequest.objects.select_related("plan").filter(pk=pk).first()
    if asked is None:
        raise NotFound("没有找到该修订请求", way_out="请返回应急预案页面刷新。")
    try:
        plans.answer_revision(
            actor=actor,
            request=asked,
            accepted=request.POST.get("accepted") == "yes",
            text=request.POST.get("text", "")[:2000],
        )
    except Refusal as refusal:
        return errors.refused_in(request, refusal, f"#alert-answer-{pk}")
    return _done(request, _("已答复修订请求"), selectors.url_of(asked.plan))


@require_GET
def pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """A version on paper: the one asked for, else the newest."""
    versions = selectors.versions(selectors.plan(actor_of(request), pk))
    shown = _chosen(versions, request.GET.get("version", ""))
    return _file(printing.plan(shown), f"{shown.plan.code}-v{shown.number}")


@require_GET
def drill_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    scope.require(actor_of(request), "operations.drill.view")
    drill = selectors.drills().filter(pk=pk).first()
    if drill is None:
        raise NotFound("没有找到该演练", way_out="请返回应急演练列表刷新。")
    if drill.began_at is None:
        raise Conflict(f"{drill} 尚未举行，没有报告", way_out="请先登记演练经过与结果。")
    return _file(printing.drill_report(drill), drill.number)


def _file(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


def _done(request: HttpRequest, said: str, url: str) -> HttpResponse:
    messages.success(request, said)
    if errors.is_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)


def _may_edit(actor: User) -> bool:
    return contracts.side_of(actor) == Side.SUPPLIER.value and scope.has(actor, plans.EDIT)


def _may_sign(actor: User, side: str, newest: PlanVersion) -> bool:
    """Whether the newest version waits for just this side."""
    waits = (
        newest.supplier_signed_at is None
        if side == Side.SUPPLIER.value
        else side == Side.HOSPITAL.value and newest.supplier_signed_at is not None
    )
    return waits and not newest.is_signed and scope.has(actor, plans.SIGN)


def _chosen(versions: Sequence[PlanVersion], number: str) -> PlanVersion:
    """The version asked for, else the newest. A plan always has one: both are written together."""
    return next((one for one in versions if str(one.number) == number), versions[0])


def _older(versions: Sequence[PlanVersion], shown: PlanVersion, number: str) -> PlanVersion | None:
    """The version to compare with: the one asked for, else the one before."""
    earlier = [one for one in versions if one.number < shown.number]
    return next((one for one in earlier if str(one.number) == number), earlier[0] if earlier else None)


def _given_content(given: QueryDict) -> rules.Content:
    """What was typed; rows left wholly empty are no rows."""
    found: dict[str, Any] = {
        name: given.get(name, "").strip()[:8000] for name in ("trigger", "rollback", "specifics")
    }
    for key, (kind, _titles) in ROWS.items():
        names = [one.name for one in fields(kind)]
        cells = zip(*(given.getlist(f"{key}.{name}") for name in names), strict=False)
        found[key] = tuple(
            kind(*(value.strip()[:200] for value in row))
            for row in cells
            if any(value.strip() for value in row)
        )
    return rules.Content(**found)


def _form(
    scenario: str,
    contract: Contract,
    content: rules.Content,
    note: str,
    last: PlanVersion | None,
    refusal: Refusal | None,
) -> dict[str, Any]:
    bad = {problem.field: problem.message for problem in refusal.problems} if refusal else {}
    anew = last is not None and last.supplier_signed_at is None
    number = 1 if last is None else last.number + (0 if anew else 1)
    return {
        "page_title": _("{title} 第 {number} 版").format(title=rules.SCENARIOS[scenario], number=number),
        "scenario": scenario,
        "content": content,
        "note": note,
        "last": last,
        "bad": bad,
        "refusal": refusal,
        "grids": [_grid(key, content, bad) for key in ROWS],
        "back": selectors.url_of(last.plan) if last else reverse("operations.plan.list"),
    }


def _grid(key: str, content: rules.Content, bad: dict[str, str]) -> Grid:
    kind, titles = ROWS[key]
    names = [one.name for one in fields(kind)]
    given = [[(name, getattr(row, name)) for name in names] for row in getattr(content, key)]
    blank = [[(name, "") for name in names] for _row in range(BLANK_ROWS if not given else 1)]
    heading = {"roles": _("角色分工"), "steps": _("处置步骤"), "contacts": _("联系人")}[key]
    return Grid(
        key,
        heading,
        tuple(zip(names, titles, strict=True)),
        [*given, *blank],
        bad.get(key, ""),
        key == "steps",
    )
