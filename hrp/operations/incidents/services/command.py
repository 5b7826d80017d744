"""Commanding: tell the hospital how it stands, write down what was decided and who does what, end the emergency."""

from __future__ import annotations

from django.db import transaction

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.services import chain
from hrp.operations.incidents import selectors
from hrp.platform.access.models import User
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.notify import services as notify

WORK, DECIDE, LOG = "operations.ticket.work", "operations.ticket.decide", "operations.ticket.log"
TOLD = ("甲方系统主管工程师", "甲方信息科主任")


@transaction.atomic
def post_update(*, actor: User, ticket: Ticket, text: str) -> Ticket:
    """The supplier tells the hospital how it stands. The next report is due from this one on."""
    held = _hold(actor, ticket, WORK)
    chain.require_side(held.side, Side.SUPPLIER, "进展通报")
    said = _words(text, "text", "请写明进展：已做什么、结果如何、下一步做什么")
    chain.append(held, "STATUS_UPDATE", at=held.now, payload={"text": said})
    done = chain.finish(held, "status_update", summary="进展通报")
    notify.notify(
        recipients=contracts.users_with(TOLD),
        kind="operations.emergency",
        title=f"进展通报 {ticket.number}：{ticket.title}",
        body=said[:300],
        url=selectors.url_of(ticket),
        dedupe_key=f"update:{ticket.pk}:{done.last_seq}",
    )
    return done


@transaction.atomic
def decide(*, actor: User, ticket: Ticket, decided: str, person: str = "") -> Ticket:
    """Either party writes a decision of the command into the log."""
    held = _hold(actor, ticket, DECIDE)
    said = _words(decided, "decided", "请写明决定了什么")
    payload = {"decided": said, "person": person.strip() or actor.display_name}
    chain.append(held, "DECISION", at=held.now, payload=payload)
    return chain.finish(held, "decision", summary=f"应急决定：{said[:100]}")


@transaction.atomic
def take_role(*, actor: User, ticket: Ticket, role: str, person: str) -> Ticket:
    """Give a role of the command to somebody; the last one named holds it."""
    held = _hold(actor, ticket, LOG)
    if role not in selectors.ROLES:
        raise Invalid("没有这个角色", way_out="请从列表选择：" + "、".join(selectors.ROLES.values()) + "。")
    name = _words(person, "person", "请写明由谁担任")
    text = f"{selectors.ROLES[role]}由{name}担任"
    chain.append(held, "NOTE", at=held.now, payload={"text": text, "role": role, "person": name})
    return chain.finish(held, "role", summary=text)


@transaction.atomic
def end_emergency(*, actor: User, ticket: Ticket, text: str) -> Ticket:
    """The hospital declares that the emergency is over. Raises Conflict when none is going on."""
    held = _hold(actor, ticket, DECIDE)
    chain.require_side(held.side, Side.HOSPITAL, "宣布应急结束")
    now = selectors.situation(held.ticket)
    if now.started is None:
        raise Conflict("应急服务尚未启动", way_out="请乙方先启动应急服务。", code="emergency_not_started")
    if now.ended is not None:
        raise Conflict("应急已经宣布结束", way_out="无需重复办理。", code="emergency_ended")
    said = _words(text, "text", "请写明依据：业务恢复到什么程度")
    chain.append(held, "EMERGENCY_ENDED", at=held.now, payload={"text": said})
    return chain.finish(held, "emergency_ended", summary="甲方宣布应急结束")


def _hold(actor: User, ticket: Ticket, permission: str) -> chain.Held:
    held = chain.hold(ticket, actor=actor, permission=permission)
    if not selectors.is_emergency(held.ticket):
        raise Conflict(
            f"工单 {held.ticket.number} 不是紧急事件",
            way_out="请先调整级别，或标为紧急事件。",
            code="not_an_emergency",
        )
    return held


def _words(text: str, name: str, message: str) -> str:
    if not text.strip():
        raise Invalid(
            message, way_out="写一两句即可，双方立即可见。", problems=[Problem("请填写", field=name)]
        )
    return text.strip()
