"""The half-year survey: questions, publication, and one reply from each department."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Max

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.feedback import selectors
from hrp.operations.feedback.models import Invitation, Reply, Survey, SurveyQuestion
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound, Problem
from hrp.platform.org import selectors as org
from hrp.platform.org.models import OrgUnit


@transaction.atomic
def plan(
    *, actor: User, title: str, opens_on: dt.date, closes_on: dt.date, survey: Survey | None = None
) -> Survey:
    """Lay out a survey, or change one not yet published."""
    scope.require(actor, selectors.SURVEY_EDIT)
    held = _unpublished(survey) if survey else Survey()
    if not title.strip() or len(title.strip()) > 100:
        raise Invalid("请写主题，最多 100 字", way_out="例如 2026 年下半年运维服务满意度调查。")
    if closes_on < opens_on:
        raise Invalid(
            "截止日早于开始日", way_out="请核对。", problems=[Problem("早于开始日", field="closes_on")]
        )
    held.title, held.opens_on, held.closes_on = title.strip(), opens_on, closes_on
    held.save()
    _log(actor, "plan", held, f"编制调查 {held.title}")
    return held


@transaction.atomic
def add_question(*, actor: User, survey: Survey, text: str, kind: str) -> SurveyQuestion:
    scope.require(actor, selectors.SURVEY_EDIT)
    held = _unpublished(survey)
    if not text.strip() or kind not in ("score", "text"):
        raise Invalid("问题不完整", way_out="请写明问题，并选择评分或文字。")
    last = SurveyQuestion.objects.filter(survey=held).aggregate(last=Max("position"))["last"] or 0
    question = SurveyQuestion.objects.create(
        survey=held, position=last + 1, text=text.strip()[:200], kind=kind
    )
    _log(actor, "add_question", held, f"{held.title} 加题：{question.text}")
    return question


@transaction.atomic
def publish(*, actor: User, survey: Survey) -> Survey:
    """Ask every department that is an accounting unit on this day. Nothing of the survey changes afterwards."""
    scope.require(actor, selectors.SURVEY_EDIT)
    held = _unpublished(survey)
    if not SurveyQuestion.objects.filter(survey=held).exists():
        raise Conflict("还没有问题", way_out="请先加题。")
    units = org.leaf_accounting_units(clock.today())
    if not units:
        raise Conflict("没有可调查的科室", way_out="请系统管理员先建立核算科室。")
    Invitation.objects.bulk_create(Invitation(survey=held, org_unit_id=pk) for pk in sorted(units))
    held.published_at = clock.now()
    held.save(update_fields=["published_at"])
    _log(actor, "publish", held, f"发布调查 {held.title}，{len(units)} 个科室")
    return held


@transaction.atomic
def reply(*, actor: User, survey: Survey, org_unit: OrgUnit, given: Mapping[int, str]) -> Reply:
    """The one reply of a department: a mark from 1 to 5 for each question that asks for one, words where wanted."""
    scope.require(actor, selectors.SURVEY_REPLY, org_unit.pk)
    if contracts.side_of(actor) == Side.SUPPLIER.value:
        raise Forbidden("调查由医院科室填写", way_out="请科室人员登录填写。")
    held = _lock(survey)
    if held.published_at is None or not held.opens_on <= clock.today() <= held.closes_on:
        raise Conflict(
            f"调查时间为 {held.opens_on} 至 {held.closes_on}",
            way_out="请在此期间填写。",
            code="survey_closed",
        )
    if not Invitation.objects.filter(survey=held, org_unit=org_unit).exists():
        raise Conflict(f"{org_unit.name} 不在调查对象中", way_out="请选择被调查的科室。")
    if Reply.objects.filter(survey=held, org_unit=org_unit).exists():
        raise Conflict(f"{org_unit.name} 已填写", way_out="提交后不再修改。", code="replied_already")
    made = Reply.objects.create(
        survey=held, org_unit=org_unit, answers=_answers(held, given), by=actor, at=clock.now()
    )
    _log(actor, "reply", held, f"{org_unit.name} 填写 {held.title}")
    return made


def _answers(survey: Survey, given: Mapping[int, str]) -> list[dict[str, object]]:
    answers: list[dict[str, object]] = []
    problems = []
    for question in survey.questions.order_by("position"):
        said = given.get(question.pk, "").strip()
        if question.kind == "score" and said not in ("1", "2", "3", "4", "5"):
            problems.append(Problem("请选择 1 至 5 分", field=f"q{question.pk}"))
            continue
        value: object = int(said) if question.kind == "score" else said[:1000]
        answers.append(
            {"question": question.pk, "text": question.text, "kind": question.kind, "value": value}
        )
    if problems:
        raise Invalid("还有题没有评分", way_out="请为每一题选择 1 至 5 分。", problems=problems)
    return answers


def _lock(survey: Survey) -> Survey:
    held = Survey.objects.select_for_update().filter(pk=survey.pk).first()
    if held is None:
        raise NotFound("没有找到这次调查", way_out="请返回调查列表刷新。")
    return held


def _unpublished(survey: Survey) -> Survey:
    held = _lock(survey)
    if held.published_at is not None:
        raise Conflict("调查已发布，不能再改", way_out="请另立一次调查。", code="survey_published")
    return held


def _log(actor: User, act: str, survey: Survey, summary: str) -> None:
    audit.record(
        actor=actor, act=f"operations.survey.{act}", target=f"operations.survey:{survey.pk}", summary=summary
    )
