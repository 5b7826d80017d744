"""What is said about a request, each in its turn and by somebody who did not make it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import IntegrityError, transaction

from hrp.assets.acquisition import parameters as mine
from hrp.assets.acquisition.documents import limits, opinions
from hrp.assets.acquisition.documents.opinions import Opinion, Panellist, Statement, Vote
from hrp.assets.acquisition.documents.request import AcquisitionRequest
from hrp.assets.acquisition.documents.submissions import submission_of
from hrp.assets.acquisition.models.limits import STEP_TITLES
from hrp.assets.acquisition.rules.decisions import Step, weighted
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Problem
from hrp.platform.documents import services as documents
from hrp.platform.documents.models import State
from hrp.platform.org import parameters

KIND = "assets.acquisition_request"
DECLARE, NAME, VOTE = f"{KIND}.edit", f"{KIND}.office", f"{KIND}.vote"
CODES: Mapping[str, str] = {
    Step.OFFICE: f"{KIND}.office", Step.COMMITTEE: f"{KIND}.committee", Step.PRESIDENT: f"{KIND}.resolve", Step.PARTY: f"{KIND}.resolve",
}  # fmt: skip
OPEN = (State.SUBMITTED, State.APPROVED)


def _open(request: AcquisitionRequest, code: str, actor: User) -> AcquisitionRequest:
    scope.check_object(actor, code, request)
    fresh = documents.lock(request)
    if fresh.state not in OPEN:
        raise Conflict(
            f"{fresh} {fresh.get_state_display()}，不能填写意见",
            code="wrong_state",
            way_out="提交后、过账前办理。",
        )
    if fresh.maker_id == actor.pk:
        raise Forbidden(f"{fresh} 由您申购，不能由您填写意见", code="own_request", way_out="请由其他人办理。")
    return fresh


@transaction.atomic
def declare(request: AcquisitionRequest, *, actor: User, has_interest: bool, text: str = "") -> Statement:
    """The applicant signs about the very things asked for; an interest is explained and does not stop the request."""
    scope.check_object(actor, DECLARE, request)
    fresh = documents.lock(request)
    if fresh.maker_id != actor.pk:
        raise Forbidden(
            "利益冲突声明须由申购人本人签署", code="not_maker", way_out=f"请由 {fresh.maker} 签署。"
        )
    if fresh.state in (State.POSTED, State.REVERSED, State.VOID):
        raise Conflict(f"{fresh} {fresh.get_state_display()}", code="wrong_state", way_out="批准前签署。")
    if has_interest and not text.strip():
        raise Invalid(
            "请说明利益关系",
            problems=[Problem("请写明与哪家供应商、何种关系", field="text")],
            way_out="请填写说明。",
        )
    if opinions.stated(fresh) is not None:
        raise Conflict("已签署声明", code="declared", way_out="修改申购内容后须重新签署。")
    made = Statement.objects.create(
        request=fresh, has_interest=has_interest, text=text.strip()[:300], digest=fresh.digest(), by=actor, at=clock.now()
    )  # fmt: skip
    documents.log(fresh, "declare", actor=actor, summary=f"签署利益冲突声明 {fresh}：{made}")
    return made


@transaction.atomic
def name_expert(request: AcquisitionRequest, *, actor: User, expert: User, field: str = "") -> Panellist:
    """Put a named expert on the panel of what was last submitted."""
    fresh = _open(request, NAME, actor)
    if Step.EXPERTS not in limits.steps(fresh, list(fresh.lines.all())):
        raise Conflict(
            f"{fresh} 合计 {fresh.total:,.2f} 元，不需要专家论证",
            code="not_due",
            way_out="限额见“申购决策权限”。",
        )
    if expert.pk == fresh.maker_id:
        raise Invalid(
            "申购人不能担任论证专家", problems=[Problem("请另选专家", field="expert")], way_out="请另选专家。"
        )
    if not scope.has(expert, VOTE):
        raise Invalid(
            f"{expert} 没有论证权限",
            problems=[Problem("请选择有论证权限的人", field="expert")],
            way_out="请另选，或请安全管理员授权。",
        )
    if any(one.expert_id == expert.pk for one in opinions.panel(fresh)):
        raise Conflict(f"{expert} 已在专家组中", code="named", way_out="请刷新页面。")
    made = Panellist.objects.create(
        request=fresh, submission=submission_of(fresh), expert=expert, field=field.strip()[:60], maker_id=fresh.maker_id, by=actor,
        at=clock.now(),
    )  # fmt: skip
    documents.log(fresh, "name_expert", actor=actor, summary=f"指定论证专家 {expert}：{fresh}")
    return made


@transaction.atomic
def vote(
    request: AcquisitionRequest, *, actor: User, agrees: bool, scores: Sequence[int], opinion: str, recused: bool = False
) -> Vote:  # fmt: skip
    """A named expert's ballot, once. Who has an interest says so instead of voting (回避)."""
    scope.require(actor, VOTE)
    fresh = documents.lock(request)
    if fresh.state not in OPEN:
        raise Conflict(
            f"{fresh} {fresh.get_state_display()}", code="wrong_state", way_out="提交后、过账前投票。"
        )
    seat = next((one for one in opinions.panel(fresh) if one.expert_id == actor.pk), None)
    if seat is None:
        raise Forbidden(f"您不在 {fresh} 的专家组中", code="not_named", way_out="请由归口部门指定论证专家。")
    if hasattr(seat, "vote"):
        raise Conflict("您已投票", code="voted", way_out="每位专家只投一次票。")
    problems = [] if opinion.strip() else [Problem("请填写论证意见", field="opinion")]
    if not recused and (len(scores) != len(mine.CRITERIA) or any(not 0 <= score <= 100 for score in scores)):
        problems.append(Problem(f"请为 {len(mine.CRITERIA)} 项各打 0 到 100 分", field="score1"))
    if problems:
        raise Invalid("论证票不完整", problems=problems, way_out="请按提示填写。")
    points = [] if recused else list(scores)
    weights = parameters.value(mine.WEIGHTS, fresh.business_date)
    try:
        with transaction.atomic():
            made = Vote.objects.create(
                panellist=seat, recused=recused, agrees=agrees and not recused, scores=points,
                score=weighted(points, weights) if points else 0, opinion=opinion.strip()[:300], at=clock.now(),
            )  # fmt: skip
    except IntegrityError:
        raise Conflict("您已投票", code="voted", way_out="每位专家只投一次票。") from None
    documents.log(fresh, "vote", actor=actor, summary=f"专家论证 {fresh}：{made}")
    return made


