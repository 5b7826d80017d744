"""Working on a ticket: answer, take charge, start the emergency service, go on site, change the level, resolve."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from hrp.operations.contracts.models import Side
from hrp.operations.desk.models import Clock, Ticket
from hrp.operations.desk.services import chain
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid

WORK = "operations.ticket.work"
DECIDE = "operations.ticket.decide"

UP_BASES = {"new_facts": "出现新事实", "supplier_misclassified": "首个电话已说明，乙方判低"}
DOWN_BASES = {"overstated": "初报过高", "impact_reduced": "影响已减轻"}


@transaction.atomic
def respond(
    *,
    actor: User,
    ticket: Ticket,
    at: dt.datetime | None = None,
    via: str = "phone",
    note: str = "",
    late_reason: str = "",
) -> Ticket:
    """Record that a person able to act has spoken or written to the caller (I-04). The answerer takes charge."""
    held = chain.hold(ticket, actor=actor, permission=WORK)
    chain.require_side(held.side, Side.SUPPLIER, "响应")
    happened = chain.instant(held, at, what="响应", late_reason=late_reason)
    payload = {"kind": "human", "via": via, "note": note, "late_reason": late_reason}
    chain.append(held, "RESPONSE", at=happened, payload=payload)
    held.ticket.owner = held.ticket.owner or actor
    return chain.finish(held, "respond", summary="响应")


@transaction.atomic
def assign(*, actor: User, ticket: Ticket, owner: User) -> Ticket:
    """Give the ticket to an engineer of the supplier."""
    held = chain.hold(ticket, actor=actor, permission=WORK)
    chain.require_side(chain.side_of(owner), Side.SUPPLIER, "处理工单")
    chain.append(held, "ASSIGNED", at=held.now, payload={"owner": owner.display_name, "owner_id": owner.pk})
    held.ticket.owner = owner
    return chain.finish(held, "assign", summary=f"指派给{owner.display_name}")


@transaction.atomic
def start_emergency(
    *,
    actor: User,
    ticket: Ticket,
    commander: str,
    staff: str,
    plan: str,
    bridge: str = "",
    at: dt.datetime | None = None,
    late_reason: str = "",
) -> Ticket:
    """Start the emergency service: a commander, named staff and the plan followed (三(二)1(2), AC-07)."""
    held = chain.hold(ticket, actor=actor, permission=WORK)
    chain.require_side(held.side, Side.SUPPLIER, "启动应急服务")
    if not (commander.strip() and staff.strip() and plan.strip()):
        raise Invalid(
            f"启动应急服务须写明指挥、人员和预案（合同 {held.terms.clauses['emergency']}）",
            way_out="请补齐指挥人、参加人员和所用应急预案及版本。",
            code="emergency_incomplete",
        )
    happened = chain.instant(held, at, what="启动应急", late_reason=late_reason)
    payload = {
        "commander": commander,
        "staff": staff,
        "plan": plan,
        "bridge": bridge,
        "late_reason": late_reason,
    }
    chain.append(held, "EMERGENCY_STARTED", at=happened, payload=payload)
    return chain.finish(held, "start_emergency", summary=f"启动应急服务，指挥 {commander}")


@transaction.atomic
def flag_emergency(*, actor: User, ticket: Ticket, kind: str, note: str = "") -> Ticket:
    """Either party flags an emergency: 5 minutes and 1 hour run from now, whatever the level (I-01)."""
    held = chain.hold(ticket, actor=actor, permission=DECIDE)
    if not kind.strip():
        raise Invalid("请写明紧急事件的类型", way_out="例如疑似数据泄露、勒索病毒。")
    chain.append(held, "EMERGENCY_FLAG", at=held.now, payload={"by": held.side, "kind": kind, "note": note})
    return chain.finish(held, "flag_emergency", summary=f"标为紧急事件：{kind}")


def reclassify(
    *, actor: User, ticket: Ticket, to: str, basis: str, reason: str, approval: str = ""
) -> Ticket:
    """Change the level (I-10). Anybody of either party may raise it; lowering it needs the hospital.

    A supplier's lowering without ``approval`` (the hospital's signed record) is refused with Conflict; the attempt
    stays on the chain as ``downgrade_rejected``, so it commits before the refusal is raised.
    """
    with transaction.atomic():
        held = chain.hold(ticket, actor=actor, permission=DECIDE)
        lowers = _check_reclass(held, to, basis, reason)
        approved = held.side == Side.HOSPITAL.value or bool(approval.strip())
        payload = {
            "to": to,
            "basis": basis,
            "by": held.side,
            "reason": reason,
            "approval": approval,
            "hospital_approved": True if lowers and approved else None,
        }
        chain.append(held, "RECLASS", at=held.now, payload=payload)
        changed = chain.finish(held, "reclassify", summary=f"级别调整为 {to}：{reason}")
    if lowers and not approved:
        raise Conflict(
            f"降级须经甲方同意（合同 {held.terms.clauses['levels']}，释义 I-10），时钟按原级别继续",
            way_out="请甲方人员在工单上办理降级，或填写甲方签字同意的记录号。",
            code="downgrade_rejected",
        )
    return changed


def _check_reclass(held: chain.Held, to: str, basis: str, reason: str) -> bool:
    """Whether the change lowers the level. Raises Invalid for a level, basis or reason that will not do."""
    levels = held.terms.levels
    if to not in levels:
        raise Invalid(f"合同中没有级别「{to}」", way_out="级别应为 " + "、".join(levels) + " 之一。")
    change = levels[to].rank - held.ticket.level_rank
    if change == 0:
        raise Invalid(f"工单已是{levels[to].title}", way_out="请选择其他级别。")
    bases = UP_BASES if change > 0 else DOWN_BASES
    if basis not in bases:
        raise Invalid("级别调整的依据不适用", way_out="请选择：" + "、".join(bases.values()) + "。")
    if not reason.strip():
        raise Invalid("请写明级别调整的理由", way_out="理由会随工单归档，供双方核对。")
    return change < 0


@transaction.atomic
def declare_remote_failed(
    *, actor: User, ticket: Ticket, reason: str, at: dt.datetime | None = None, late_reason: str = ""
) -> Ticket:
    """Either party declares that the fault cannot be cleared remotely: the on-site clock starts (I-06)."""
    held = chain.hold(ticket, actor=actor, permission=DECIDE)
    if not reason.strip():
        raise Invalid("请写明问题性质和远程无法解决的原因", way_out="例如服务器硬件故障、现场网络中断。")
    happened = chain.instant(held, at, what="远程无法解决", late_reason=late_reason)
    payload = {"by": held.side, "reason": reason, "late_reason": late_reason}
    chain.append(held, "REMOTE_FAILED", at=happened, payload=payload)
    return chain.finish(held, "remote_failed", summary=f"远程无法解决：{reason}")


@transaction.atomic
def agree_onsite_time(
    *, actor: User, ticket: Ticket, eta: dt.datetime, agreed_by: str, hospital_waiver: str = ""
) -> Ticket:
    """Agree when somebody comes. Later than the contract allows only with the hospital's written waiver (I-07)."""
    held = chain.hold(ticket, actor=actor, permission=DECIDE)
    if eta <= held.now:
        raise Invalid("约定到场时间应在现在之后", way_out="已经到场的请直接登记到场。")
    if not agreed_by.strip():
        raise Invalid("请写明甲方同意人", way_out="约定须由甲方人员同意。")
    limit = Clock.objects.filter(ticket=held.ticket, kind="onsite", verdict="running").first()
    if limit is not None and eta > limit.due and not hospital_waiver.strip():
        raise Conflict(
            f"约定到场时间晚于时限 {clock.local(limit.due):%m-%d %H:%M}（合同 {held.terms.clauses['onsite']}）",
            way_out="请改约更早时间；确由甲方要求延后的，填写甲方书面延后单号。",
            code="eta_rejected_over_limit",
        )
    payload = {"eta": eta.isoformat(), "agreed_by": agreed_by, "hospital_waiver": hospital_waiver}
    chain.append(held, "ONSITE_ETA", at=held.now, payload=payload)
    return chain.finish(held, "agree_onsite", summary=f"约定 {clock.local(eta):%m-%d %H:%M} 到场")


