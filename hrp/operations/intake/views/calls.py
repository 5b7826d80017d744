"""Calls on the agent's screen: the pop-up, the form filled from a call, and the list of calls from a sheet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.desk import presenting
from hrp.operations.desk import selectors as desk
from hrp.operations.desk.views import tickets
from hrp.operations.intake import selectors
from hrp.operations.intake.models import Call
from hrp.operations.intake.services import calls, cdr
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Refusal
from hrp.platform.exchange.services import imports as runs
from hrp.platform.exchange.sheets import template
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.views import errors

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def skew_words(skew_ms: int | None) -> str:
    """A clock difference worth showing, in words."""
    if skew_ms is None:
        return ""
    way = "慢" if skew_ms > 0 else "快"
    return _("话务系统时钟比本系统{way} {gap}").format(way=way, gap=presenting.duration(skew_ms / 1000))


@require_GET
def popup(request: HttpRequest) -> HttpResponse:
    """来电弹屏: calls ringing or answered that the agent has still to write down. Pages ask every few seconds."""
    actor = actor_of(request)
    if not scope.has(actor, "operations.call.handle") or contracts.side_of(actor) != Side.SUPPLIER:
        return HttpResponse(status=204)
    shown = [_card(actor, call) for call in selectors.on_screen(actor)]
    return render(request, "intake/parts/popup.html", {"cards": shown})


def _card(actor: User, call: Call) -> dict[str, Any]:
    contact = selectors.contact_of_number(call.caller)
    story = selectors.story(call)
    return {
        "call": call,
        "state": story.state(clock.now()),
        "story": story,
        "who": f"{contact.name} · {contact.org_unit.name}" if contact else "",
        "tickets": selectors.tickets_of_caller(actor, call.caller),
    }


@require_http_methods(["GET", "POST"])
def register(request: HttpRequest, pk: int) -> HttpResponse:
    """登记报修 from a call: number and times stand, the rest is typed."""
    actor = actor_of(request)
    call = selectors.call(actor, pk, "operations.ticket.log")
    refusal: Refusal | None = None
    given: Mapping[str, str] = request.POST
    if request.method == "POST":
        try:
            ticket = calls.open_from_call(actor=actor, call=call, report=tickets.read_report(request.POST))
        except Refusal as said:
            if errors.is_fragment(request):
                return errors.refused(request, said)
            refusal = said
        else:
            messages.success(request, _("工单 {number} 已登记").format(number=ticket.number))
            return _go(request, desk.url_of(ticket))
    else:
        given = _first_values(call)
    story = selectors.story(call)
    contact = selectors.contact_of_number(call.caller)
    context = tickets.form_context(actor, given, refusal)
    context["call"] = {
        "call_id": call.call_id,
        "caller": call.caller,
        "who": f"{contact.name} · {contact.org_unit.name}" if contact else "",
        "ring_at": story.ring_at,
        "answered_at": story.answered_at,
        "skew": skew_words(selectors.worst_skew(call)),
    }
    return render(request, "desk/new.html", context, status=refusal.status if refusal else 200)


def _first_values(call: Call) -> dict[str, str]:
    contact = selectors.contact_of_number(call.caller)
    found = {"reporter_phone": call.caller}
    if contact is not None:
        found |= {
            "reporter_name": contact.name,
            "org_unit": f"{contact.org_unit.code} {contact.org_unit.name}",
            "module": contact.module,
        }
    return found


@require_http_methods(["POST"])
def attach(request: HttpRequest, pk: int, ticket: int) -> HttpResponse:
    """The call is about a ticket that is there already."""
    actor = actor_of(request)
    call = selectors.call(actor, pk)
    found = desk.ticket(actor, ticket)
    calls.add_to_ticket(actor=actor, call=call, ticket=found)
    messages.success(request, _("来电已记入工单 {number}").format(number=found.number))
    return _go(request, desk.url_of(found))


@require_GET
def sheet(request: HttpRequest) -> HttpResponse:
    """The empty 话单 template."""
    scope.require(actor_of(request), cdr.IMPORT)
    response = HttpResponse(template(cdr.SHEET), content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="call-records.xlsx"'
    return response


@require_http_methods(["GET", "POST"])
def import_records(request: HttpRequest) -> HttpResponse:
    """话单导入: preview with every bad cell named, then all or nothing."""
    actor = actor_of(request)
    scope.require(actor, cdr.IMPORT)
    if request.method == "GET":
        return _import_page(request)
    run_id = request.POST.get("run", "")
    try:
        if run_id.isdigit() and request.POST.get("step") == "commit":
            done: list[cdr.Imported] = []
            runs.commit(
                actor=actor, run_id=int(run_id), spec=cdr.SHEET, confirm_repeat=request.POST.get("again") == "1",
                apply=lambda preview: done.append(cdr.apply(actor=actor, preview=preview)),
            )  # fmt: skip
            messages.success(
                request,
                _(
                    "新增来电 {fresh} 通，与人工登记对上 {matched} 张，其中 {earlier} 张起算前移；补建工单 {opened} 张"
                ).format(**vars(done[0])),
            )
            return redirect("operations.call.list")
        if run_id.isdigit():
            runs.discard(actor=actor, run_id=int(run_id))
            return redirect("operations.call.records")
        given = _file_of(request)
        run, _found = runs.preview(actor=actor, spec=cdr.SHEET, file=given, name=given.name or "")
    except (Invalid, Conflict) as refusal:
        shown = runs.own_run(actor=actor, run_id=int(run_id)) if run_id.isdigit() else None
        return _import_page(request, shown, refusal)
    return _import_page(request, run)


def _file_of(request: HttpRequest) -> Any:
    given = request.FILES.get("file")
    if given is None:
        raise Invalid(_("没有选择文件。"), way_out=_("请选择话单文件（xlsx 或 csv）。"))
    return given


def _import_page(request: HttpRequest, run: Any = None, refusal: Refusal | None = None) -> HttpResponse:
    context = {
        "page_title": _("导入话单"),
        "columns": cdr.SHEET.columns,
        "run": run,
        "rows": [
            (row["row"], [row["values"].get(column.key, "") for column in cdr.SHEET.columns])
            for row in (run.sample if run else [])
        ],
        "repeat": runs.earlier(run) if run is not None and not run.problem_count else None,
        "refusal": refusal,
    }
    return render(request, "intake/records.html", context, status=refusal.status if refusal else 200)


def _go(request: HttpRequest, url: str) -> HttpResponse:
    if errors.is_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)
