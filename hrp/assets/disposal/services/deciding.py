"""Opinions on a request, each in its turn and by somebody who did not make it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction

from hrp.assets.disposal.documents.disposal_request import ORDER, DisposalRequest, Stage, Step, current_steps
from hrp.assets.disposal.models import DisposalRule
from hrp.assets.disposal.parameters import APPRAISAL
from hrp.assets.models import Asset
from hrp.assets.selectors import schedules
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Problem
from hrp.platform.documents import services as documents
from hrp.platform.documents.models import State
from hrp.platform.org.parameters import value

CODES: Mapping[str, str] = {stage: f"assets.disposal_request.{stage.value}" for stage in ORDER}
ZERO = Decimal(0)


@transaction.atomic
def say(
    request: DisposalRequest, stage: str, *, actor: User, agrees: bool, opinion: str, institution: str = "", number: str = "",
    rank: int | None = None,
) -> Step:  # fmt: skip
    """Record an opinion. Finance's carries cost and net value as booked that day."""
    scope.check_object(actor, CODES[stage], request)
    fresh = documents.lock(request)
    if fresh.state not in (State.SUBMITTED, State.APPROVED):
        raise Conflict(
            f"{fresh} {fresh.get_state_display()}，不能填写意见",
            code="wrong_state",
            way_out="提交后、过账前填写意见。",
        )
    if fresh.maker_id == actor.pk:
        raise Forbidden(f"{fresh} 由您申请，不能由您填写意见", code="own_request", way_out="请由其他人办理。")
    assets = [line.asset for line in fresh.lines.select_related("asset__org_unit")]
    _in_turn(fresh, stage, assets)
    problems = _problems(stage, assets, opinion, institution, number, rank)
    if problems:
        raise Invalid("意见不完整", problems=problems, way_out="请按提示补全。")
    cost, net = _worth(assets) if stage == Stage.FINANCE else (None, None)
    made = Step.objects.create(
        request=fresh, stage=stage, agrees=agrees, opinion=opinion.strip()[:300], institution=institution.strip()[:100],
        number=number.strip()[:60], rank=rank if stage == Stage.EXTERNAL else None, cost=cost, net=net, maker_id=fresh.maker_id,
        by=actor, at=clock.now(),
    )  # fmt: skip
    title = Stage(stage).label
    documents.log(
        fresh,
        stage,
        actor=actor,
        summary=f"{title}{'同意' if agrees else '不同意'} {fresh}：{opinion.strip()[:100]}",
    )
    return made


def _in_turn(request: DisposalRequest, stage: str, assets: list[Asset]) -> None:
    due, given = request.due(assets, request.business_date), current_steps(request)
    if stage not in due:
        raise Conflict(
            f"{request} 不需要{Stage(stage).label}", code="not_due", way_out="金额在医院审批权限之内。"
        )
    for before in due[: due.index(stage)]:
        if before not in given:
            raise Conflict(f"{Stage(before).label}尚未填写意见", code="out_of_turn", way_out="请按次序办理。")
        if not given[before].agrees:
            raise Conflict(
                f"{Stage(before).label}不同意：{given[before].opinion}", code="refused", way_out="请驳回申请，修改后重新提交。"
            )  # fmt: skip


def _problems(
    stage: str, assets: list[Asset], opinion: str, institution: str, number: str, rank: int | None
) -> list[Problem]:
    problems = [] if opinion.strip() else [Problem("请填写意见", field="opinion")]
    if stage == Stage.APPRAISAL and not institution.strip():
        limit = Decimal(value(APPRAISAL, clock.today()))
        dear = [asset for asset in assets if asset.cost >= limit]
        if dear:
            text = (
                f"{dear[0]} 原值 {dear[0].cost:,.2f} 元，达到 {limit:,.2f} 元须委托外部鉴定，请填写鉴定机构"
            )
            problems.append(Problem(text, field="institution"))
    if stage == Stage.EXTERNAL:
        if not number.strip():
            problems.append(Problem("请填写批复文号", field="number"))
        if rank not in (DisposalRule.Rank.SUPERVISOR, DisposalRule.Rank.TREASURY):
            problems.append(Problem("请选择审批机关层级", field="rank"))
    return problems


def _worth(assets: list[Asset]) -> tuple[Decimal, Decimal]:
    standings = [schedules.standing(asset.pk) for asset in assets]
    return sum((one.cost for one in standings), ZERO), sum((one.net for one in standings), ZERO)
