"""满意度: the hospital's mark on a closed ticket."""

from __future__ import annotations

from django.db import transaction

from hrp.operations.contracts.models import Side
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.services import chain
from hrp.operations.feedback import rules, selectors
from hrp.operations.feedback.models import Rating
from hrp.platform.access.models import User
from hrp.platform.base.refusals import Conflict, Invalid, Problem


@transaction.atomic
def rate(*, actor: User, ticket: Ticket, score: int, reason: str = "") -> Rating:
    """Give the ticket's current cycle its mark, once; three or less says why. Recorded on the chain as RATED."""
    held = chain.hold(ticket, actor=actor, permission=selectors.RATE)
    chain.require_side(held.side, Side.HOSPITAL, "评价")
    if held.ticket.state != "closed":
        raise Conflict("工单尚未关闭，不能评价", way_out="请在工单关闭后评价。", code="rating_not_closed")
    if selectors.rating_of(held.ticket) is not None:
        raise Conflict(
            "该工单已评价", way_out="评价提交后不再修改；补充意见请登记建议。", code="rated_already"
        )
    if not 1 <= score <= 5:
        raise Invalid(
            "请选择 1 至 5 分", way_out="5 分为非常满意。", problems=[Problem("必选", field="score")]
        )
    said = reason.strip()[:200]
    if rules.needs_reason(score) and not said:
        raise Invalid(
            "3 分及以下须写明原因",
            way_out="请写明哪里不满意，以便改进。",
            problems=[Problem("必填", field="reason")],
        )
    made = Rating.objects.create(
        ticket=held.ticket, cycle=held.ticket.cycle, score=score, reason=said, by=actor, at=held.now
    )
    chain.append(held, "RATED", at=held.now, payload={"score": score, "reason": said})
    chain.finish(held, "rate", summary=f"满意度 {score} 分")
    return made
