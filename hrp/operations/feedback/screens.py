"""满意度评价, 满意度调查 and 咨询与建议 as declared registers."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.urls import reverse

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.defaults import default_terms
from hrp.operations.contracts.models import Side
from hrp.operations.desk import selectors as desk
from hrp.operations.desk.models import Ticket
from hrp.operations.feedback import rules, selectors
from hrp.operations.feedback.models import (
    Enquiry,
    EnquiryStep,
    Invitation,
    Rating,
    Reply,
    Survey,
    SurveyQuestion,
)
from hrp.operations.feedback.services import enquiries, surveys
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.org.models import OrgUnit
from hrp.platform.ui.screens import Action, Column, Field, Filter, Output, Panel, RegisterScreen, Tab

SCORE_TONES = {"1": "back", "2": "back", "3": "wait", "4": "check", "5": "done"}
KIND_TONES = {"consult": "info", "question": "info", "suggestion": "check", "complaint": "back"}
STATE_TONES = {"open": "wait", "working": "check", "planned": "info", "answered": "done", "settled": "draft"}


def _modules(actor: Any) -> list[tuple[str, str]]:
    version = contracts.version_in_force(clock.now())
    names = (contracts.terms_of(version) if version else default_terms()).modules
    return [(name, name) for name in (*names, "其他")]


def _day(values: dict[str, Any], name: str) -> dt.date:
    try:
        return dt.date.fromisoformat(str(values.get(name, "")))
    except ValueError:
        raise Invalid(
            "日期看不懂", way_out="写成 2026-11-23。", problems=[Problem("应为日期", field=name)]
        ) from None


def _ratings(actor: Any) -> QuerySet[Rating]:
    return Rating.objects.select_related("ticket__org_unit", "ticket__owner", "by")


RATINGS = RegisterScreen(
    key="operations.rating",
    model=Rating,
    title="满意度评价",
    icon="star",
    url="operations/ratings",
    menu=("operations", "反馈"),
    order=10,
    editable=False,
    creatable=False,
    history=False,
    scope_field="ticket__org_unit",
    queryset=_ratings,
    ordering=("-at",),
    columns=(
        Column("at", sort=True, fixed=True, card="meta"),
        Column("score", sort=True, tones=SCORE_TONES, card="tag", value=lambda row: str(row.score)),
        Column("ticket__number", title="工单号", link=lambda row: desk.url_of(row.ticket), card="meta"),
        Column("ticket__title", title="事项", card="title"),
        Column("ticket__module", title="系统"),
        Column("ticket__org_unit", title="科室", card="line"),
        Column("ticket__owner", title="处理人"),
        Column("reason"),
        Column("by"),
    ),
    filters=(
        Filter("q", title="工单", kind="text", lookups=("ticket__number__icontains", "ticket__title__icontains", "reason__icontains"), placeholder="工单号 / 事项 / 原因"),
        Filter("unit", title="科室", kind="register", register="org.unit", lookups=("ticket__org_unit",)),
        Filter("at", title="日期", kind="date_range"),
    ),
    tabs=(Tab("low", "3 分及以下", {"score__lte": 3}), Tab("high", "4 分及以上", {"score__gte": 4})),
    fields=("at", "score", "by", Field("reason", span=3)),
    search=(),
    exact=(),
)  # fmt: skip


# -- surveys ---------------------------------------------------------------------------------------------------


def _surveys(actor: Any) -> QuerySet[Survey]:
    replied = Reply.objects.filter(survey=OuterRef("pk")).order_by().values("survey").annotate(n=Count("pk"))
    asked = (
        Invitation.objects.filter(survey=OuterRef("pk")).order_by().values("survey").annotate(n=Count("pk"))
    )
    return Survey.objects.annotate(replied=Subquery(replied.values("n")), asked=Subquery(asked.values("n")))


def _save_survey(*, actor: User, pk: int | None, values: dict[str, Any]) -> Survey:
    return surveys.plan(
        actor=actor, title=values["title"], opens_on=_day(values, "opens_on"), closes_on=_day(values, "closes_on"),
        survey=Survey.objects.get(pk=pk) if pk is not None else None,
    )  # fmt: skip


def _add_question(*, actor: User, obj: Survey, values: dict[str, Any]) -> SurveyQuestion:
    return surveys.add_question(
        actor=actor, survey=obj, text=str(values.get("text", "")), kind=str(values.get("kind", ""))
    )


def _publish(*, actor: User, obj: Survey, values: dict[str, Any]) -> str:
    surveys.publish(actor=actor, survey=obj)
    return "调查已发布"


def _mean(row: selectors.Result) -> str:
    return f"{row.mean:.1f}" if row.mean is not None else ""


def _marks(row: Reply) -> str:
    return "　".join(str(line["value"]) for line in row.answers if line["kind"] == "score")


def _words(row: Reply) -> str:
    return "；".join(str(line["value"]) for line in row.answers if line["kind"] == "text" and line["value"])


SURVEYS = RegisterScreen(
    key="operations.survey",
    model=Survey,
    title="满意度调查",
    icon="clipboard-list",
    url="operations/surveys",
    menu=("operations", "反馈"),
    order=20,
    queryset=_surveys,
    ordering=("-opens_on",),
    columns=(
        Column("title", fixed=True, card="title"),
        Column("opens_on", sort=True, card="meta"),
        Column("closes_on", sort=True, card="meta"),
        Column("published_at"),
        Column("replied", title="已填 / 科室", kind="text", value=lambda row: f"{row.replied or 0}/{row.asked or 0}", card="tag"),
    ),
    filters=(Filter("title", title="主题", kind="text"),),
    fields=(Field("title", span=3), "opens_on", "closes_on", Field("published_at", readonly=True)),
    save=_save_survey,
    closed=lambda row: row.published_at is not None,
    search=("title__icontains",),
    exact=(),
    actions=(
        Action(
            "publish", "发布", _publish, permission=selectors.SURVEY_EDIT, icon="send", style="primary", shown=lambda row: row.published_at is None,
            confirm="发布后问题与日期不能再改，全部核算科室将被邀请填写。",
        ),
    ),
    outputs=(Output("填写调查", lambda row: reverse("operations.survey.fill", args=[row.pk]), icon="pencil", permission=selectors.SURVEY_REPLY),),
    panels=(
        Panel(
            "questions", "问题与结果", lambda row, actor: selectors.results(row, actor), model=SurveyQuestion, empty="还没有问题", permission=selectors.SURVEY_EDIT,
            columns=(
                Column("text", title="问题", kind="text", value=lambda one: one.text), Column("mean", title="平均分", kind="text", value=_mean),
                Column("spread", title="分布与意见", kind="text", value=lambda one: one.spread if one.kind == "score" else "；".join(one.words)),
            ),
            fields=(Field("text", span=2), "kind"), add=_add_question, add_title="加题", closed=lambda row: row.published_at is not None,
        ),
        Panel(
            "replies", "各科室回答", lambda row, actor: selectors.replies(row, actor), model=Reply, empty="还没有科室填写",
            columns=("org_unit", Column("marks", title="各题评分", kind="text", value=_marks), Column("words", title="意见", kind="text", value=_words), "by", "at"),
        ),
        Panel(
            "missing", "未填写科室", lambda row, actor: selectors.unanswered(row) if row.published_at else OrgUnit.objects.none(), model=OrgUnit, empty="没有",
            columns=(Column("code", title="编码"), Column("name", title="科室")),
        ),
    ),
)  # fmt: skip


# -- enquiries -------------------------------------------------------------------------------------------------


def _ask(*, actor: User, obj: Any, values: dict[str, Any]) -> str:
    number = str(values.get("ticket_number", "")).strip()
    ticket = None
    if number:
        ticket = desk.tickets(actor).filter(number=number).first()
        if ticket is None:
            raise Invalid(f"没有工单 {number}", way_out="请核对工单号，或留空。")
    made = enquiries.ask(
        actor=actor,
        asked=enquiries.Asked(
            kind=str(values.get("kind", "")), org_unit=OrgUnit.objects.get(pk=values["org_unit"]), module=str(values.get("module", "")),
            title=str(values.get("title", "")), text=str(values.get("text", "")), asker_name=str(values.get("asker_name", "")), ticket=ticket,
        ),
    )  # fmt: skip
    return selectors.url_of(made)


def _text(values: dict[str, Any]) -> str:
    return str(values.get("text", ""))


def _answer(*, actor: User, obj: Enquiry, values: dict[str, Any]) -> str:
    enquiries.answer(actor=actor, enquiry=obj, text=_text(values))
    return "已答复"


def _decide(*, actor: User, obj: Enquiry, values: dict[str, Any]) -> str:
    enquiries.decide(
        actor=actor, enquiry=obj, decision=str(values.get("decision", "")), text=_text(values), target=str(values.get("target", ""))
    )  # fmt: skip
    return "已决定并答复"


def _assign(*, actor: User, obj: Enquiry, values: dict[str, Any]) -> str:
    enquiries.assign(
        actor=actor, enquiry=obj, owner=User.objects.get(pk=values["owner"]), due_on=_day(values, "due_on"), text=_text(values)
    )  # fmt: skip
    return "已指定跟进人"


def _finish(*, actor: User, obj: Enquiry, values: dict[str, Any]) -> str:
    enquiries.finish(actor=actor, enquiry=obj, text=_text(values))
    return "已登记办理结果"


def _judge(accepted: bool) -> Any:
    def run(*, actor: User, obj: Enquiry, values: dict[str, Any]) -> str:
        enquiries.judge(actor=actor, enquiry=obj, accepted=accepted, text=_text(values))
        return "已办结" if accepted else "已退回重新答复"

    return run


def _suppliers(actor: Any) -> list[tuple[str, str]]:
    return [(str(member.user_id), member.user.display_name) for member in contracts.members(Side.SUPPLIER)]


def _may(step: str) -> Any:
    return lambda row: rules.allows(row.kind, row.state, step)


def _said(step: EnquiryStep) -> str:
    parts = [rules.DECISIONS.get(step.decision, ""), step.target and f"计划 {step.target}", step.text]
    if step.owner:
        parts.insert(0, f"{step.owner.display_name}，{step.due_on} 前")
    return "　".join(part for part in parts if part)


_SAY = Field("text", title="答复", kind="textarea", required=True)

ENQUIRIES = RegisterScreen(
    key="operations.enquiry",
    model=Enquiry,
    title="咨询与建议",
    icon="message-question",
    url="operations/enquiries",
    editable=False,
    creatable=False,
    history=False,
    scope_field="org_unit",
    queryset=lambda actor: Enquiry.objects.select_related("org_unit", "asker", "owner", "ticket"),
    ordering=("-asked_at",),
    columns=(
        Column("number", title="编号", kind="code", value=lambda row: row.number, fixed=True, card="meta"),
        Column("kind", tones=KIND_TONES, card="line"),
        Column("state", tones=STATE_TONES, card="tag"),
        Column("title", card="title"),
        Column("module"),
        Column("org_unit", card="meta"),
        Column("asker_name"),
        Column("asked_at", sort=True, card="meta"),
        Column("responded_at", title="首次回应", hidden=True),
        Column("owner"),
        Column("due_on", sort=True),
    ),
    filters=(
        Filter("q", title="内容", kind="text", lookups=("title__icontains", "text__icontains", "asker_name__icontains"), placeholder="事项 / 内容 / 提出人"),
        Filter("kind"),
        Filter("org_unit", kind="register", register="org.unit"),
        Filter("asked_at", title="日期", kind="date_range"),
    ),
    tabs=tuple(Tab(key, title, {"state": key}) for key, title in rules.STATES.items()),
    fields=(
        "kind", "state", "module", "org_unit", "asker_name", "asked_at", "respond_by", "responded_at", "ticket", "owner", "due_on",
        Field("title", span=3), Field("text", span=3),
    ),
    search=("title__icontains",),
    exact=(),
    actions=(
        Action(
            "ask", "提出", _ask, permission=selectors.ASK, icon="message-plus", style="primary", place="page",
            fields=(
                Field("kind", required=True), Field("module", kind="choice", choices=_modules, required=True),
                Field("org_unit", lookup="org.unit", required=True), Field("asker_name", required=False, help="代人提出时填写"),
                Field("ticket_number", title="相关工单号", kind="text", required=False), Field("title", span=2), Field("text", span=3),
            ),
        ),
        Action("answer", "答复", _answer, permission=selectors.ANSWER, icon="message-reply", style="primary", shown=_may("answer"), fields=(_SAY,)),
        Action(
            "decide", "决定并答复", _decide, permission=selectors.ANSWER, icon="scale", style="primary", shown=_may("decide"),
            fields=(
                Field("decision", title="决定", kind="choice", choices=tuple(rules.DECISIONS.items()), required=True),
                Field("target", title="计划版本", kind="text", required=False, placeholder="V2.4"), _SAY,
            ),
        ),
        Action(
            "assign", "指定跟进", _assign, permission=selectors.ANSWER, icon="user-check", shown=_may("assign"),
            fields=(
                Field("owner", title="跟进人", kind="choice", choices=_suppliers, required=True), Field("due_on", title="完成期限", kind="date", required=True),
                Field("text", title="说明", kind="textarea", required=False),
            ),
        ),
        Action("finish", "登记办理结果", _finish, permission=selectors.ANSWER, icon="circle-check", style="primary", shown=_may("done"), fields=(Field("text", title="结果", kind="textarea", required=True),)),
        Action("accept", "认可", _judge(True), permission=selectors.JUDGE, icon="thumb-up", style="primary", shown=_may("accept"), confirm="认可这个答复，事项就此办结。"),
        Action("reopen", "不认可", _judge(False), permission=selectors.JUDGE, icon="thumb-down", style="danger", shown=_may("reopen"), fields=(Field("text", title="理由", kind="textarea", required=True),)),
    ),
    panels=(
        Panel(
            "steps", "办理经过", lambda row, actor: selectors.steps(row), model=EnquiryStep, empty="还没有答复",
            columns=("at", "step", Column("said", title="内容", kind="text", value=_said), Column("side"), "by"),
        ),
    ),
)  # fmt: skip

ALL = (RATINGS, SURVEYS, ENQUIRIES)


def rating_panel(actor: User, ticket: Ticket) -> dict[str, Any] | None:
    """On the page of a ticket: its mark, and what was asked about it; None when there is neither."""
    rating, asked = selectors.rating_of(ticket), selectors.of_ticket(ticket, actor)
    return {"rating": rating, "enquiries": asked} if rating or asked else None
