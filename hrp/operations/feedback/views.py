"""The form a department fills for a survey, and the act of rating on a ticket's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from hrp.operations.contracts.models import Side
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.views import acts
from hrp.operations.feedback import selectors
from hrp.operations.feedback.models import Survey
from hrp.operations.feedback.services import rating, surveys
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base.refusals import Invalid, Refusal
from hrp.platform.org.models import OrgUnit
from hrp.platform.ui.actors import actor_of

_MARKS = (
    ("5", "5 分 非常满意"),
    ("4", "4 分 满意"),
    ("3", "3 分 一般"),
    ("2", "2 分 不满意"),
    ("1", "1 分 非常不满意"),
)


@require_http_methods(["GET", "POST"])
def fill(request: HttpRequest, pk: int) -> HttpResponse:
    """One department's reply, given once."""
    actor = actor_of(request)
    scope.require(actor, selectors.SURVEY_REPLY)
    survey = selectors.survey(actor, pk)
    units = selectors.may_reply_for(actor, survey)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            _reply(actor, survey, units, request.POST)
        except Invalid as invalid:
            refusal = invalid
        else:
            messages.success(request, _("已提交，感谢填写"))
            return redirect("operations.survey.detail", pk=pk)
    context = {
        "page_title": survey.title,
        "survey": survey,
        "questions": [
            (one, request.POST.get(f"q{one.pk}", "")) for one in survey.questions.order_by("position")
        ],
        "units": units,
        "own": request.POST.get("org_unit") or str(actor.unit_id or ""),
        "scores": ["5", "4", "3", "2", "1"],
        "bad": {problem.field: problem.message for problem in refusal.problems} if refusal else {},
        "refusal": refusal,
    }
    return render(request, "feedback/fill.html", context, status=refusal.status if refusal else 200)


def _reply(actor: User, survey: Survey, units: Sequence[OrgUnit], posted: Mapping[str, str]) -> None:
    unit = next((one for one in units if str(one.pk) == posted.get("org_unit", "")), None)
    if unit is None:
        raise Invalid(_("请选择科室"), way_out=_("已填写的科室不再列出。"))
    given = {question.pk: posted.get(f"q{question.pk}", "") for question in survey.questions.all()}
    surveys.reply(actor=actor, survey=survey, org_unit=unit, given=given)


def _rate(actor: User, ticket: Ticket, given: Mapping[str, str]) -> object:
    score = given.get("score", "")
    return rating.rate(
        actor=actor, ticket=ticket, score=int(score) if score in dict(_MARKS) else 0, reason=given.get("reason", "")
    )  # fmt: skip


RATE = acts.Act(
    "rate",
    gettext_lazy("评价"),
    "RATED",
    selectors.RATE,
    icon="star",
    run=_rate,
    side=Side.HOSPITAL,
    style="primary",
    shown=lambda ticket: ticket.state == "closed" and selectors.rating_of(ticket) is None,
    questions=(
        acts.Question("score", gettext_lazy("评分"), "choice", required=True, choices=_MARKS),
        acts.Question(
            "reason", gettext_lazy("原因"), "textarea", hint=gettext_lazy("3 分及以下必填；提交后不再修改")
        ),
    ),
)