@transaction.atomic
def arrive_on_site(
    *,
    actor: User,
    ticket: Ticket,
    place: str,
    witness: str = "",
    at: dt.datetime | None = None,
    late_reason: str = "",
) -> Ticket:
    """Record the arrival at the hospital; ``witness`` is the hospital's engineer or the gate record."""
    held = chain.hold(ticket, actor=actor, permission=WORK)
    chain.require_side(held.side, Side.SUPPLIER, "登记到场")
    if not place.strip():
        raise Invalid("请写明到达地点", way_out="例如信息科机房。")
    happened = chain.instant(held, at, what="到场", late_reason=late_reason)
    payload = {"place": place, "witness": witness, "late_reason": late_reason}
    chain.append(held, "ONSITE_ARRIVED", at=happened, payload=payload)
    return chain.finish(held, "arrive", summary=f"到达 {place}")


@transaction.atomic
def wait_for_hospital(*, actor: User, ticket: Ticket, reason: str) -> Ticket:
    """Note that the hospital's doing is awaited. No clock pauses (I-09)."""
    held = chain.hold(ticket, actor=actor, permission=WORK)
    chain.require_side(held.side, Side.SUPPLIER, "登记等待甲方")
    if not reason.strip():
        raise Invalid("请写明等待甲方做什么", way_out="例如等待甲方提供服务器口令。")
    chain.append(held, "PENDING", at=held.now, payload={"reason": reason})
    return chain.finish(held, "wait", summary=f"等待甲方：{reason}")


@transaction.atomic
def add_note(*, actor: User, ticket: Ticket, text: str) -> Ticket:
    """Add a remark to the chain."""
    held = chain.hold(ticket, actor=actor, permission="operations.ticket.log")
    if not text.strip():
        raise Invalid("备注为空", way_out="请写明内容。")
    chain.append(held, "NOTE", at=held.now, payload={"text": text.strip()})
    return chain.finish(held, "note", summary="备注")


@transaction.atomic
def resolve(
    *, actor: User, ticket: Ticket, summary: str, at: dt.datetime | None = None, late_reason: str = ""
) -> Ticket:
    """Record that the fault is cleared."""
    held = chain.hold(ticket, actor=actor, permission=WORK)
    chain.require_side(held.side, Side.SUPPLIER, "登记解决")
    if not summary.strip():
        raise Invalid("请写明如何解决", way_out="一句话说明处理结果，详情写入维护记录。")
    happened = chain.instant(held, at, what="解决", late_reason=late_reason)
    chain.append(held, "RESOLVED", at=happened, payload={"summary": summary, "late_reason": late_reason})
    return chain.finish(held, "resolve", summary=f"解决：{summary}")
