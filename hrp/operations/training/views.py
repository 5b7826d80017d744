"""What is not a register: the code on the wall, the page on the phone, papers and files."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from hrp.operations.training import printing, selectors, services
from hrp.operations.training.models import Material, Session
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base.refusals import Invalid, NotFound, Problem
from hrp.platform.exchange import codes
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.views.errors import is_fragment


@require_GET
def code(request: HttpRequest, pk: int) -> HttpResponse:
    """The code for the screen of the room, with the count of who has signed; fetches itself anew."""
    session = selectors.whole_session(actor_of(request), pk, selectors.EDIT)
    address = request.build_absolute_uri(selectors.join_path(session))
    context = {
        "page_title": session.title,
        "session": session,
        "svg": mark_safe(codes.qr_svg(address, title=_("扫码签到"))),  # noqa: S308 - drawn by us, text escaped
        "people": selectors.attendances(session),
    }
    template = "training/parts/signed.html" if is_fragment(request) else "training/code.html"
    response = render(request, template, context)
    response["Vary"] = "HX-Request, HX-Request-Type"
    return response


@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, pk: int) -> HttpResponse:
    """签到, 测验, 评价: one page for a phone."""
    actor = actor_of(request)
    scope.require(actor, selectors.ATTEND)
    session = selectors.session(actor, pk)
    key = request.POST.get("k", "") or request.GET.get("k", "")
    if request.method == "POST":
        _do(actor, session, request.POST, key, request)
        return redirect("operations.training.join", pk=pk)
    return render(request, "training/join.html", _context(actor, session, key))


def _do(actor: User, session: Session, given: QueryDict, key: str, request: HttpRequest) -> None:
    match given.get("act"):
        case "sign":
            services.sign(actor=actor, session=session, token=key)
            messages.success(request, _("已签到"))
        case "quiz":
            made = services.attempt(actor=actor, session=session, given=_answers(session, given))
            said = _("{score} 分，合格") if made.passed else _("{score} 分，未合格")
            messages.success(request, said.format(score=made.score))
        case "rate":
            score = given.get("score", "")
            services.rate(
                actor=actor, session=session, score=int(score) if score.isdecimal() and len(score) < 3 else 0, comment=given.get("comment", "")
            )  # fmt: skip
            messages.success(request, _("感谢评价"))
        case _:
            raise NotFound(_("没有这个操作"), way_out=_("请刷新页面。"))


def _answers(session: Session, given: QueryDict) -> dict[int, frozenset[int]]:
    """The ticked options by question. Every question must be answered."""
    asked = selectors.questions(session.material_id)
    chosen = {
        one.id: frozenset(
            int(value) for value in given.getlist(f"q{one.id}") if value.isdecimal() and len(value) < 3
        )
        for one in asked
    }
    empty = [place for place, one in enumerate(asked, start=1) if not chosen[one.id]]
    if empty:
        raise Invalid(
            _("第 {places} 题没有作答").format(places="、".join(map(str, empty))),
            way_out=_("请答完各题后交卷。"),
            problems=[Problem("未作答", field=f"q{asked[place - 1].id}") for place in empty],
        )
    return chosen


def _context(actor: User, session: Session, key: str) -> dict[str, Any]:
    stands = selectors.standing(session, actor)
    attended = stands.attendance is not None
    left = session.tries - len(stands.attempts)
    asked = selectors.questions(session.material_id) if attended else []
    return {
        "page_title": session.title,
        "session": session,
        "key": key,
        "stands": stands,
        "left": left,
        "questions": asked if attended and left > 0 and not stands.passed else [],
        "scores": range(5, 0, -1),
        "last": stands.attempts[-1] if stands.attempts else None,
    }


@require_GET
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    session = selectors.whole_session(actor_of(request), pk, selectors.EDIT)
    address = request.build_absolute_uri(selectors.join_path(session))
    return _pdf(printing.sign_in_sheet(session, address=address), f"sign-in-{pk}")


@require_GET
def summary(request: HttpRequest, pk: int) -> HttpResponse:
    session = selectors.whole_session(actor_of(request), pk, selectors.VIEW)
    return _pdf(printing.summary(session), f"training-{pk}")


def _pdf(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


@require_GET
def material(request: HttpRequest, pk: int) -> HttpResponse:
    """The file itself, byte for byte, so that its SHA-256 can be checked anywhere."""
    scope.require(actor_of(request), selectors.VIEW)
    found = Material.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("没有找到这份教材"), way_out=_("请返回教材列表刷新。"))
    response = HttpResponse(bytes(found.content), content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, found.file_name) or "attachment"
    return response
