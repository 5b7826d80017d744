"""复盘: what the chain itself tells, what people add, the hospital's word, and the actions that came of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.desk import presenting
from hrp.operations.desk import selectors as desk
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.services import reviewing
from hrp.operations.desk.views import acts
from hrp.operations.incidents import printing, selectors
from hrp.operations.incidents.services import reviews
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base.refusals import Conflict, Invalid, Problem, Refusal
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.views import errors

WORK, CONFIRM = "operations.ticket.work", "operations.ticket.confirm"


@dataclass(frozen=True)
class Grid:
    """The table of actions as it is filled; the shape ``ui/parts/rows.html`` draws."""

    key: str
    title: str
    columns: tuple[tuple[str, str], ...]
    rows: Sequence[Sequence[tuple[str, str]]]
    problem: str = ""
    dates: str = "due"
    picks: str = "owner"
    options: Sequence[str] = ()
    wide_first: bool = True


@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Read, write or approve the review of an emergency."""
    actor = actor_of(request)
    ticket = selectors.incident(actor, pk)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            said = _act(request, actor, ticket)
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, said)
            return redirect(reverse("operations.incident.review", args=[pk]))
    context = _context(request, actor, ticket, refusal)
    return render(request, "incidents/review.html", context, status=refusal.status if refusal else 200)


def _act(request: HttpRequest, actor: User, ticket: Ticket) -> str:
    if request.POST.get("act") == "approve":
        acts.require(actor, ticket, acts.BY_CODE["approve_review"])
        if not reviewing.is_due(ticket, "approve_review"):
            raise Conflict("没有待认可的复盘", way_out="请刷新页面查看最新状态。")
        reviewing.approve_review(
            actor=actor, ticket=ticket, opinion=request.POST.get("opinion", "").strip()[:200]
        )
        return _("已认可复盘")
    acts.require(actor, ticket, acts.BY_CODE["write_review"])
    if not reviewing.is_due(ticket, "write_review"):
        raise Conflict("复盘已经甲方认可，不能再改", way_out="补充内容请写入工单备注。")
    reviewing.write_review(
        actor=actor,
        ticket=ticket,
        root_cause=request.POST.get("root_cause", "")[:4000],
        delays=request.POST.get("delays", "")[:4000],
        actions=_actions(request),
    )
    return _("已提交复盘，待甲方认可")


def _given_rows(request: HttpRequest) -> list[tuple[str, str, str]]:
    names = ("what", "owner", "due")
    cells = zip(*(request.POST.getlist(f"actions.{name}") for name in names), strict=False)
    rows = [tuple(value.strip()[:200] for value in row) for row in cells]
    return [(what, owner, due) for what, owner, due in rows if what or owner or due]


def _actions(request: HttpRequest) -> list[reviewing.ReviewAction]:
    """The rows as measures. Raises Invalid naming the row; owners are people of the contract."""
    known = {member.user.display_name for member in contracts.members() if member.user.is_active}
    made, wrong = [], []
    for place, (what, owner, due) in enumerate(_given_rows(request), start=1):
        try:
            day = dt.date.fromisoformat(due)
        except ValueError:
            day = None
        if not what or owner not in known or day is None:
            wrong.append(
                Problem(
                    f"第 {place} 行：措施、责任人（合同人员）和完成日期都要填",
                    field="actions",
                    line=place - 1,
                )
            )
        else:
            made.append(reviewing.ReviewAction(what, owner, day))
    if wrong:
        raise Invalid("改进措施没有填好", problems=wrong, way_out="责任人从列表选择，日期写成 2026-12-01。")
    return made


