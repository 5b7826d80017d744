"""After the review: saying that an action was done."""

from __future__ import annotations

from django.db import transaction

from hrp.operations.desk.models import TicketEvent
from hrp.operations.desk.services import chain
from hrp.operations.incidents.models import ActionDone
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, NotFound


@transaction.atomic
def finish_action(*, actor: User, event_id: int, position: int, evidence: str) -> ActionDone:
    """Record what shows that an action of a review was done. Either party may; once."""
    event = TicketEvent.objects.select_related("ticket").filter(pk=event_id, type="REVIEW_WRITTEN").first()
    if event is None or not 1 <= position <= len(event.payload.get("actions", [])):
        raise NotFound("没有找到该改进措施", way_out="请返回改进措施列表刷新。")
    scope.check_object(actor, "operations.ticket.log", event.ticket)
    chain.side_of(actor)
    if not evidence.strip():
        raise Invalid("请写明完成证据", way_out="例如变更单号、配置截图所在、复测结果。")
    held = chain.hold(event.ticket, actor=actor, permission="operations.ticket.log")
    if ActionDone.objects.filter(event=event, position=position).exists():
        raise Conflict("该措施已登记完成", way_out="无需重复登记。", code="action_done")
    made = ActionDone.objects.create(
        event=event, position=position, evidence=evidence.strip()[:300], done_by=actor, done_at=clock.now()
    )
    what = event.payload["actions"][position - 1]["what"]
    audit.record(
        actor=actor,
        act="operations.ticket.action_done",
        target=f"operations.ticket:{held.ticket.pk}",
        summary=f"{held.ticket.number} 改进措施完成：{what}",
    )
    return made