@transaction.atomic
def resolve(
    request: AcquisitionRequest, step: Step, *, actor: User, agrees: bool, opinion: str, minutes: str = "",
    held_on: dt.date | None = None, ayes: int = 0, nays: int = 0,
) -> Opinion:  # fmt: skip
    """What the office thinks, or what a body resolved in a meeting."""
    fresh = _open(request, CODES[step], actor)
    _in_turn(fresh, step)
    problems = [] if opinion.strip() else [Problem("请填写意见", field="opinion")]
    if step in opinions.RESOLVED:
        problems += _meeting_problems(fresh, agrees, minutes, held_on, ayes, nays)
    if problems:
        raise Invalid("意见不完整", problems=problems, way_out="请按提示补全。")
    meeting = step in opinions.RESOLVED
    made = Opinion.objects.create(
        request=fresh, step=step.value, agrees=agrees, opinion=opinion.strip()[:300], minutes=minutes.strip()[:60] if meeting else "",
        held_on=held_on if meeting else None, ayes=ayes if meeting else 0, nays=nays if meeting else 0, maker_id=fresh.maker_id,
        by=actor, at=clock.now(),
    )  # fmt: skip
    documents.log(
        fresh, step.value, actor=actor,
        summary=f"{STEP_TITLES[step]}{'同意' if agrees else '不同意'} {fresh}：{opinion.strip()[:100]}",
    )  # fmt: skip
    return made


def _meeting_problems(
    request: AcquisitionRequest, agrees: bool, minutes: str, held_on: dt.date | None, ayes: int, nays: int
) -> list[Problem]:
    problems = [] if minutes.strip() else [Problem("请填写会议纪要号", field="minutes")]
    if held_on is None or not request.business_date <= held_on <= clock.today():
        said = f"会议日期应在 {request.business_date} 至 {clock.today()} 之间"
        problems.append(Problem(said, field="held_on"))
    if ayes + nays < 1:
        problems.append(Problem("请填写表决票数", field="ayes"))
    elif agrees and ayes <= nays:
        problems.append(Problem(f"同意 {ayes} 票、不同意 {nays} 票，未过半数，不能登记为通过", field="ayes"))
    return problems


def _in_turn(request: AcquisitionRequest, step: Step) -> None:
    due = limits.steps(request, list(request.lines.all()))
    if step not in due:
        raise Conflict(
            f"{request} 合计 {request.total:,.2f} 元，不需要{STEP_TITLES[step]}",
            code="not_due",
            way_out="限额见“申购决策权限”。",
        )
    if opinions.stated(request) is None:
        raise Conflict(
            "申购人还没有签署利益冲突声明", code="not_declared", way_out=f"请 {request.maker} 先签署声明。"
        )
    given = opinions.current(request)
    for before in due[: due.index(step)]:
        if before == Step.EXPERTS:
            words = opinions.panel_words(request)
            if words:
                raise Conflict(
                    f"专家论证未通过：{'；'.join(words)}",
                    code="out_of_turn",
                    way_out="请补足专家论证，或驳回申购。",
                )
        elif before not in given:
            raise Conflict(f"{STEP_TITLES[before]}尚未填写意见", code="out_of_turn", way_out="请按次序办理。")
        elif not given[before].agrees:
            raise Conflict(
                f"{STEP_TITLES[before]}不同意：{given[before].opinion}", code="refused", way_out="请驳回申购，修改后重新提交。"
            )  # fmt: skip


def turn(request: AcquisitionRequest) -> Step | None:
    """Whose turn it is on a submitted request."""
    if request.state not in OPEN:
        return None
    given = opinions.current(request)
    for step in limits.steps(request, list(request.lines.all())):
        if step == Step.EXPERTS:
            if opinions.panel_words(request):
                return step
        elif step not in given or not given[step].agrees:
            return step
    return None