def _context(request: HttpRequest, actor: User, ticket: Ticket, refusal: Refusal | None) -> dict[str, Any]:
    side = contracts.side_of(actor)
    written, approved = selectors.written_review(ticket), selectors.approved_review(ticket)
    may_write = (
        side == Side.SUPPLIER.value
        and reviewing.is_due(ticket, "write_review")
        and ticket.resolved_at is not None
        and scope.has(actor, WORK, ticket.org_unit_id)
    )
    given = request.POST if refusal else None
    known = written.payload if written else {}
    rows = (
        _given_rows(request)
        if given
        else [(r["what"], r["owner"], r["due"]) for r in known.get("actions", [])]
    )
    bad = {problem.field: problem.message for problem in refusal.problems} if refusal else {}
    return {
        "page_title": _("复盘 {number}").format(number=ticket.number),
        "ticket": ticket,
        "tone": presenting.tone(ticket),
        "due": selectors.review_due(ticket),
        "written": written,
        "approved": approved,
        "may_write": may_write,
        "may_approve": side == Side.HOSPITAL.value
        and written is not None
        and approved is None
        and scope.has(actor, CONFIRM, ticket.org_unit_id),
        "moments": printing.moments(ticket),
        "clocks": [card for card in presenting.clocks(ticket) if card.row.cycle == ticket.cycle],
        "hints": printing.delays(ticket),
        "root_cause": given.get("root_cause", "") if given else known.get("root_cause", ""),
        "delays": given.get("delays", "") if given else known.get("delays", ""),
        "grid": _grid(rows, bad.get("actions", "")),
        "bad": bad,
        "actions": selectors.actions(desk.tickets(actor).filter(pk=ticket.pk)),
        "refusal": refusal,
    }


def _grid(rows: Sequence[tuple[str, str, str]], problem: str) -> Grid:
    names = ("what", "owner", "due")
    filled = [list(zip(names, row, strict=True)) for row in rows]
    blank = [[(name, "") for name in names] for _row in range(max(1, 3 - len(filled)))]
    people = sorted({member.user.display_name for member in contracts.members() if member.user.is_active})
    columns = (("what", _("措施")), ("owner", _("责任人")), ("due", _("完成日期")))
    return Grid("actions", _("改进措施"), columns, [*filled, *blank], problem, options=people)


@require_GET
def pdf(request: HttpRequest, pk: int) -> HttpResponse:
    ticket = selectors.incident(actor_of(request), pk)
    if selectors.written_review(ticket) is None:
        raise Conflict(f"工单 {ticket.number} 还没有复盘", way_out="请乙方先提交复盘。")
    response = HttpResponse(printing.review(ticket), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{ticket.number}-review.pdf"'
    return response


@require_GET
def actions(request: HttpRequest) -> HttpResponse:
    """Every action of every approved review, the open ones on top."""
    actor = actor_of(request)
    scope.require(actor, desk.VIEW)
    found = selectors.actions(desk.tickets(actor))
    wanted = request.GET.get("tab", "open")
    groups = {
        "open": (_("未完成"), [one for one in found if one.done is None]),
        "overdue": (_("已逾期"), [one for one in found if one.overdue]),
        "done": (_("已完成"), [one for one in found if one.done is not None]),
        "all": (_("全部"), found),
    }
    wanted = wanted if wanted in groups else "open"
    context = {
        "page_title": _("改进措施"),
        "tabs": [(key, title, len(rows), key == wanted) for key, (title, rows) in groups.items()],
        "actions": groups[wanted][1],
        "may_finish": bool(contracts.side_of(actor)) and scope.has(actor, "operations.ticket.log"),
    }
    return render(request, "incidents/actions.html", context)


@require_POST
def finish(request: HttpRequest, event: int, position: int) -> HttpResponse:
    try:
        reviews.finish_action(
            actor=actor_of(request),
            event_id=event,
            position=position,
            evidence=request.POST.get("evidence", ""),
        )
    except Refusal as refusal:
        return errors.refused_in(request, refusal, f"#alert-done-{event}-{position}")
    messages.success(request, _("已登记完成"))
    url = reverse("operations.incident.actions")
    if errors.is_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)
